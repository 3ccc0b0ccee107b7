/** Network interfaces and instances: who has which address, and which security groups. */

import {
  type EC2Client,
  paginateDescribeInstances,
  paginateDescribeNetworkInterfaces,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import type { InstanceFacts } from '../workflow/network/facts.ts';
import { type Seen, seen } from '../workflow/network/seen.ts';
import { filter, lookAt } from './ec2.ts';

const Ipv4Addresses = v.optional(v.array(v.object({ PrivateIpAddress: v.string() })), []);
const Ipv6Addresses = v.optional(v.array(v.object({ Ipv6Address: v.string() })), []);

const Interface = v.pipe(
  v.object({
    NetworkInterfaceId: v.string(),
    VpcId: v.string(),
    SubnetId: v.string(),
    Groups: v.optional(v.array(v.object({ GroupId: v.string() })), []),
    PrivateIpAddresses: Ipv4Addresses,
    Ipv6Addresses,
    Attachment: v.optional(v.object({ InstanceId: v.optional(v.string()) })),
  }),
  v.transform((one) => ({
    id: one.NetworkInterfaceId,
    vpcId: one.VpcId,
    subnetId: one.SubnetId,
    groupIds: one.Groups.map(({ GroupId }) => GroupId),
    addresses: [
      ...one.PrivateIpAddresses.map(({ PrivateIpAddress }) => PrivateIpAddress),
      ...one.Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address),
    ],
    instanceId: one.Attachment?.InstanceId,
  })),
);
export type NetworkInterface = v.InferOutput<typeof Interface>;

/** @param filters EC2's own, which all have to hold. */
export function readInterfaces(
  ec2: EC2Client,
  filters: readonly ReturnType<typeof filter>[],
): Promise<Seen<NetworkInterface[]>> {
  return lookAt(
    {
      action: 'ec2:DescribeNetworkInterfaces',
      resource: filters.flatMap(({ Values }) => Values).join(', '),
    },
    paginateDescribeNetworkInterfaces({ client: ec2 }, { Filters: [...filters] }),
    (page) => page.NetworkInterfaces,
    Interface,
  );
}

const Reservation = v.object({
  Instances: v.optional(
    v.array(
      v.object({
        InstanceId: v.string(),
        State: v.object({ Name: v.string() }),
        IamInstanceProfile: v.optional(v.object({ Arn: v.optional(v.string()) })),
        NetworkInterfaces: v.optional(
          v.array(v.object({ PrivateIpAddresses: Ipv4Addresses, Ipv6Addresses })),
          [],
        ),
      }),
    ),
    [],
  ),
});

/** Those of the ids that are there; EC2 still shows a terminated one for about an hour. */
export async function readInstances(
  ec2: EC2Client,
  instanceIds: readonly string[],
): Promise<Seen<readonly InstanceFacts[]>> {
  const look = await lookAt(
    { action: 'ec2:DescribeInstances', resource: instanceIds.join(', ') },
    paginateDescribeInstances({ client: ec2 }, { Filters: [filter('instance-id', ...instanceIds)] }),
    (page) => page.Reservations,
    Reservation,
  );
  if (!look.seen) return look;
  const instances = look.value.flatMap(({ Instances }) => Instances);
  return seen(
    instances.map(({ InstanceId, State, IamInstanceProfile: { Arn } = {}, NetworkInterfaces }) => ({
      id: InstanceId,
      state: State.Name,
      ...(Arn === undefined ? {} : { profileArn: Arn }),
      addresses: NetworkInterfaces.flatMap((one) => [
        ...one.PrivateIpAddresses.map(({ PrivateIpAddress }) => PrivateIpAddress),
        ...one.Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address),
      ]),
    })),
  );
}
