/** VPC endpoints: how they are shown, made and modified. */
import * as v from 'valibot';
import { AwsError, operation } from '../endpoint.ts';
import { FormBoolean } from '../query-protocol.ts';
import { accountId, region } from '../template.ts';
import { type Ec2Network, type Endpoint, newId } from './ec2-network.ts';

const Ids = v.optional(v.array(v.string()), []);

/** The services that have gateway endpoints. */
const gatewayServices = ['dynamodb', 's3'].map((service) => `com.amazonaws.${region}.${service}`);

export function endpointElements(network: Ec2Network, endpoint: Endpoint) {
  const { createdAtMs, availableFromMs, groupIds, subnetIds, routeTableIds, ...rest } = endpoint;
  return {
    ...rest,
    ownerId: accountId,
    requesterManaged: false,
    state: Date.now() >= availableFromMs ? 'available' : 'pending',
    creationTimestamp: new Date(createdAtMs),
    routeTableIdSet: routeTableIds,
    subnetIdSet: subnetIds,
    groupSet: network.groupSet(groupIds),
    networkInterfaceIdSet: network.interfaces
      .filter(({ vpcEndpointId }) => vpcEndpointId === endpoint.vpcEndpointId)
      .map(({ networkInterfaceId }) => networkInterfaceId),
  };
}

export function endpointOperations(network: Ec2Network) {
  return {
    CreateVpcEndpoint: operation(
      v.object({
        VpcId: v.string(),
        ServiceName: v.string(),
        VpcEndpointType: v.optional(v.picklist(['Interface', 'Gateway']), 'Gateway'),
        SubnetId: Ids,
        SecurityGroupId: Ids,
        RouteTableId: Ids,
        PrivateDnsEnabled: v.optional(FormBoolean, 'false'),
      }),
      (input) => {
        const { VpcId, ServiceName, VpcEndpointType, SubnetId, SecurityGroupId, RouteTableId } = input;
        network.vpc(VpcId);
        const isKnown =
          VpcEndpointType === 'Gateway'
            ? gatewayServices.includes(ServiceName)
            : ServiceName.startsWith(`com.amazonaws.${region}.`);
        if (!isKnown)
          throw new AwsError(
            'InvalidServiceName',
            `The Vpc Endpoint Service '${ServiceName}' does not exist`,
          );
        for (const groupId of SecurityGroupId) network.group(groupId);
        refuseTwoInOneZone(network, SubnetId);
        if (input.PrivateDnsEnabled) refusePrivateDns(network, VpcId, ServiceName);
        refuseRouted(network, ServiceName, RouteTableId);
        const added = network.addEndpoint(
          {
            vpcEndpointId: newId('vpce'),
            vpcEndpointType: VpcEndpointType,
            vpcId: VpcId,
            serviceName: ServiceName,
            privateDnsEnabled: input.PrivateDnsEnabled,
            subnetIds: SubnetId,
            routeTableIds: RouteTableId,
            groupIds: SecurityGroupId,
          },
          true,
        );
        return { vpcEndpoint: endpointElements(network, added) };
      },
    ),

    ModifyVpcEndpoint: operation(
      v.object({
        VpcEndpointId: v.string(),
        PrivateDnsEnabled: v.optional(FormBoolean),
        AddSubnetId: Ids,
        AddRouteTableId: Ids,
      }),
      ({ VpcEndpointId, PrivateDnsEnabled, AddSubnetId, AddRouteTableId }) => {
        const endpoint = network.endpoint(VpcEndpointId);
        const { vpcId, serviceName } = endpoint;
        refuseTwoInOneZone(network, [...endpoint.subnetIds, ...AddSubnetId]);
        if (PrivateDnsEnabled && !endpoint.privateDnsEnabled) refusePrivateDns(network, vpcId, serviceName);
        refuseRouted(network, serviceName, AddRouteTableId);
        if (PrivateDnsEnabled !== undefined) endpoint.privateDnsEnabled = PrivateDnsEnabled;
        endpoint.subnetIds = [...endpoint.subnetIds, ...AddSubnetId];
        endpoint.routeTableIds = [...endpoint.routeTableIds, ...AddRouteTableId];
        for (const subnetId of AddSubnetId) network.addEndpointInterface(endpoint, subnetId);
        return { return: true };
      },
    ),
  };
}

function refuseTwoInOneZone(network: Ec2Network, subnetIds: readonly string[]): void {
  const zones = subnetIds.map((subnetId) => network.subnet(subnetId).availabilityZone);
  if (new Set(zones).size < zones.length)
    throw new AwsError(
      'DuplicateSubnetsInSameZone',
      'Found another VPC endpoint subnet in the availability zone',
    );
}

function refusePrivateDns(network: Ec2Network, vpcId: string, serviceName: string): void {
  const { enableDnsSupport, enableDnsHostnames } = network.vpc(vpcId);
  if (!enableDnsSupport || !enableDnsHostnames)
    throw new AwsError(
      'InvalidParameter',
      `Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for ${vpcId}`,
    );
  const isTaken = network.endpoints.some(
    (one) => one.vpcId === vpcId && one.serviceName === serviceName && one.privateDnsEnabled,
  );
  if (isTaken)
    throw new AwsError(
      'InvalidParameter',
      `private-dns-enabled cannot be set because there is already a conflicting DNS domain in the VPC ${vpcId}`,
    );
}

function refuseRouted(network: Ec2Network, serviceName: string, routeTableIds: readonly string[]): void {
  const routed = network.endpoints
    .filter((one) => one.serviceName === serviceName)
    .flatMap((one) => one.routeTableIds);
  const taken = routeTableIds.find((id) => routed.includes(id));
  if (taken !== undefined)
    throw new AwsError('RouteAlreadyExists', `route table ${taken} already has a route to ${serviceName}`);
}
