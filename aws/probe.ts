import type { SSMClient } from '@aws-sdk/client-ssm';
import { type EndpointFault, passingFaults } from '../workflow/endpoint-fault.ts';
import { headerKeysOf, headersFrom } from '../workflow/endpoint-request.ts';
import type { EndpointProof } from '../workflow/results.ts';
import type { Target } from '../workflow/target.ts';
import type { KnownVersion } from '../workflow/versions.ts';
import type { Clock } from './clock.ts';
import { askEndpoint, type EndpointAnswer } from './endpoint.ts';
import { readEnvValues } from './env-store.ts';

const secondsBetweenTries = 2;

interface ProbeServices {
  readonly target: Pick<Target, 'parameter' | 'endpoint'>;
  readonly clock: Clock;
  readonly ssm: SSMClient;
}

/** Asks the target's endpoint once, with the Host and the headers that the metric function is going to use. */
async function probeEndpoint(
  { ssm, clock, target: { parameter, endpoint } }: ProbeServices,
  known: KnownVersion,
): Promise<EndpointAnswer> {
  const values =
    headerKeysOf(endpoint).length > 0
      ? await readEnvValues(ssm, parameter.name, parameter.reader, { clock, known })
      : new Map<string, string>();
  const made = headersFrom(endpoint, (key) => values.get(key), `parameter ${parameter.name}`);
  return 'fault' in made ? { ...made, httpStatus: null } : askEndpoint({ ...endpoint, ...made });
}

/** What the endpoint answered last, and after how many tries. */
export type Unhealthy = Extract<EndpointAnswer, { readonly fault: EndpointFault }> & {
  readonly attempts: number;
};

/**
 * Asks the endpoint until it is healthy, or has a fault that waiting can't cure.
 *
 * @param isOver whether to give up rather than to wait so long and ask again.
 */
export async function probeUntilHealthy(
  services: ProbeServices,
  known: KnownVersion,
  isOver: (fault: EndpointFault, waitMs: number, attempts: number) => boolean,
): Promise<EndpointProof | Unhealthy> {
  const { clock } = services;
  for (let attempts = 1; ; attempts += 1) {
    const answer = await probeEndpoint(services, known);
    if (answer.fault === undefined) {
      const { httpStatus, backlog } = answer;
      return { httpStatus, backlog, attempts, verifiedAt: new Date(clock.now()).toISOString() };
    }
    const waitMs = Math.max(secondsBetweenTries, answer.retryAfterSeconds ?? 0) * 1000;
    if (isOver(answer.fault, waitMs, attempts) || !passingFaults.has(answer.fault))
      return { ...answer, attempts };
    await clock.sleep(waitMs);
  }
}
