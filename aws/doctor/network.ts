/** What the doctor looks at of the network that the functions are in. */

import type { NetworkFacts, NetworkLook } from '../../workflow/doctor/facts.ts';
import { servicesOfChecks, servicesOfMetricFunction } from '../../workflow/network/called-services.ts';
import { destinationOf } from '../../workflow/network/destination.ts';
import { type Seen, seen, unseen } from '../../workflow/network/seen.ts';
import type { FunctionEnv } from '../function-environment.ts';
import { look } from '../look.ts';
import { readNetwork } from '../network.ts';
import { checksFunctionOf, readPlaceOfChecks } from '../place-of-checks.ts';
import type { Doctor } from './looks.ts';

interface LookedAt extends Pick<Doctor, 'target'> {
  readonly clients: Pick<Doctor['clients'], 'lambda' | 'ec2'>;
}

type Vpc = NonNullable<FunctionEnv['vpc']>;

const isSame = (one: Vpc, other: Vpc) =>
  [one.subnetIds, one.securityGroupIds].every(
    (ids, index) =>
      [...ids].sort().join() === [...(index === 0 ? other.subnetIds : other.securityGroupIds)].sort().join(),
  );

/** Where the recovery's own functions are; `undefined` if the target wants them in no VPC. */
async function placeOfChecks({ clients, target }: LookedAt): Promise<Seen<Vpc> | undefined> {
  if (!target.vpc) return undefined;
  const found = await look(() => readPlaceOfChecks(clients.lambda, target));
  if (!found.seen) return found;
  return found.value ? seen(found.value) : unseen(`function ${checksFunctionOf(target)} is in no VPC yet`);
}

/**
 * Looks at the network of the metric function, and at that of the recovery's own functions: the same one, as a rule.
 *
 * @param configuration of the metric function; `undefined` if nobody could look.
 */
export async function lookAtNetwork(
  { clients, target }: LookedAt,
  configuration: Pick<FunctionEnv, 'vpc'> | undefined,
  { addresses, isPrivate }: Pick<NetworkLook, 'addresses'> & Pick<NetworkFacts, 'isPrivate'>,
): Promise<NetworkFacts> {
  const own = configuration?.vpc;
  const recovery = await placeOfChecks({ clients, target });
  const counting = target.metricFunction ? servicesOfMetricFunction(target.metricFunction) : [];
  const isOne = own !== undefined && recovery?.seen === true && isSame(own, recovery.value);
  const wanted = [
    ...(own
      ? [
          {
            who: isOne ? 'the functions' : 'the metric function',
            isOfRecovery: isOne,
            vpc: seen(own),
            services: isOne ? [...counting, ...servicesOfChecks] : counting,
          },
        ]
      : []),
    ...(recovery && !isOne
      ? [{ who: 'the recovery', isOfRecovery: true, vpc: recovery, services: servicesOfChecks }]
      : []),
  ];
  const { port } = destinationOf(target.endpoint.url);
  const looks = wanted.map(
    async ({ vpc, ...look }): Promise<NetworkLook> => ({
      ...look,
      addresses,
      port,
      found: vpc.seen ? await readNetwork(clients.ec2, { ...vpc.value, addresses }) : vpc,
    }),
  );
  return {
    isInVpc: configuration ? own !== undefined : null,
    isPrivate,
    looks: await Promise.all(looks),
  };
}
