/** Security groups and the ends of a path, written short: a rule is a line such as `sg-a in tcp 8000 sg-f`. */

import type {
  FunctionNetwork,
  NetworkParty,
  RouteTable,
  RulePeer,
  SecurityGroup,
  SecurityGroupRule,
  VpcEndpoint,
  VpcFacts,
} from '../../workflow/network/facts.ts';
import { type Seen, seen, unseen } from '../../workflow/network/seen.ts';

export const ownAccount = '111122223333';

/** The rule with which AWS makes a group. */
export const defaultEgress = (groupId: string): string => `${groupId} out -1 all 0.0.0.0/0`;

/** `<group> <in|out> <protocol> <all | port | port-port> <block | sg-…[@peering status] | pl-…>` */
export function ruleOf(line: string): SecurityGroupRule & { readonly groupId: string } {
  const [groupId = '', way = '', protocol = '', ports = '', peer = ''] = line.split(' ');
  const [from = '', to = from] = ports === 'all' ? ['-1'] : ports.split('-');
  return {
    groupId,
    id: line,
    direction: way === 'in' ? 'ingress' : 'egress',
    protocol,
    fromPort: Number(from),
    toPort: Number(to),
    peer: peerOf(peer),
  };
}

function peerOf(text: string): RulePeer {
  if (text.startsWith('pl-')) return { prefixListId: text };
  if (!text.startsWith('sg-')) return { cidr: text };
  const [groupId = '', peeringStatus] = text.split('@');
  return { groupId, peeringStatus };
}

export interface PartyPart {
  readonly groups?: readonly string[];
  readonly addresses?: readonly string[];
  readonly vpcId?: string;
  readonly ownerId?: string;
}

/** @param unread groups whose rules could not be read, with the reason. */
export function partyOf(
  { groups = [], addresses = [], vpcId = 'vpc-1', ownerId = ownAccount }: PartyPart,
  rules: readonly string[],
  unread: Readonly<Record<string, string>> = {},
): NetworkParty {
  const all = rules.map(ruleOf);
  const group = (id: string): SecurityGroup => {
    const why = unread[id];
    const own: Seen<readonly SecurityGroupRule[]> =
      why === undefined
        ? seen(all.filter(({ groupId }) => groupId === id).map(({ groupId, ...rule }) => rule))
        : unseen(why);
    return { id, ownerId, rules: own };
  };
  return { vpcId, addresses, groups: groups.map(group) };
}

/** The function's subnets, in two zones of vpc-1. */
export const subnetIds = ['subnet-a', 'subnet-b'];

/** A function with the group sg-f, which lets everything out unless there are other rules. */
export const callerWith = (...rules: readonly string[]): FunctionNetwork => ({
  subnetIds,
  party: partyOf(
    { groups: ['sg-f'], addresses: ['10.0.1.0/24', '10.0.2.0/24'] },
    rules.length > 0 ? rules : [defaultEgress('sg-f')],
  ),
});

/** An endpoint for SSM with the group sg-e, which lets sg-f in unless there are other rules. */
export const interfaceEndpoint = (part: Partial<VpcEndpoint> = {}, ...rules: string[]): VpcEndpoint => ({
  id: 'vpce-1',
  serviceName: 'com.amazonaws.ap-northeast-2.ssm',
  type: 'Interface',
  state: 'available',
  privateDns: true,
  subnetIds,
  routeTableIds: [],
  party: partyOf(
    { groups: ['sg-e'], addresses: ['10.0.1.9', '10.0.2.9'] },
    rules.length > 0 ? rules : ['sg-e in tcp 443 sg-f'],
  ),
  ...part,
});

/** An endpoint for DynamoDB. */
export const gatewayEndpoint = (...routeTableIds: string[]): VpcEndpoint => ({
  ...interfaceEndpoint(),
  id: 'vpce-2',
  serviceName: 'com.amazonaws.ap-northeast-2.dynamodb',
  type: 'Gateway',
  privateDns: false,
  subnetIds: [],
  routeTableIds,
  party: partyOf({}, []),
});

const tableOf = (id: string, ownSubnets: readonly string[], target = '', state = 'active'): RouteTable => ({
  id,
  isMain: id === 'rtb-main',
  subnetIds: ownSubnets,
  routes: [
    { destination: '10.0.0.0/16', target: 'local', state: 'active' },
    ...(target === '' ? [] : [{ destination: '0.0.0.0/0', target, state }]),
  ],
});

/** A table for each subnet, with the target of its default route. */
export const tablesWith = (a = '', b = a, state = 'active') => ({
  routeTables: seen([
    tableOf('rtb-main', []),
    tableOf('rtb-a', ['subnet-a'], a),
    tableOf('rtb-b', ['subnet-b'], b, state),
  ]),
});

/** No table of a subnet's own: both have that of the VPC. */
export const mainTableWith = (target: string) => ({
  routeTables: seen([tableOf('rtb-x', ['subnet-x']), tableOf('rtb-main', [], target)]),
});

export const endpoints = (...found: VpcEndpoint[]) => ({ endpoints: seen(found) });

/** A VPC without endpoints and without a route to the internet, but for `part`. */
export const vpcWith = (...parts: Partial<VpcFacts>[]): VpcFacts => ({
  id: 'vpc-1',
  region: 'ap-northeast-2',
  dnsSupport: seen(true),
  dnsHostnames: seen(true),
  subnets: seen([
    { id: 'subnet-a', availabilityZone: 'ap-northeast-2a', cidrs: ['10.0.1.0/24'] },
    { id: 'subnet-b', availabilityZone: 'ap-northeast-2b', cidrs: ['10.0.2.0/24'] },
  ]),
  endpoints: seen([]),
  ...tablesWith(),
  natGateways: seen([
    { id: 'nat-1', state: 'available', isPublic: true },
    { id: 'nat-2', state: 'available', isPublic: true },
    { id: 'nat-failed', state: 'failed', isPublic: true },
    { id: 'nat-private', state: 'available', isPublic: false },
  ]),
  prefixLists: new Map([['pl-dynamodb', seen(['52.94.0.0/22', '2600:1f00::/32'])]]),
  gatewayLists: new Map([['dynamodb', 'pl-dynamodb']]),
  ...Object.assign({}, ...parts),
});
