import type { SSMClient } from '@aws-sdk/client-ssm';
import { probeEndpoint, secondsBetweenTries } from '../aws/probe.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import type { EndpointFault } from '../workflow/endpoint-fault.ts';
import { passingFaults } from '../workflow/endpoint-fault.ts';
import { CheckEndpointInput, type EndpointCheck } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { EndpointSettings } from './runtime/settings.ts';

type CheckEndpointServices = Services<EndpointSettings> & { readonly ssm: SSMClient };

/** One slow answer is no reason to restart production. */
const tries = 3;

/** Where the request goes wrong before it gets to the API, a deploy changes nothing. */
const notMendedByDeploy: ReadonlySet<EndpointFault> = new Set([
  'EndpointNameNotResolved',
  'EndpointTlsFailed',
  'EndpointRedirected',
  'InternalKeyMissing',
]);

/**
 * Asks the endpoint to know whether a deploy is needed, three times if its fault may pass by itself. An
 * unhealthy endpoint is a finding; `VerifyEndpoint` makes an error of it if it stays.
 */
export async function checkEndpoint(
  _input: CheckEndpointInput,
  { settings, clock, ssm }: CheckEndpointServices,
): Promise<EndpointCheck> {
  for (let attempt = 1; ; attempt += 1) {
    const { fault, httpStatus } = await probeEndpoint(ssm, settings);
    if (fault === undefined) return { needsDeploy: false, finding: 'Healthy', httpStatus };
    if (attempt === tries || !passingFaults.has(fault))
      return { needsDeploy: !notMendedByDeploy.has(fault), finding: fault, httpStatus };
    await clock.sleep(secondsBetweenTries * 1000);
  }
}

export const handler = stateHandler(
  CheckEndpointInput,
  EndpointSettings,
  () => ({ ssm: openSsm().reader }),
  checkEndpoint,
);
