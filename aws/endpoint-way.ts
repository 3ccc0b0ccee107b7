/** Looks at the network between the recovery's functions and the endpoint, from outside of the VPC. */
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { judgeWay, notLooked, type WayFinding } from '../workflow/doctor/way.ts';
import { destinationOf } from '../workflow/network/destination.ts';
import { RecoveryError, safeCause } from '../workflow/recovery-error.ts';
import type { DeployedTarget } from '../workflow/target.ts';
import type { Clock } from './clock.ts';
import { resolveHost } from './endpoint-look.ts';
import { readNetwork } from './network.ts';
import { checksFunctionOf, readPlaceOfChecks } from './place-of-checks.ts';

/** Whoever waits for the message can look for himself after that. */
const lookWithinSeconds = 20;

/**
 * What keeps the recovery from the endpoint, as far as the network tells. Never throws: a person has to be told of the
 * failure in any case.
 *
 * @param known what the name meant in the VPC; `undefined` if it was not resolved there.
 * @returns `undefined` if the functions of the recovery are in no VPC.
 */
export async function lookAtWay(
  { ec2, lambda }: { readonly ec2: EC2Client; readonly lambda: LambdaClient },
  target: Pick<DeployedTarget, 'name' | 'vpc' | 'endpoint'>,
  known: readonly string[] | undefined,
  clock: Clock,
): Promise<readonly WayFinding[] | undefined> {
  if (!target.vpc) return undefined;
  const { url } = target.endpoint;
  const look = async () => {
    const addresses = known ?? (await resolveHost(url)).addresses;
    if (addresses.length === 0) return [notLooked(`nobody knows what the name in ${url} means`)];
    const place = await readPlaceOfChecks(lambda, target);
    if (!place) return [notLooked(`function ${checksFunctionOf(target)} is in no VPC`)];
    const found = await readNetwork(ec2, { ...place, addresses });
    return judgeWay({ who: 'the recovery', services: [], addresses, port: destinationOf(url).port, found });
  };
  const tooLate = async () => {
    await clock.sleep(lookWithinSeconds * 1000);
    return [notLooked(`EC2 did not answer within ${lookWithinSeconds} s`)];
  };
  try {
    return await Promise.race([look(), tooLate()]);
  } catch (error) {
    return [notLooked(error instanceof RecoveryError ? error.message : safeCause(error).name)];
  }
}
