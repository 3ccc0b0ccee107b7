import type { SSMClient } from '@aws-sdk/client-ssm';
import { probeEndpoint, secondsBetweenTries } from '../aws/probe.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { CheckEndpointInput } from '../workflow/chain.ts';
import { notCuredByDeploy, passingFaults } from '../workflow/endpoint-fault.ts';
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
  const { clock } = services;
  if (!env.complete || request.deploy === 'always')
    return { finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null };
  for (let attempts = 1; ; attempts += 1) {
    const answer = await probeEndpoint(services, env);
    if (answer.fault === undefined) {
      const { httpStatus, backlog } = answer;
      const proof = { httpStatus, backlog, attempts, verifiedAt: new Date(clock.now()).toISOString() };
      return { finding: 'Healthy', needsDeploy: false, httpStatus, proof };
    }
    const { fault, httpStatus, retryAfterSeconds = 0 } = answer;
    const waitSeconds = Math.max(secondsBetweenTries, retryAfterSeconds);
    if (attempts === tries || !passingFaults.has(fault) || waitSeconds > longestWaitSeconds)
      return { finding: fault, needsDeploy: !notCuredByDeploy.has(fault), httpStatus, proof: null };
    await clock.sleep(waitSeconds * 1000);
  }
}

export const handler = stateHandler(
  CheckEndpointInput,
  NoResources,
  () => ({ ssm: openSsm().reader }),
  checkEndpoint,
);
