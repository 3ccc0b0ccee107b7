/** The parts of a VPC: subnets, endpoints, route tables, NAT gateways, attributes and peerings. */

import {
  DescribeVpcAttributeCommand,
  type EC2Client,
  paginateDescribeNatGateways,
  paginateDescribeRouteTables,
  paginateDescribeSubnets,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcPeeringConnections,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import type { NatGateway, Route, RouteTable, Subnet } from '../workflow/network/facts.ts';
import { type Seen, seen } from '../workflow/network/seen.ts';
import { filter, lookAt, onePage } from './ec2.ts';

const ids = v.optional(v.array(v.string()), []);

const SubnetEntry = v.pipe(
  v.object({
    SubnetId: v.string(),
    VpcId: v.string(),
    AvailabilityZone: v.string(),
    CidrBlock: v.optional(v.string()),
    Ipv6CidrBlockAssociationSet: v.optional(v.array(v.object({ Ipv6CidrBlock: v.string() })), []),
  }),
  v.transform(({ SubnetId, VpcId, AvailabilityZone, CidrBlock, Ipv6CidrBlockAssociationSet }) => ({
    id: SubnetId,
    vpcId: VpcId,
    availabilityZone: AvailabilityZone,
    cidrs: [
      // An IPv6-only subnet has none.
      ...(CidrBlock ? [CidrBlock] : []),
      ...Ipv6CidrBlockAssociationSet.map(({ Ipv6CidrBlock }) => Ipv6CidrBlock),
    ],
  })),
);

/** Those of the ids that are there. */
export function readSubnets(
  ec2: EC2Client,
  subnetIds: readonly string[],
): Promise<Seen<(Subnet & { readonly vpcId: string })[]>> {
  return lookAt(
    { action: 'ec2:DescribeSubnets', resource: subnetIds.join(', ') },
    paginateDescribeSubnets({ client: ec2 }, { Filters: [filter('subnet-id', ...subnetIds)] }),
    (page) => page.Subnets,
    SubnetEntry,
  );
}

const EndpointEntry = v.pipe(
  v.object({
    VpcEndpointId: v.string(),
    ServiceName: v.string(),
    VpcEndpointType: v.string(),
    State: v.string(),
    PrivateDnsEnabled: v.optional(v.boolean(), false),
    SubnetIds: ids,
    RouteTableIds: ids,
    NetworkInterfaceIds: ids,
    Groups: v.optional(v.array(v.object({ GroupId: v.string() })), []),
  }),
  v.transform(({ Groups, ...endpoint }) => ({
    id: endpoint.VpcEndpointId,
    serviceName: endpoint.ServiceName,
    type: endpoint.VpcEndpointType,
    // The API reference has capitals here, answers have none.
    state: endpoint.State.toLowerCase(),
    privateDns: endpoint.PrivateDnsEnabled,
    subnetIds: endpoint.SubnetIds,
    routeTableIds: endpoint.RouteTableIds,
    networkInterfaceIds: endpoint.NetworkInterfaceIds,
    groupIds: Groups.map(({ GroupId }) => GroupId),
  })),
);
/** An endpoint with the ids of its groups and interfaces, which are read by themselves. */
export type EndpointEntry = v.InferOutput<typeof EndpointEntry>;

export function readEndpoints(ec2: EC2Client, vpcId: string): Promise<Seen<EndpointEntry[]>> {
  return lookAt(
    { action: 'ec2:DescribeVpcEndpoints', resource: vpcId },
    paginateDescribeVpcEndpoints({ client: ec2 }, { Filters: [filter('vpc-id', vpcId)] }),
    (page) => page.VpcEndpoints,
    EndpointEntry,
  );
}

const id = v.optional(v.string());
/** A route has one destination and one target. */
const RouteEntry = v.pipe(
  v.object({
    DestinationCidrBlock: id,
    DestinationIpv6CidrBlock: id,
    DestinationPrefixListId: id,
    NatGatewayId: id,
    GatewayId: id,
    TransitGatewayId: id,
    VpcPeeringConnectionId: id,
    NetworkInterfaceId: id,
    InstanceId: id,
    EgressOnlyInternetGatewayId: id,
    LocalGatewayId: id,
    CarrierGatewayId: id,
    CoreNetworkArn: id,
    State: v.optional(v.string(), 'active'),
  }),
  v.transform(
    ({
      DestinationCidrBlock,
      DestinationIpv6CidrBlock,
      DestinationPrefixListId,
      State,
      ...targets
    }): Route => ({
      destination: DestinationCidrBlock ?? DestinationIpv6CidrBlock ?? DestinationPrefixListId ?? '',
      target: Object.values(targets).find((target) => target !== undefined) ?? 'a place that is not shown',
      state: State,
    }),
  ),
);
const TableEntry = v.pipe(
  v.object({
    RouteTableId: v.string(),
    Associations: v.optional(v.array(v.object({ Main: v.optional(v.boolean(), false), SubnetId: id })), []),
    Routes: v.optional(v.array(RouteEntry), []),
  }),
  v.transform(
    ({ RouteTableId, Associations, Routes }): RouteTable => ({
      id: RouteTableId,
      isMain: Associations.some(({ Main }) => Main),
      subnetIds: Associations.flatMap(({ SubnetId }) => SubnetId ?? []),
      routes: Routes,
    }),
  ),
);

export function readRouteTables(ec2: EC2Client, vpcId: string): Promise<Seen<RouteTable[]>> {
  return lookAt(
    { action: 'ec2:DescribeRouteTables', resource: vpcId },
    paginateDescribeRouteTables({ client: ec2 }, { Filters: [filter('vpc-id', vpcId)] }),
    (page) => page.RouteTables,
    TableEntry,
  );
}

const NatEntry = v.pipe(
  v.object({
    NatGatewayId: v.string(),
    State: v.string(),
    ConnectivityType: v.optional(v.string(), 'public'),
  }),
  v.transform(
    ({ NatGatewayId, State, ConnectivityType }): NatGateway => ({
      id: NatGatewayId,
      state: State,
      isPublic: ConnectivityType === 'public',
    }),
  ),
);

export function readNatGateways(ec2: EC2Client, vpcId: string): Promise<Seen<NatGateway[]>> {
  return lookAt(
    { action: 'ec2:DescribeNatGateways', resource: vpcId },
    paginateDescribeNatGateways({ client: ec2 }, { Filter: [filter('vpc-id', vpcId)] }),
    (page) => page.NatGateways,
    NatEntry,
  );
}

/** EC2 gives one attribute a call. */
export async function readVpcAttribute(
  ec2: EC2Client,
  vpcId: string,
  attribute: 'enableDnsSupport' | 'enableDnsHostnames',
): Promise<Seen<boolean>> {
  const look = await lookAt(
    { action: 'ec2:DescribeVpcAttribute', resource: vpcId },
    onePage(() => ec2.send(new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute: attribute }))),
    ({ EnableDnsSupport, EnableDnsHostnames }) => [
      attribute === 'enableDnsSupport' ? EnableDnsSupport : EnableDnsHostnames,
    ],
    v.object({ Value: v.boolean() }),
  );
  return look.seen ? seen(look.value.some(({ Value }) => Value)) : look;
}

const PeeringEntry = v.object({
  AccepterVpcInfo: v.object({ VpcId: v.string(), Region: id }),
  RequesterVpcInfo: v.object({ VpcId: v.string(), Region: id }),
});

/** The VPCs of the same Region that an active peering connects to this one. */
export async function readPeers(ec2: EC2Client, vpcId: string): Promise<Seen<readonly string[]>> {
  const look = await lookAt(
    { action: 'ec2:DescribeVpcPeeringConnections', resource: vpcId },
    paginateDescribeVpcPeeringConnections({ client: ec2 }, { Filters: [filter('status-code', 'active')] }),
    (page) => page.VpcPeeringConnections,
    PeeringEntry,
  );
  if (!look.seen) return look;
  const ends = look.value
    .filter(({ AccepterVpcInfo, RequesterVpcInfo }) => AccepterVpcInfo.Region === RequesterVpcInfo.Region)
    .map(({ AccepterVpcInfo, RequesterVpcInfo }) => [AccepterVpcInfo.VpcId, RequesterVpcInfo.VpcId])
    .filter((vpcs) => vpcs.includes(vpcId));
  return seen(ends.flat().filter((one) => one !== vpcId));
}
