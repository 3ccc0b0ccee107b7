/** What EC2 says about the network of a function and of what it calls, as far as the rules here go by it. */

import type { Seen } from './seen.ts';

/** Where a rule allows traffic from (ingress) or to (egress): one of the three. */
export type RulePeer =
  | { readonly cidr: string }
  | {
      readonly groupId: string;
      /** Whose group it is, if not of this account. */
      readonly ownerId?: string | undefined;
      /** Of a group in a peer VPC. The rule counts only while this is `active`. */
      readonly peeringStatus?: string | undefined;
    }
  | { readonly prefixListId: string };

export type Direction = 'ingress' | 'egress';

export interface SecurityGroupRule {
  readonly id: string;
  readonly direction: Direction;
  /** As AWS writes it: `tcp`, `udp`, `icmp`, `-1` for all of them, or a number of IANA's, of which 6 is TCP. */
  readonly protocol: string;
  /** -1 stands for all ports. */
  readonly fromPort: number;
  readonly toPort: number;
  readonly peer: RulePeer;
}

export interface SecurityGroup {
  readonly id: string;
  /** The account; `undefined` if nobody could look. */
  readonly ownerId: string | undefined;
  readonly rules: Seen<readonly SecurityGroupRule[]>;
}

/** One end of a connection: a network interface, or several that are set up alike. */
export interface NetworkParty {
  readonly vpcId: string;
  /** All that are attached to it: their rules add up. */
  readonly groups: readonly SecurityGroup[];
  /**
   * Its own addresses, not public ones that lead to it: rules with groups go by those. A block, such as that of the
   * subnet, stands for an address somewhere in it. Empty if nobody knows.
   */
  readonly addresses: readonly string[];
}

/** The blocks in each prefix list that a rule names. */
export type PrefixLists = ReadonlyMap<string, Seen<readonly string[]>>;

export interface Subnet {
  readonly id: string;
  readonly availabilityZone: string;
  readonly cidrs: readonly string[];
}

export interface VpcEndpoint {
  readonly id: string;
  /** E.g. `com.amazonaws.ap-northeast-2.ssm`. */
  readonly serviceName: string;
  /** `Interface` and `Gateway` matter here. */
  readonly type: string;
  /** In lower case: `available`, `pending`, `failed`, … */
  readonly state: string;
  readonly privateDns: boolean;
  /** Of an interface endpoint: it has a network interface in each. */
  readonly subnetIds: readonly string[];
  /** Of a gateway endpoint. */
  readonly routeTableIds: readonly string[];
  /** Of an interface endpoint: its groups and the addresses of its network interfaces. */
  readonly party: NetworkParty;
}

export interface Route {
  /** A block, or the id of a prefix list. */
  readonly destination: string;
  /** The id of what it leads to, e.g. `nat-…`, `igw-…`, `tgw-…`, `eni-…`, or `local`. */
  readonly target: string;
  /** `active` or `blackhole`. */
  readonly state: string;
}

export interface RouteTable {
  readonly id: string;
  /** Whether it is that of all subnets without one of their own. */
  readonly isMain: boolean;
  readonly subnetIds: readonly string[];
  readonly routes: readonly Route[];
}

export interface NatGateway {
  readonly id: string;
  /** `available`, `pending`, `failed`, `deleting` or `deleted`. */
  readonly state: string;
  /** A private one leads to other networks, not to the internet. */
  readonly isPublic: boolean;
}

export interface VpcFacts {
  readonly id: string;
  readonly region: string;
  readonly dnsSupport: Seen<boolean>;
  readonly dnsHostnames: Seen<boolean>;
  /** The function's. */
  readonly subnets: Seen<readonly Subnet[]>;
  readonly endpoints: Seen<readonly VpcEndpoint[]>;
  readonly routeTables: Seen<readonly RouteTable[]>;
  readonly natGateways: Seen<readonly NatGateway[]>;
  readonly prefixLists: PrefixLists;
  /** The id of AWS's own prefix list for a service with gateway endpoints, by the service's name. */
  readonly gatewayLists: ReadonlyMap<string, string>;
}

/** What has an address that a function connects to. */
export type AddressOwner =
  | {
      readonly kind: 'interface';
      readonly networkInterfaceId: string;
      /** `undefined` if it is not one of an instance. */
      readonly instanceId: string | undefined;
      readonly party: NetworkParty;
      /** Whether it is in the function's VPC or in one that an active peering connects to it. */
      readonly isConnected: boolean;
    }
  /** A public address. Rules that name groups don't count for what goes through it. */
  | {
      readonly kind: 'publicAddress';
      readonly networkInterfaceId: string;
      readonly instanceId: string | undefined;
    }
  | { readonly kind: 'nobody' };

export interface InstanceFacts {
  readonly id: string;
  /** `running`, `stopped`, … */
  readonly state: string;
  /** Private IPv4 and IPv6 addresses. */
  readonly addresses: readonly string[];
  /** Of its instance profile; absent if it has none. */
  readonly profileArn?: string;
}

/** The network that a function is in. */
export interface FunctionNetwork {
  readonly subnetIds: readonly string[];
  /** Of the network interfaces that Lambda has made for it; none if it has taken them back, or nobody could look. */
  readonly interfaceIds?: readonly string[];
  readonly party: NetworkParty;
}
