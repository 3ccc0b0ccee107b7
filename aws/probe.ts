import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Target } from '../workflow/target.ts';
import { askEndpoint, type EndpointAnswer } from './endpoint.ts';
import { readEnvValues } from './parameter.ts';

export const secondsBetweenTries = 2;

/** Asks the target's endpoint once, with the Host and the key that the metric function uses. */
export async function probeEndpoint(
  ssm: SSMClient,
  { parameter, endpoint }: Pick<Target, 'parameter' | 'endpoint'>,
): Promise<EndpointAnswer> {
  const internalKey = (await readEnvValues(ssm, parameter.name, parameter.reader)).get(endpoint.internalKey);
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
