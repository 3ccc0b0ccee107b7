/**
 * A small VPC with all that a target needs: two private subnets without a way to the internet, the function and the
 * API in them, and endpoints for the services that the function calls.
 */

import { servicesOfChecks, servicesOfMetricFunction } from '../workflow/network/called-services.ts';
import { destinationOf } from '../workflow/network/destination.ts';
import type { Target } from '../workflow/target.ts';
import { hostProfile } from './roles.ts';
import { defaultAclEntries, defaultEgress, Ec2Network } from './services/ec2-network.ts';
import { region } from './template.ts';

const vpcId = 'vpc-0123456789abcdef0';
const apiGroup = 'sg-0000000000000000a';
const endpointGroup = 'sg-0000000000000000e';
const managedGroup = 'sg-0000000000000000f';
const zones = ['a', 'b', 'c', 'd'];
/** Where the API is, if the URL has a name in place of an address. */
const namedApiAddress = '10.0.1.10';

export interface PrivateNetwork {
  /** One in each zone, by turns. */
  readonly subnetIds: readonly string[];
  readonly functionGroupIds: readonly string[];
  /** The first one has the address of the API. */
  readonly instanceIds: readonly string[];
  /** Where the function asks the API. */
  readonly apiAddress: string;
  readonly apiPort: number;
  /** As the names of their endpoints have it, e.g. `ssm`. */
  readonly services: readonly string[];
}

/** The network of a target with a VPC. */
export function networkOf(
  { vpc, endpoint, metricFunction }: Target,
  instanceIds: readonly string[],
): Ec2Network {
  const ec2 = new Ec2Network();
  const { address = namedApiAddress, port } = destinationOf(endpoint.url);
  addPrivateNetwork(ec2, {
    subnetIds: vpc?.subnetIds ?? [],
    // One that the stack brings has no id before its deploy.
    functionGroupIds: vpc?.securityGroupIds ?? [managedGroup],
    instanceIds,
    apiAddress: address,
    apiPort: port,
    services: [...servicesOfChecks, ...(metricFunction ? servicesOfMetricFunction(metricFunction) : [])],
  });
  return ec2;
}

/** Puts the VPC there, in a state in which everything works. */
export function addPrivateNetwork(network: Ec2Network, wanted: PrivateNetwork): void {
  const { subnetIds, functionGroupIds, apiPort, services } = wanted;
  network.vpcs.push({ vpcId, cidrBlock: '10.0.0.0/16', enableDnsSupport: true, enableDnsHostnames: true });
  for (const [index, subnetId] of subnetIds.entries())
    network.subnets.push({
      subnetId,
      vpcId,
      availabilityZone: `${region}${zones[index % zones.length]}`,
      cidrBlock: `10.0.${index + 1}.0/24`,
    });
  network.routeTables.push({
    routeTableId: 'rtb-0123456789abcdef0',
    vpcId,
    isMain: true,
    subnetIds: [],
    routes: [{ destinationCidrBlock: '10.0.0.0/16', gatewayId: 'local', state: 'active' }],
  });
  network.acls.push({
    networkAclId: 'acl-0123456789abcdef0',
    vpcId,
    isDefault: true,
    subnetIds: [],
    entries: defaultAclEntries,
  });
  const [functionGroup = ''] = functionGroupIds;
  const letIn = (port: number) => ({
    isEgress: false,
    ipProtocol: 'tcp',
    fromPort: port,
    toPort: port,
    groupId: functionGroup,
  });
  for (const groupId of functionGroupIds)
    network.addGroup({ groupId, groupName: 'sandbox-function', vpcId }, [defaultEgress]);
  network.addGroup({ groupId: apiGroup, groupName: 'sandbox-api', vpcId }, [defaultEgress, letIn(apiPort)]);
  network.addGroup({ groupId: endpointGroup, groupName: 'sandbox-endpoints', vpcId }, [
    defaultEgress,
    letIn(443),
  ]);
  addInterfaces(network, wanted);
  addInstances(network, wanted);
  for (const service of services)
    network.addEndpoint({
      vpcEndpointId: `vpce-0123456789abcde${services.indexOf(service).toString(16).padStart(2, '0')}`,
      vpcEndpointType: 'Interface',
      vpcId,
      serviceName: `com.amazonaws.${region}.${service}`,
      privateDnsEnabled: true,
      subnetIds,
      routeTableIds: [],
      groupIds: [endpointGroup],
    });
}

/** Those that Lambda makes for the function, one in each subnet. */
function addInterfaces(network: Ec2Network, { subnetIds, functionGroupIds }: PrivateNetwork): void {
  for (const [index, subnetId] of subnetIds.entries())
    network.interfaces.push({
      networkInterfaceId: `eni-0000000000000000${index}`,
      interfaceType: 'lambda',
      vpcId,
      subnetId,
      addresses: [network.freeAddress(subnetId)],
      ipv6Addresses: [],
      groupIds: functionGroupIds,
    });
}

function addInstances(network: Ec2Network, { subnetIds, instanceIds, apiAddress }: PrivateNetwork): void {
  for (const [index, instanceId] of instanceIds.entries()) {
    network.instanceProfiles.set(instanceId, hostProfile);
    network.interfaces.push({
      networkInterfaceId: `eni-${(10 + index).toString(16).padStart(17, '0')}`,
      interfaceType: 'interface',
      vpcId,
      subnetId: subnetIds[0] ?? '',
      addresses: [index === 0 ? apiAddress : `10.0.200.${index}`],
      ipv6Addresses: [],
      groupIds: [apiGroup],
      instanceId,
    });
  }
}
