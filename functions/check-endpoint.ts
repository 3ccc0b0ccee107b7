import type { SSMClient } from '@aws-sdk/client-ssm';
import { resolveHost } from '../aws/endpoint-look.ts';
import { probeUntilHealthy } from '../aws/probe.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { CheckEndpointInput } from '../workflow/chain.ts';
import { notCuredByDeploy } from '../workflow/endpoint-fault.ts';
import { destinationOf } from '../workflow/network/destination.ts';
import type { EndpointCheck } from '../workflow/results.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { NoResources } from './runtime/resources.ts';

type CheckEndpointServices = Services & { readonly ssm: SSMClient };

/** A single slow answer is no reason to restart production. */
const tries = 3;
/** For an API that asks to be left alone; `VerifyEndpoint` has more time. */
const longestWaitSeconds = 10;

/**
 * Asks the endpoint, to find out whether a deploy is needed: three times if its fault may pass by itself, and not at
 * all if the deploy is already decided. An unhealthy endpoint is a finding; `VerifyEndpoint` makes it an error if it
 * stays unhealthy.
 */
export async function checkEndpoint(
  { request, env }: CheckEndpointInput,
  services: CheckEndpointServices,
): Promise<EndpointCheck> {
  // Only here in the VPC can somebody tell what a private name means.
  const { url } = services.target.endpoint;
  const addresses = destinationOf(url).address === undefined ? (await resolveHost(url)).addresses : [];
  const found = addresses.length > 0 ? { addresses: [...addresses] } : {};
  if (!env.complete || request.deploy === 'always')
    return { finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null, ...found };
  const answer = await probeUntilHealthy(
    services,
    env,
    (_fault, waitMs, attempts) => attempts === tries || waitMs > longestWaitSeconds * 1000,
  );
  if ('fault' in answer) {
    const { fault, httpStatus } = answer;
    return { finding: fault, needsDeploy: !notCuredByDeploy.has(fault), httpStatus, proof: null, ...found };
  }
  return { finding: 'Healthy', needsDeploy: false, httpStatus: answer.httpStatus, proof: answer, ...found };
}

export const handler = stateHandler(
  CheckEndpointInput,
  NoResources,
  () => ({ ssm: openSsm().reader }),
  checkEndpoint,
);
