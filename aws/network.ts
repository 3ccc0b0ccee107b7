/**
 * The network of a function as EC2 describes it: the function's own end, its VPC, and who has the addresses that it
 * connects to. The EC2 client is the largest of the SDK.
 */

import type { EC2Client } from '@aws-sdk/client-ec2';
import type {
  AddressOwner,
  FunctionNetwork,
  NetworkParty,
  SecurityGroup,
  Subnet,
  VpcEndpoint,
  VpcFacts,
} from '../workflow/network/facts.ts';
import { type Seen, seen, unseen } from '../workflow/network/seen.ts';
import { filter } from './ec2.ts';
import { type NetworkInterface, readInterfaces } from './network-interfaces.ts';
import { readGatewayLists, readPrefixLists, readSecurityGroups } from './security-groups.ts';
import {
  type EndpointEntry,
  readEndpoints,
  readNatGateways,
  readPeers,
  readRouteTables,
  readSubnets,
  readVpcAttribute,
} from './vpc.ts';

/** Where a function is, and where it connects to. */
export interface NetworkQuestion {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** What the host's name resolves to, IPv4 or IPv6. */
  readonly addresses: readonly string[];
}

export interface NetworkFacts {
  readonly caller: FunctionNetwork;
  readonly vpc: VpcFacts;
  /** For each address that was asked for. */
  readonly owners: ReadonlyMap<string, Seen<AddressOwner>>;
}

/**
 * Looks at everything that `judgePath` and `judgeService` go by, in some ten describe calls. What can't be looked at is
 * left open in the facts.
 *
 * @returns not `seen` if not even the VPC of the subnets is known.
 * @throws RecoveryError CredentialsExpired.
 */
export async function readNetwork(ec2: EC2Client, question: NetworkQuestion): Promise<Seen<NetworkFacts>> {
  const { subnetIds, securityGroupIds, addresses } = question;
  const subnets = await readSubnets(ec2, subnetIds);
  if (!subnets.seen) return subnets;
  const [vpcId] = subnets.value.map((subnet) => subnet.vpcId);
  if (vpcId === undefined) return unseen(`ec2:DescribeSubnets shows none of ${subnetIds.join(', ')}`);
  const region = await ec2.config.region();

  const [endpoints, routeTables, natGateways, dnsSupport, dnsHostnames, ownInterfaces, candidates] =
    await Promise.all([
      readEndpoints(ec2, vpcId),
      readRouteTables(ec2, vpcId),
      readNatGateways(ec2, vpcId),
      readVpcAttribute(ec2, vpcId, 'enableDnsSupport'),
      readVpcAttribute(ec2, vpcId, 'enableDnsHostnames'),
      readFunctionInterfaces(ec2, subnetIds, securityGroupIds),
      Promise.all(addresses.map(async (address) => [address, await readCandidates(ec2, address)] as const)),
    ]);
  const endpointInterfaces = await readEndpointInterfaces(ec2, endpoints);
  const others = candidates.flatMap(([, { own }]) => (own.seen ? own.value : []));
  const peers = others.some((other) => other.vpcId !== vpcId) ? await readPeers(ec2, vpcId) : seen([]);

  const entries = endpoints.seen ? endpoints.value : [];
  const groups = await readSecurityGroups(ec2, [
    ...securityGroupIds,
    ...others.flatMap(({ groupIds }) => groupIds),
    ...entries.flatMap(({ groupIds }) => groupIds),
  ]);
  const gatewayServices = entries
    .filter(({ type }) => type === 'Gateway')
    .map(({ serviceName }) => serviceName.split('.').at(-1) ?? '');
  const gatewayLists = await readGatewayLists(ec2, region, gatewayServices);
  const prefixLists = await readPrefixLists(ec2, groups.values(), [...gatewayLists.values()]);

  const partyOf = (party: {
    readonly vpcId: string;
    readonly groupIds: readonly string[];
    readonly addresses: readonly string[];
  }): NetworkParty => ({
    vpcId: party.vpcId,
    groups: party.groupIds.flatMap((id): SecurityGroup[] => [groups.get(id) ?? unreadGroup(id)]),
    addresses: party.addresses,
  });
  const addressesOf = ({ networkInterfaceIds }: EndpointEntry) =>
    endpointInterfaces.filter(({ id }) => networkInterfaceIds.includes(id)).flatMap((one) => one.addresses);
  const endpointOf = (entry: EndpointEntry): VpcEndpoint => ({
    ...entry,
    party: partyOf({ vpcId, groupIds: entry.groupIds, addresses: addressesOf(entry) }),
  });
  const isConnected = (other: string): Seen<boolean> => {
    if (other === vpcId) return seen(true);
    return peers.seen ? seen(peers.value.includes(other)) : peers;
  };
  return seen({
    caller: {
      subnetIds,
      interfaceIds: ownInterfaces.map(({ id }) => id),
      party: partyOf({
        vpcId,
        groupIds: securityGroupIds,
        addresses: ownAddresses(subnets.value, ownInterfaces),
      }),
    },
    vpc: {
      id: vpcId,
      region,
      dnsSupport,
      dnsHostnames,
      subnets,
      endpoints: endpoints.seen ? seen(endpoints.value.map(endpointOf)) : endpoints,
      routeTables,
      natGateways,
      prefixLists,
      gatewayLists,
    },
    owners: new Map(
      candidates.map(([address, found]) => [address, ownerOf(address, found, isConnected, partyOf)]),
    ),
  });
}

const unreadGroup = (id: string): SecurityGroup => ({
  id,
  ownerId: undefined,
  rules: unseen('nobody looked'),
});

/**
 * Lambda makes its network interfaces when a function is put into the VPC, one for each pair of a subnet and a set of
 * groups, and takes back those that nobody has used for weeks.
 */
async function readFunctionInterfaces(
  ec2: EC2Client,
  subnetIds: readonly string[],
  groupIds: readonly string[],
): Promise<readonly NetworkInterface[]> {
  const interfaces = await readInterfaces(ec2, [
    filter('interface-type', 'lambda'),
    filter('subnet-id', ...subnetIds),
    filter('group-id', ...groupIds),
  ]);
  const wanted = [...groupIds].sort().join();
  return interfaces.seen ? interfaces.value.filter((one) => one.groupIds.toSorted().join() === wanted) : [];
}

/** Those of its interfaces, and any IPv4 address of a subnet in which it has none or nobody could look. */
function ownAddresses(subnets: readonly Subnet[], interfaces: readonly NetworkInterface[]): string[] {
  return subnets.flatMap(({ id, cidrs }) => {
    const own = interfaces.filter(({ subnetId }) => subnetId === id).flatMap(({ addresses }) => addresses);
    return own.length > 0 ? own : cidrs.filter((cidr) => !cidr.includes(':'));
  });
}

async function readEndpointInterfaces(
  ec2: EC2Client,
  endpoints: Seen<readonly EndpointEntry[]>,
): Promise<readonly NetworkInterface[]> {
  const ids = endpoints.seen ? endpoints.value.flatMap((one) => one.networkInterfaceIds) : [];
  if (ids.length === 0) return [];
  const interfaces = await readInterfaces(ec2, [filter('network-interface-id', ...ids)]);
  return interfaces.seen ? interfaces.value : [];
}

interface Candidates {
  readonly own: Seen<readonly NetworkInterface[]>;
  /** Those that the address leads to from outside. */
  readonly byPublic: readonly NetworkInterface[];
}

async function readCandidates(ec2: EC2Client, address: string): Promise<Candidates> {
  if (address.includes(':'))
    return { own: await readInterfaces(ec2, [filter('ipv6-addresses.ipv6-address', address)]), byPublic: [] };
  const own = await readInterfaces(ec2, [filter('addresses.private-ip-address', address)]);
  if (!own.seen || own.value.length > 0) return { own, byPublic: [] };
  const byPublic = await readInterfaces(ec2, [filter('addresses.association.public-ip', address)]);
  return { own, byPublic: byPublic.seen ? byPublic.value : [] };
}

/** Private addresses come up again in other VPCs: one that is connected is meant, or the only one there is. */
function ownerOf(
  address: string,
  { own, byPublic }: Candidates,
  isConnected: (vpcId: string) => Seen<boolean>,
  partyOf: (party: {
    vpcId: string;
    groupIds: readonly string[];
    addresses: readonly string[];
  }) => NetworkParty,
): Seen<AddressOwner> {
  if (!own.seen) return own;
  const connected = own.value.filter(({ vpcId }) => {
    const is = isConnected(vpcId);
    return is.seen && is.value;
  });
  const [one, ...more] = connected.length > 0 ? connected : own.value;
  if (more.length > 0) return unseen(`${own.value.length} network interfaces have the address ${address}`);
  const [outside] = byPublic;
  if (one) {
    const connection = isConnected(one.vpcId);
    if (!connection.seen) return connection;
    return seen({
      kind: 'interface',
      networkInterfaceId: one.id,
      instanceId: one.instanceId,
      party: partyOf({ ...one, addresses: [address] }),
      isConnected: connection.value,
    });
  }
  return outside
    ? seen({ kind: 'publicAddress', networkInterfaceId: outside.id, instanceId: outside.instanceId })
    : seen({ kind: 'nobody' });
}
