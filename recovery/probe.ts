import type { SSMClient } from '@aws-sdk/client-ssm';
import { askEndpoint, type EndpointAnswer } from './endpoint.ts';
import { readEnvValues } from './env-values.ts';
import type { EndpointFault } from './errors.ts';
import type { EndpointSettings } from './settings.ts';

/** What waiting can cure. Everything else is final: the same request would be answered the same way. */
export const passingFaults: ReadonlySet<EndpointFault> = new Set([
  'EndpointUnhealthy',
  'EndpointUnreachable',
  'EndpointNotFound',
  'EndpointNameNotResolved',
  'EndpointTooSlow',
]);

export const secondsBetweenTries = 2;

/** Asks the target's endpoint once, with the Host and the key the metric function is going to use. */
export async function probeEndpoint(ssm: SSMClient, settings: EndpointSettings): Promise<EndpointAnswer> {
  const internalKey = (await readEnvValues(ssm, settings)).get(settings.INTERNAL_KEY);
  if (internalKey === undefined) {
    return {
      fault: 'InternalKeyMissing',
      httpStatus: null,
      detail: `parameter ${settings.ENV_PARAMETER} has no value for ${settings.INTERNAL_KEY}`,
    };
  }
  return askEndpoint({
    url: settings.ENDPOINT_URL,
    host: settings.ENDPOINT_HOST,
    internalKey,
    backlogPath: settings.BACKLOG_PATH,
    timeoutSeconds: settings.REQUEST_TIMEOUT_SECONDS,
  });
}
