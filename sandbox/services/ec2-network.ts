/** A VPC in which a function, its API and the endpoints for AWS's services are, as far as a diagnosis looks at it. */
import { randomBytes } from 'node:crypto';
import { AwsError } from '../endpoint.ts';
import { region } from '../template.ts';

/** Where a rule of a security group allows traffic from or to: one of the four. */
export interface RulePeer {
  readonly cidrIpv4?: string;
  readonly cidrIpv6?: string;
  readonly prefixListId?: string;
  readonly groupId?: string;
}

export interface GroupRule extends RulePeer {
  readonly securityGroupRuleId: string;
  readonly isEgress: boolean;
  readonly ipProtocol: string;
  /** -1 with the protocol -1. */
  readonly fromPort: number;
  readonly toPort: number;
  readonly description?: string | undefined;
}
export type NewGroupRule = Omit<GroupRule, 'securityGroupRuleId'>;

export interface Group {
  readonly groupId: string;
  readonly groupName: string;
  readonly vpcId: string;
  rules: readonly GroupRule[];
}

export interface Vpc {
  readonly vpcId: string;
  readonly cidrBlock: string;
  enableDnsSupport: boolean;
  enableDnsHostnames: boolean;
}

export interface VpcSubnet {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly availabilityZone: string;
  readonly cidrBlock: string;
}

export interface VpcRoute {
  readonly destinationCidrBlock?: string;
  readonly destinationPrefixListId?: string;
  readonly gatewayId?: string;
  readonly natGatewayId?: string;
  readonly vpcPeeringConnectionId?: string;
  readonly state: 'active' | 'blackhole';
}

export interface AclEntry {
  readonly ruleNumber: number;
  /** `-1` for all, or a number of IANA's. */
  readonly protocol: string;
  readonly ruleAction: 'allow' | 'deny';
  readonly egress: boolean;
  readonly cidrBlock: string;
  readonly portRange?: { readonly from: number; readonly to: number };
}

export interface Acl {
  readonly networkAclId: string;
  readonly vpcId: string;
  /** Whether it is that of all subnets without one of their own. */
  readonly isDefault: boolean;
  readonly subnetIds: readonly string[];
  entries: readonly AclEntry[];
}

export interface VpcRouteTable {
  readonly routeTableId: string;
  readonly vpcId: string;
  readonly isMain: boolean;
  readonly subnetIds: readonly string[];
  routes: readonly VpcRoute[];
}

export interface Nat {
  readonly natGatewayId: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly connectivityType: 'public' | 'private';
  state: 'pending' | 'available' | 'failed' | 'deleting' | 'deleted';
}

export interface NetworkInterface {
  readonly networkInterfaceId: string;
  readonly interfaceType: 'interface' | 'lambda' | 'vpc_endpoint';
  readonly vpcId: string;
  readonly subnetId: string;
  readonly addresses: readonly string[];
  readonly ipv6Addresses: readonly string[];
  readonly publicIp?: string;
  groupIds: readonly string[];
  readonly instanceId?: string;
  /** Of the instance. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Not shown: an endpoint names its interfaces, not the other way round. */
  readonly vpcEndpointId?: string;
}

export interface Endpoint {
  readonly vpcEndpointId: string;
  readonly vpcEndpointType: 'Interface' | 'Gateway';
  readonly vpcId: string;
  readonly serviceName: string;
  readonly createdAtMs: number;
  /** Before that, it is pending. */
  readonly availableFromMs: number;
  privateDnsEnabled: boolean;
  subnetIds: readonly string[];
  routeTableIds: readonly string[];
  readonly groupIds: readonly string[];
}

export interface PrefixList {
  readonly prefixListId: string;
  readonly prefixListName: string;
  readonly cidrs: readonly string[];
}

export interface Peering {
  readonly vpcPeeringConnectionId: string;
  readonly requesterVpcId: string;
  readonly accepterVpcId: string;
  readonly status: string;
}

/** As AWS makes them. */
export const newId = (prefix: string): string => `${prefix}-0${randomBytes(8).toString('hex')}`;

/** All traffic to anywhere over IPv4: the egress rule with which AWS makes a group. */
export const defaultEgress: NewGroupRule = {
  isEgress: true,
  ipProtocol: '-1',
  fromPort: -1,
  toPort: -1,
  cidrIpv4: '0.0.0.0/0',
};

/** All traffic in both directions: the rules with which AWS makes the default ACL of a VPC. */
export const defaultAclEntries: readonly AclEntry[] = [true, false].map((egress) => ({
  ruleNumber: 100,
  protocol: '-1',
  ruleAction: 'allow',
  egress,
  cidrBlock: '0.0.0.0/0',
}));

export interface Ec2Options {
  /** How long a new interface endpoint is pending. */
  readonly endpointMilliseconds?: number | undefined;
}

/** What is there can be changed as one likes; the methods are what EC2's operations do. */
export class Ec2Network {
  readonly vpcs: Vpc[] = [];
  readonly subnets: VpcSubnet[] = [];
  readonly groups: Group[] = [];
  readonly routeTables: VpcRouteTable[] = [];
  readonly natGateways: Nat[] = [];
  readonly interfaces: NetworkInterface[] = [];
  readonly endpoints: Endpoint[] = [];
  readonly peerings: Peering[] = [];
  readonly acls: Acl[] = [];
  /** How long an analysis of Reachability Analyzer runs; on AWS some minutes. */
  analysisMilliseconds = 0;
  /** The ids of the instances that do not run; every other one does. */
  readonly stoppedInstances = new Set<string>();
  /** The name of the instance profile of each instance that has one. */
  readonly instanceProfiles = new Map<string, string>();
  readonly prefixLists: PrefixList[] = ['dynamodb', 's3'].map((service) => ({
    prefixListId: newId('pl'),
    prefixListName: `com.amazonaws.${region}.${service}`,
    cidrs: [service === 'dynamodb' ? '52.94.0.0/22' : '52.219.0.0/16'],
  }));
  /** How many entries an answer has if the request doesn't say. */
  pageSize = 1000;
  readonly #endpointMilliseconds: number;

  constructor({ endpointMilliseconds = 1000 }: Ec2Options = {}) {
    this.#endpointMilliseconds = endpointMilliseconds;
  }

  /** @throws AwsError InvalidGroup.NotFound */
  group(groupId: string): Group {
    return find(
      this.groups,
      (one) => one.groupId === groupId,
      'InvalidGroup.NotFound',
      `security group ${groupId}`,
    );
  }

  /** @throws AwsError InvalidVpcID.NotFound */
  vpc(vpcId: string): Vpc {
    return find(this.vpcs, (one) => one.vpcId === vpcId, 'InvalidVpcID.NotFound', `vpc ${vpcId}`);
  }

  /** @throws AwsError InvalidSubnetID.NotFound */
  subnet(subnetId: string): VpcSubnet {
    const isIt = (one: VpcSubnet) => one.subnetId === subnetId;
    return find(this.subnets, isIt, 'InvalidSubnetID.NotFound', `subnet ${subnetId}`);
  }

  /** @throws AwsError InvalidVpcEndpointId.NotFound */
  endpoint(vpcEndpointId: string): Endpoint {
    const isIt = (one: Endpoint) => one.vpcEndpointId === vpcEndpointId;
    return find(this.endpoints, isIt, 'InvalidVpcEndpointId.NotFound', `VPC endpoint ${vpcEndpointId}`);
  }

  /** @throws AwsError InvalidPrefixListID.NotFound */
  prefixList(prefixListId: string): PrefixList {
    const isIt = (one: PrefixList) => one.prefixListId === prefixListId;
    return find(this.prefixLists, isIt, 'InvalidPrefixListID.NotFound', `prefix list ${prefixListId}`);
  }

  /** Groups as other resources name them. */
  groupSet(groupIds: readonly string[]) {
    return groupIds.map((groupId) => ({ groupId, groupName: this.group(groupId).groupName }));
  }

  addGroup(group: Omit<Group, 'rules'>, rules: readonly NewGroupRule[]): void {
    const own = rules.map((rule) => ({ ...rule, securityGroupRuleId: newId('sgr') }));
    this.groups.push({ ...group, rules: own });
  }

  /** With a network interface in each subnet, if it has subnets. */
  addEndpoint(endpoint: Omit<Endpoint, 'createdAtMs' | 'availableFromMs'>, isPending = false): Endpoint {
    const createdAtMs = Date.now();
    const pendingMs = isPending && endpoint.vpcEndpointType === 'Interface' ? this.#endpointMilliseconds : 0;
    const added = { ...endpoint, createdAtMs, availableFromMs: createdAtMs + pendingMs };
    this.endpoints.push(added);
    for (const subnetId of endpoint.subnetIds) this.addEndpointInterface(added, subnetId);
    return added;
  }

  addEndpointInterface({ vpcEndpointId, vpcId, groupIds }: Endpoint, subnetId: string): void {
    this.interfaces.push({
      networkInterfaceId: newId('eni'),
      vpcEndpointId,
      interfaceType: 'vpc_endpoint',
      vpcId,
      subnetId,
      addresses: [this.freeAddress(subnetId)],
      ipv6Addresses: [],
      groupIds,
    });
  }

  /** The first address of a subnet that AWS doesn't keep for itself and nobody has. */
  freeAddress(subnetId: string): string {
    const base = this.subnet(subnetId).cidrBlock.replace(/\.0\/\d+$/, '');
    const taken = new Set(this.interfaces.flatMap(({ addresses }) => addresses));
    for (let last = 4; last < 255; last += 1) if (!taken.has(`${base}.${last}`)) return `${base}.${last}`;
    throw new AwsError('InsufficientFreeAddressesInSubnet', `${subnetId} has no free address`);
  }
}

function find<T>(all: readonly T[], isIt: (one: T) => boolean, error: string, what: string): T {
  const found = all.find(isIt);
  if (!found) throw new AwsError(error, `The ${what} does not exist`);
  return found;
}
