import type { SSMClient } from '@aws-sdk/client-ssm';
import { requireCompleteEnv } from '../aws/complete-env.ts';
import { resolveHost } from '../aws/endpoint-look.ts';
import { probeUntilHealthy } from '../aws/probe.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { knownVersionOf, unseenSince, VerifyEndpointInput } from '../workflow/chain.ts';
import { destinationOf } from '../workflow/network/destination.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { EndpointProof } from '../workflow/results.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { NoResources } from './runtime/resources.ts';

type VerifyEndpointServices = Services & { readonly ssm: SSMClient };

/** A service that is starting may answer 404 for a moment; a wrong path answers 404 for good. */
const notFoundWithinSeconds = 10;

/**
 * Asks the endpoint until it answers 200 with a number.
 *
 * @throws RecoveryError with the name of the endpoint's fault: at once if waiting can't cure it, or else after
 *   `endpoint.healthyWithinSeconds`; EnvOverlooked or EnvReplaced if the env is incomplete by now.
 */
export async function verifyEndpoint(
  state: VerifyEndpointInput,
  services: VerifyEndpointServices,
): Promise<EndpointProof> {
  const { target, clock } = services;
  const { url, host, healthyWithinSeconds } = target.endpoint;
  const start = clock.now();
  let notFoundSince: number | undefined;
  const answer = await probeUntilHealthy(services, knownVersionOf(state), (fault, waitMs) => {
    notFoundSince = fault === 'EndpointNotFound' ? (notFoundSince ?? clock.now()) : undefined;
    const deadline = Math.min(
      start + healthyWithinSeconds * 1000,
      (notFoundSince ?? Number.POSITIVE_INFINITY) + notFoundWithinSeconds * 1000,
    );
    return clock.now() + waitMs > deadline;
  });
  if (!('fault' in answer)) return answer;
  // Perhaps it is the env, if that was wiped since it was looked at.
  await requireCompleteEnv(
    services.ssm,
    target.parameter,
    { clock, known: knownVersionOf(state) },
    { startedAt: unseenSince(state), consequence: 'The endpoint is not healthy.' },
  );
  const { fault, detail, attempts } = answer;
  // Django compares the name alone, without the port.
  const sentHost = host ?? new URL(url).hostname;
  const meaning = fault === 'EndpointUnreachable' ? await meaningOf(url) : '';
  throw new RecoveryError(
    fault,
    `${url} with Host ${sentHost}: ${detail}${meaning} after ${attempts === 1 ? 'one try' : `${attempts} tries`}.`,
  );
}

/** What the name means in this network; nothing to say of an address. */
async function meaningOf(url: string): Promise<string> {
  const { host: name, address } = destinationOf(url);
  if (address !== undefined) return '';
  const { addresses } = await resolveHost(url);
  return addresses.length > 0 ? ` (${name} is ${addresses.join(', ')})` : ` (${name} is not resolved)`;
}

export const handler = stateHandler(
  VerifyEndpointInput,
  NoResources,
  () => ({ ssm: openSsm().reader }),
  verifyEndpoint,
);
