/** What the doctor looks at of the network that the functions are in. */
import type { FunctionEnv } from '../../aws/function-environment.ts';
import { readNetwork } from '../../aws/network.ts';
import type { NetworkFacts, NetworkLook } from '../../workflow/doctor/facts.ts';
import { servicesOfChecks, servicesOfMetricFunction } from '../../workflow/network/called-services.ts';
import type { Doctor } from './looks.ts';

type Vpc = NonNullable<FunctionEnv['vpc']>;

const isSame = (one: Vpc, other: Vpc) =>
  [one.subnetIds, one.securityGroupIds].every(
    (ids, index) =>
      [...ids].sort().join() === [...(index === 0 ? other.subnetIds : other.securityGroupIds)].sort().join(),
  );

/**
 * Looks at the network of the metric function, and at that of the recovery's own functions: the same one, as a rule.
 *
 * @param configuration of the metric function; `undefined` if nobody could look.
 */
export async function lookAtNetwork(
  { clients, target }: Doctor,
  configuration: Pick<FunctionEnv, 'vpc'> | undefined,
  { addresses, isPrivate }: Pick<NetworkLook, 'addresses'> & Pick<NetworkFacts, 'isPrivate'>,
): Promise<NetworkFacts> {
  const own = configuration?.vpc;
  const recovery = target.vpc;
  const counting = servicesOfMetricFunction(target.metricFunction);
  const isOne = own !== undefined && recovery !== undefined && isSame(own, recovery);
  const wanted = [
    ...(own
      ? [
          {
            who: isOne ? 'the functions' : 'the metric function',
            vpc: own,
            services: isOne ? [...counting, ...servicesOfChecks] : counting,
          },
        ]
      : []),
    ...(recovery && !isOne ? [{ who: 'the recovery', vpc: recovery, services: servicesOfChecks }] : []),
  ];
  const { port, protocol } = new URL(target.endpoint.url);
  const looks = wanted.map(
    async ({ who, vpc, services }): Promise<NetworkLook> => ({
      who,
      services,
      addresses,
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      found: await readNetwork(clients.ec2, { ...vpc, addresses }),
    }),
  );
  return {
    isInVpc: configuration ? own !== undefined : null,
    isPrivate,
    looks: await Promise.all(looks),
  };
}
