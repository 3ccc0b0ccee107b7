import { SSMClient } from '@aws-sdk/client-ssm';
import { readerConfig } from '../recovery/aws.ts';
import { lambdaHandler, type Services } from '../recovery/handler.ts';
import { probeEndpoint } from '../recovery/probe.ts';
import { EndpointSettings } from '../recovery/settings.ts';
import { CheckEndpointInput, type EndpointCheck } from '../recovery/states.ts';

type CheckEndpointServices = Services<EndpointSettings> & { readonly ssm: SSMClient };

/** Asks the endpoint once, to know whether a deploy is needed. An unhealthy endpoint is a finding. */
export async function checkEndpoint(
  _input: CheckEndpointInput,
  { settings, ssm }: CheckEndpointServices,
): Promise<EndpointCheck> {
  const { fault, httpStatus } = await probeEndpoint(ssm, settings);
  return { healthy: fault === undefined, finding: fault ?? 'Healthy', httpStatus };
}

export const handler = lambdaHandler(
  CheckEndpointInput,
  EndpointSettings,
  () => ({ ssm: new SSMClient(readerConfig()) }),
  checkEndpoint,
);
