import type { SSMClient } from '@aws-sdk/client-ssm';
import { probeEndpoint, secondsBetweenTries } from '../aws/probe.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { passingFaults } from '../workflow/endpoint-fault.ts';
import { type EndpointFault, RecoveryError } from '../workflow/errors.ts';
import { type EndpointProof, VerifyEndpointInput } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { VerifySettings } from './runtime/settings.ts';

type VerifyEndpointServices = Services<VerifySettings> & { readonly ssm: SSMClient };

/** A service that comes up may answer 404 for a moment; a wrong path goes on doing so. */
const notFoundWithinSeconds = 10;

const remedies: Record<EndpointFault, string> = {
  HostRejected:
    'add that name to ALLOWED_HOSTS in the parameter and start again, or set endpoint.host in the target file to a name the API allows',
  InternalKeyRejected:
    'the API runs with another key than the parameter holds: if it was deployed just now, the deploy does not bring it this parameter',
  InternalKeyMissing: 'put the key into the parameter',
  EndpointNotFound: 'check endpoint.url in the target file',
  EndpointRedirected: 'redirects are not followed: set endpoint.url in the target file to the final address',
  EndpointUnhealthy: "look at the API's own log, its environment and its database",
  EndpointUnreachable: 'check security groups, subnets, routes, and that the API listens',
  EndpointNameNotResolved: 'check the name in endpoint.url and the DNS of the VPC',
  EndpointTlsFailed: 'check the certificate and the name in endpoint.url',
  EndpointTooSlow: 'the answer takes longer than endpoint.requestTimeoutSeconds: look at the load of the API',
  EndpointTooLarge: 'endpoint.url does not lead to the backlog count',
  BacklogNotNumeric: 'check endpoint.backlogPath in the target file, and what the API counts',
};

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
        `${settings.ENDPOINT_URL} with Host ${host}: ${answer.detail} after ${attempts === 1 ? 'one try' : `${attempts} tries`}; ${remedies[answer.fault]}.`,
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
