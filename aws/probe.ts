import type { SSMClient } from '@aws-sdk/client-ssm';
import type { EndpointSettings } from '../functions/runtime/settings.ts';
import { askEndpoint, type EndpointAnswer } from './endpoint.ts';
import { readEnvValues } from './parameter.ts';

export const secondsBetweenTries = 2;

/** Asks the target's endpoint once, with the Host and the key the metric function is going to use. */
export async function probeEndpoint(ssm: SSMClient, settings: EndpointSettings): Promise<EndpointAnswer> {
  const internalKey = (await readEnvValues(ssm, settings.ENV_PARAMETER, settings.ENV_READER)).get(
    settings.INTERNAL_KEY,
  );
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
