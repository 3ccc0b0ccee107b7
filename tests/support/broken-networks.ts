/** Networks in which the function has no way, for the doctor to find. */
import type { NetworkFacts, NetworkLook } from '../../workflow/doctor/facts.ts';
import type { AddressOwner, VpcFacts } from '../../workflow/network/facts.ts';
import type { Break } from './broken-chains.ts';
import { seen, stopped } from './healthy-facts.ts';
import { callerWith, endpoints, interfaceEndpoint, partyOf, vpcWith } from './network.ts';

const address: string = '10.0.1.17';

/** The API, whose group lets the function in unless there are other rules. */
export const api = (...rules: readonly string[]): Extract<AddressOwner, { readonly kind: 'interface' }> => ({
  kind: 'interface',
  networkInterfaceId: 'eni-1',
  instanceId: 'i-00000001',
  isConnected: true,
  party: partyOf(
    { groups: ['sg-a'], addresses: [address] },
    rules.length > 0 ? rules : ['sg-a in tcp 8000 sg-f'],
  ),
});

const monitoring = endpoints(interfaceEndpoint({ serviceName: 'com.amazonaws.ap-northeast-2.monitoring' }));

/** The metric function in its VPC, with a way to the API and to CloudWatch unless there is something else. */
export function networkWith({
  owner = api(),
  vpc = monitoring,
  ...part
}: {
  readonly owner?: AddressOwner;
  readonly vpc?: Partial<VpcFacts>;
} & Partial<NetworkLook> = {}): NetworkFacts {
  const found = {
    caller: callerWith(),
    vpc: vpcWith(vpc),
    owners: new Map([[address, seen(owner)]]),
  };
  return {
    isInVpc: true,
    isPrivate: true,
    looks: [
      {
        who: 'the metric function',
        isOfRecovery: false,
        services: ['monitoring'],
        addresses: [address],
        port: 8000,
        found: seen(found),
        ...part,
      },
    ],
  };
}

const afterStop = ['MetricStopped', 'HeartbeatFiring', 'ScalingAlarmsSilent'];

export const networkBreaks: readonly Break[] = [
  [
    'a function outside of the VPC',
    { ...stopped, network: { isInVpc: false, isPrivate: true, looks: [] } },
    'FunctionOutsideVpc',
    afterStop,
  ],
  [
    'an address that nobody has any more',
    { ...stopped, network: networkWith({ owner: { kind: 'nobody' } }) },
    'AddressElsewhere',
    afterStop,
  ],
  [
    'an API in a VPC that is not connected',
    { ...stopped, network: networkWith({ owner: { ...api(), isConnected: false } }) },
    'AddressElsewhere',
    afterStop,
  ],
  [
    'a security group that does not let the function in',
    { ...stopped, network: networkWith({ owner: api('sg-a in tcp 443 sg-f') }) },
    'PathBlocked',
    afterStop,
  ],
  [
    'a way that Reachability Analyzer does not find',
    {
      ...stopped,
      network: networkWith(),
      analyses: [
        {
          who: 'the metric function',
          address,
          port: 8000,
          result: seen({
            isFound: false,
            explanations: [{ code: 'SUBNET_ACL_RESTRICTION', direction: 'ingress', components: ['acl-1'] }],
          }),
          leftovers: [],
        },
      ],
    },
    'PathNotFound',
    afterStop,
  ],
  [
    'a public address without a way to the internet',
    {
      ...stopped,
      network: networkWith({
        owner: { kind: 'publicAddress', networkInterfaceId: 'eni-1', instanceId: undefined },
      }),
    },
    'NoWayOut',
    afterStop,
  ],
  [
    'a VPC without a way to CloudWatch',
    { ...stopped, network: networkWith({ vpc: {} }) },
    'ServiceUnreachable',
    afterStop,
  ],
];
