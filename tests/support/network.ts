/** Security groups and the ends of a path, written short: a rule is a line such as `sg-a in tcp 8000 sg-f`. */
import type {
  Look,
  NetworkParty,
  RulePeer,
  SecurityGroup,
  SecurityGroupRule,
} from '../../workflow/network/facts.ts';

export const ownAccount = '111122223333';

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
    const own: Look<readonly SecurityGroupRule[]> =
      why === undefined
        ? { found: all.filter(({ groupId }) => groupId === id).map(({ groupId, ...rule }) => rule) }
        : { couldNotLook: why };
    return { id, ownerId, rules: own };
  };
  return { vpcId, addresses, groups: groups.map(group) };
}

/** The rule with which AWS makes a group. */
export const defaultEgress = (groupId: string): string => `${groupId} out -1 all 0.0.0.0/0`;
