import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Target } from '../workflow/target.ts';
import type { KnownVersion } from '../workflow/versions.ts';
import type { Clock } from './clock.ts';
import { askEndpoint, type EndpointAnswer } from './endpoint.ts';
import { readEnvValues } from './parameter.ts';

export const secondsBetweenTries = 2;

interface ProbeServices {
  readonly target: Pick<Target, 'parameter' | 'endpoint'>;
  readonly clock: Clock;
  readonly ssm: SSMClient;
}

/** Asks the target's endpoint once, with the Host and the key the metric function is going to use. */
export async function probeEndpoint(
  { ssm, clock, target: { parameter, endpoint } }: ProbeServices,
  known: KnownVersion,
): Promise<EndpointAnswer> {
  const internalKey = (await readEnvValues(ssm, parameter.name, parameter.reader, { clock, known })).get(
    endpoint.internalKey,
  );
  if (internalKey === undefined) {
    return {
      fault: 'InternalKeyMissing',
      httpStatus: null,
      detail: `parameter ${parameter.name} has no value for ${endpoint.internalKey}`,
    };
  }
  return askEndpoint({
    url: endpoint.url,
    host: endpoint.host,
    internalKey,
    backlogPath: endpoint.backlogPath,
    timeoutSeconds: endpoint.requestTimeoutSeconds,
  });
}
