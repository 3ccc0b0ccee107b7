/** EC2: what describes a network, and what changes it as far as that opens a way. */
import * as v from 'valibot';
import { operation, type Service } from '../endpoint.ts';
import { accountId, region } from '../template.ts';
import { aclOperations } from './ec2-acls.ts';
import { describe, listEntries } from './ec2-describe.ts';
import { endpointElements, endpointOperations } from './ec2-endpoints.ts';
import { instanceOperations } from './ec2-instances.ts';
import type { Ec2Network, NetworkInterface, VpcRouteTable } from './ec2-network.ts';
import { reachabilityOperations } from './ec2-reachability.ts';
import { permissionElements, ruleElements, ruleOperations } from './ec2-rules.ts';

export function ec2Service(network: Ec2Network): Service {
  return {
    targetPrefix: 'EC2',
    operations: {
      DescribeVpcs: describe(network, {
        set: 'vpcSet',
        entries: () => network.vpcs,
        idName: 'VpcId',
        idOf: ({ vpcId }) => vpcId,
        notFound: 'InvalidVpcID.NotFound',
        filters: { 'vpc-id': ({ vpcId }) => [vpcId] },
        elements: ({ vpcId, cidrBlock }) => ({ vpcId, ownerId: accountId, cidrBlock, state: 'available' }),
      }),

      DescribeVpcAttribute: operation(
        v.object({ VpcId: v.string(), Attribute: v.picklist(['enableDnsSupport', 'enableDnsHostnames']) }),
        ({ VpcId, Attribute }) => ({ vpcId: VpcId, [Attribute]: { value: network.vpc(VpcId)[Attribute] } }),
      ),

      /** One attribute a call. */
      ModifyVpcAttribute: operation(
        v.object({
          VpcId: v.string(),
          EnableDnsSupport: v.optional(v.object({ Value: v.picklist(['true', 'false']) })),
          EnableDnsHostnames: v.optional(v.object({ Value: v.picklist(['true', 'false']) })),
        }),
        ({ VpcId, EnableDnsSupport, EnableDnsHostnames }) => {
          const vpc = network.vpc(VpcId);
          if (EnableDnsSupport) vpc.enableDnsSupport = EnableDnsSupport.Value === 'true';
          if (EnableDnsHostnames) vpc.enableDnsHostnames = EnableDnsHostnames.Value === 'true';
          return { return: true };
        },
      ),

      DescribeSubnets: describe(network, {
        set: 'subnetSet',
        entries: () => network.subnets,
        idName: 'SubnetId',
        idOf: ({ subnetId }) => subnetId,
        notFound: 'InvalidSubnetID.NotFound',
        filters: {
          'subnet-id': ({ subnetId }) => [subnetId],
          'vpc-id': ({ vpcId }) => [vpcId],
          'availability-zone': ({ availabilityZone }) => [availabilityZone],
        },
        elements: (subnet) => ({ ...subnet, ownerId: accountId, state: 'available' }),
      }),

      DescribeSecurityGroups: describe(network, {
        set: 'securityGroupInfo',
        entries: () => network.groups,
        idName: 'GroupId',
        idOf: ({ groupId }) => groupId,
        notFound: 'InvalidGroup.NotFound',
        filters: {
          'group-id': ({ groupId }) => [groupId],
          'group-name': ({ groupName }) => [groupName],
          'vpc-id': ({ vpcId }) => [vpcId],
        },
        elements: ({ rules: _, ...group }) => ({
          ...group,
          groupDescription: group.groupName,
          ownerId: accountId,
          ipPermissions: permissionElements(network.group(group.groupId), false),
          ipPermissionsEgress: permissionElements(network.group(group.groupId), true),
        }),
      }),

      DescribeSecurityGroupRules: describe(network, {
        set: 'securityGroupRuleSet',
        entries: () => network.groups.flatMap((group) => group.rules.map((rule) => ({ group, rule }))),
        idName: 'SecurityGroupRuleId',
        idOf: ({ rule }) => rule.securityGroupRuleId,
        notFound: 'InvalidSecurityGroupRuleId.NotFound',
        filters: {
          'group-id': ({ group }) => [group.groupId],
          'security-group-rule-id': ({ rule }) => [rule.securityGroupRuleId],
        },
        elements: ({ group, rule }) => ruleElements(network, group, rule),
      }),

      ...ruleOperations(network),

      DescribeRouteTables: describe(network, {
        set: 'routeTableSet',
        entries: () => network.routeTables,
        idName: 'RouteTableId',
        idOf: ({ routeTableId }) => routeTableId,
        notFound: 'InvalidRouteTableID.NotFound',
        filters: {
          'vpc-id': ({ vpcId }) => [vpcId],
          'association.subnet-id': ({ subnetIds }) => subnetIds,
        },
        elements: routeTableElements,
      }),

      DescribeNatGateways: describe(network, {
        set: 'natGatewaySet',
        entries: () => network.natGateways,
        idName: 'NatGatewayId',
        idOf: ({ natGatewayId }) => natGatewayId,
        notFound: 'NatGatewayNotFound',
        filters: { 'vpc-id': ({ vpcId }) => [vpcId], state: ({ state }) => [state] },
        elements: (gateway) => gateway,
      }),

      DescribeVpcEndpoints: describe(network, {
        set: 'vpcEndpointSet',
        entries: () => network.endpoints,
        idName: 'VpcEndpointId',
        idOf: ({ vpcEndpointId }) => vpcEndpointId,
        notFound: 'InvalidVpcEndpointId.NotFound',
        filters: {
          'vpc-id': ({ vpcId }) => [vpcId],
          'vpc-endpoint-id': ({ vpcEndpointId }) => [vpcEndpointId],
          'service-name': ({ serviceName }) => [serviceName],
        },
        elements: (endpoint) => endpointElements(network, endpoint),
      }),

      ...endpointOperations(network),
      ...aclOperations(network),
      ...reachabilityOperations(network),

      DescribeNetworkInterfaces: describe(network, {
        set: 'networkInterfaceSet',
        entries: () => network.interfaces,
        idName: 'NetworkInterfaceId',
        idOf: ({ networkInterfaceId }) => networkInterfaceId,
        notFound: 'InvalidNetworkInterfaceID.NotFound',
        filters: {
          'network-interface-id': ({ networkInterfaceId }) => [networkInterfaceId],
          'interface-type': ({ interfaceType }) => [interfaceType],
          'subnet-id': ({ subnetId }) => [subnetId],
          'vpc-id': ({ vpcId }) => [vpcId],
          'group-id': ({ groupIds }) => groupIds,
          'addresses.private-ip-address': ({ addresses }) => addresses,
          'addresses.association.public-ip': ({ publicIp }) => [publicIp],
          'ipv6-addresses.ipv6-address': ({ ipv6Addresses }) => ipv6Addresses,
        },
        elements: (one) => interfaceElements(network, one),
      }),

      ...instanceOperations(network, (one) => ofInstance(network, one)),

      DescribeManagedPrefixLists: describe(network, {
        set: 'prefixListSet',
        entries: () => network.prefixLists,
        idName: 'PrefixListId',
        idOf: ({ prefixListId }) => prefixListId,
        notFound: 'InvalidPrefixListID.NotFound',
        filters: {
          'prefix-list-id': ({ prefixListId }) => [prefixListId],
          'prefix-list-name': ({ prefixListName }) => [prefixListName],
        },
        elements: ({ prefixListId, prefixListName }) => ({
          prefixListId,
          prefixListName,
          addressFamily: 'IPv4',
          ownerId: prefixListName.startsWith('com.amazonaws.') ? 'AWS' : accountId,
        }),
      }),

      GetManagedPrefixListEntries: listEntries(network, (id) => network.prefixList(id).cidrs),

      DescribeVpcPeeringConnections: describe(network, {
        set: 'vpcPeeringConnectionSet',
        entries: () => network.peerings,
        idName: 'VpcPeeringConnectionId',
        idOf: ({ vpcPeeringConnectionId }) => vpcPeeringConnectionId,
        notFound: 'InvalidVpcPeeringConnectionID.NotFound',
        filters: { 'status-code': ({ status }) => [status] },
        elements: ({ vpcPeeringConnectionId, requesterVpcId, accepterVpcId, status }) => ({
          vpcPeeringConnectionId,
          requesterVpcInfo: { vpcId: requesterVpcId, ownerId: accountId, region },
          accepterVpcInfo: { vpcId: accepterVpcId, ownerId: accountId, region },
          status: { code: status },
        }),
      }),
    },
  };
}

function routeTableElements({ routeTableId, vpcId, isMain, subnetIds, routes }: VpcRouteTable) {
  const association = (more: object, index: number) => ({
    routeTableAssociationId: `${routeTableId.replace('rtb-', 'rtbassoc-')}${index}`,
    routeTableId,
    ...more,
    associationState: { state: 'associated' },
  });
  return {
    routeTableId,
    vpcId,
    ownerId: accountId,
    routeSet: routes,
    associationSet: [
      ...(isMain ? [{ main: true }] : []),
      ...subnetIds.map((subnetId) => ({ main: false, subnetId })),
    ].map(association),
  };
}

/** What an instance shows of an interface too. */
function ofInstance(network: Ec2Network, one: NetworkInterface) {
  const { networkInterfaceId, vpcId, subnetId, addresses } = one;
  return {
    networkInterfaceId,
    vpcId,
    subnetId,
    ownerId: accountId,
    status: 'in-use',
    groupSet: network.groupSet(one.groupIds),
    privateIpAddress: addresses[0],
    privateIpAddressesSet: addressElements(one),
    ipv6AddressesSet: one.ipv6Addresses.map((ipv6Address) => ({ ipv6Address })),
  };
}

const addressElements = ({ addresses, publicIp }: NetworkInterface) =>
  addresses.map((privateIpAddress, index) => ({
    privateIpAddress,
    primary: index === 0,
    association: index === 0 && publicIp !== undefined ? { publicIp } : undefined,
  }));

function interfaceElements(network: Ec2Network, one: NetworkInterface) {
  return {
    ...ofInstance(network, one),
    interfaceType: one.interfaceType,
    availabilityZone: network.subnet(one.subnetId).availabilityZone,
    requesterManaged: one.interfaceType !== 'interface',
    attachment: {
      attachmentId: one.networkInterfaceId.replace('eni-', 'eni-attach-'),
      instanceId: one.instanceId,
      status: 'attached',
    },
  };
}
