import type { SSMClient } from '@aws-sdk/client-ssm';
import { probeEndpoint, secondsBetweenTries } from '../aws/probe.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { passingFaults } from '../workflow/endpoint-fault.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { type EndpointProof, VerifyEndpointInput } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { VerifySettings } from './runtime/settings.ts';

type VerifyEndpointServices = Services<VerifySettings> & { readonly ssm: SSMClient };

/** A service that comes up may answer 404 for a moment; a wrong path goes on doing so. */
const notFoundWithinSeconds = 10;

/**
 * Asks the endpoint until it answers 200 with a number.
 *
 * @throws RecoveryError with the name of the endpoint's fault: at once for one that waiting can't cure, else
 *   when `HEALTHY_WITHIN_SECONDS` are over.
 */
export async function verifyEndpoint(
  _input: VerifyEndpointInput,
  { settings, clock, ssm }: VerifyEndpointServices,
): Promise<EndpointProof> {
  const start = clock.now();
  let notFoundSince: number | undefined;
  for (let attempts = 1; ; attempts += 1) {
    const answer = await probeEndpoint(ssm, settings);
    if (answer.fault === undefined) {
      const { httpStatus, backlog } = answer;
      return { httpStatus, backlog, attempts, verifiedAt: new Date(clock.now()).toISOString() };
    }
    notFoundSince = answer.fault === 'EndpointNotFound' ? (notFoundSince ?? clock.now()) : undefined;
    const deadline = Math.min(
      start + settings.HEALTHY_WITHIN_SECONDS * 1000,
      (notFoundSince ?? Number.POSITIVE_INFINITY) + notFoundWithinSeconds * 1000,
    );
    if (!passingFaults.has(answer.fault) || clock.now() + secondsBetweenTries * 1000 > deadline) {
      // Django compares the name alone, without the port.
      const host = settings.ENDPOINT_HOST ?? new URL(settings.ENDPOINT_URL).hostname;
      throw new RecoveryError(
        answer.fault,
        `${settings.ENDPOINT_URL} with Host ${host}: ${answer.detail} after ${attempts === 1 ? 'one try' : `${attempts} tries`}.`,
      );
    }
    await clock.sleep(secondsBetweenTries * 1000);
  }
}

export const handler = stateHandler(
  VerifyEndpointInput,
  VerifySettings,
  () => ({ ssm: openSsm().reader }),
  verifyEndpoint,
);
