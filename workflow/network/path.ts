/**
 * Whether security groups let TCP through from one network interface to another.
 *
 * The rules are those of "Security group rules" in the Amazon VPC user guide: rules only allow; those of all groups of
 * an interface add up; a group without egress rules allows nothing out; groups are stateful, so the answer needs no
 * rule; a rule that names a group means the private addresses of all interfaces that have it, and itself if it is the
 * same group. Routes and network ACLs are not looked at.
 */

import { type AddressRange, asBlock, coverage, parseRange } from './addresses.ts';
import type {
  Direction,
  NetworkParty,
  PrefixLists,
  RulePeer,
  SecurityGroup,
  SecurityGroupRule,
} from './facts.ts';
import { unseen } from './seen.ts';

export interface PathQuestion {
  readonly source: NetworkParty;
  readonly destination: NetworkParty;
  readonly port: number;
  readonly prefixLists?: PrefixLists;
  /** Whether a new rule can name a group of the other VPC: an active peering of the same Region connects them. */
  readonly arePeered?: boolean;
}

/** A rule that opens what is blocked, and nothing else. */
export interface NewRule {
  readonly direction: Direction;
  readonly groupId: string;
  readonly port: number;
  /** More than one only for addresses. */
  readonly peers: readonly RulePeer[];
}

export interface BlockedSide {
  readonly direction: Direction;
  /** The groups that would have to allow it. */
  readonly groupIds: readonly string[];
  /** The addresses of the other end that they don't allow; empty if those are not known. */
  readonly addresses: readonly string[];
  /** `undefined` if it would have to name addresses that are not known. */
  readonly remedy: NewRule | undefined;
}

export type PathVerdict =
  /** With the ids of the rules that allow it. */
  | { readonly kind: 'allowed'; readonly egress: readonly string[]; readonly ingress: readonly string[] }
  | { readonly kind: 'blocked'; readonly sides: readonly BlockedSide[] }
  | { readonly kind: 'unknown'; readonly missing: readonly string[] };

/** Whether the source can open a TCP connection to the port of the destination. */
export function judgePath(question: PathQuestion): PathVerdict {
  const { source, destination, port, prefixLists = new Map(), arePeered = false } = question;
  const families = commonFamilies(source.addresses, destination.addresses);
  if (families.length === 0)
    return { kind: 'unknown', missing: ['an address of the same family, IPv4 or IPv6, at both ends'] };
  const canNameGroups = source.vpcId === destination.vpcId || arePeered;
  const judge = (direction: Direction, owner: NetworkParty, other: NetworkParty) =>
    judgeSide(
      { direction, owner, other: within(other, families), families, port, prefixLists },
      (addresses) => {
        const [group] = canNameGroups ? other.groups : [];
        return group
          ? [{ groupId: group.id, ...(isForeign(group, owner) ? { ownerId: group.ownerId } : {}) }]
          : addresses.map((address) => ({ cidr: asBlock(address) }));
      },
    );
  const egress = judge('egress', source, destination);
  const ingress = judge('ingress', destination, source);
  const sides = [egress, ingress].flatMap((side) => (side.kind === 'blocked' ? [side.side] : []));
  if (sides.length > 0) return { kind: 'blocked', sides };
  if (egress.kind === 'allowed' && ingress.kind === 'allowed')
    return { kind: 'allowed', egress: egress.rules, ingress: ingress.rules };
  const missing = [egress, ingress].flatMap((side) => (side.kind === 'unknown' ? side.missing : []));
  return { kind: 'unknown', missing: [...new Set(missing)] };
}

/**
 * Whether the groups let TCP out to addresses that have no groups, such as the internet's.
 *
 * @param peer what a new rule would name: a block or a prefix list.
 */
export function judgeEgress(
  source: NetworkParty,
  addresses: readonly string[],
  port: number,
  peer: RulePeer,
  prefixLists: PrefixLists = new Map(),
): PathVerdict {
  const other: NetworkParty = { vpcId: '', groups: [], addresses };
  const families = [4] as const;
  const egress = judgeSide({ direction: 'egress', owner: source, other, families, port, prefixLists }, () => [
    peer,
  ]);
  if (egress.kind === 'allowed') return { kind: 'allowed', egress: egress.rules, ingress: [] };
  return egress.kind === 'blocked' ? { kind: 'blocked', sides: [egress.side] } : egress;
}

interface SideQuestion {
  readonly direction: Direction;
  /** Whose groups are judged. */
  readonly owner: NetworkParty;
  readonly other: NetworkParty;
  /** In which the two can meet. */
  readonly families: readonly Family[];
  readonly port: number;
  readonly prefixLists: PrefixLists;
}

type SideVerdict =
  | { readonly kind: 'allowed'; readonly rules: readonly string[] }
  | { readonly kind: 'blocked'; readonly side: BlockedSide }
  | { readonly kind: 'unknown'; readonly missing: readonly string[] };

function judgeSide(
  { direction, owner, other, families, port, prefixLists }: SideQuestion,
  peersOf: (addresses: readonly string[]) => readonly RulePeer[],
): SideVerdict {
  const unread: string[] = [];
  const rules = owner.groups.flatMap(({ id, rules }) => {
    if (rules.seen) return rules.value.filter((rule) => concerns(rule, direction, port));
    unread.push(`the rules of ${id} (${rules.why})`);
    return [];
  });
  const otherIds = new Set(other.groups.map(({ id }) => id));
  const byGroup = rules.filter(
    ({ peer }) => 'groupId' in peer && otherIds.has(peer.groupId) && isInForce(peer),
  );
  if (byGroup.length > 0) return { kind: 'allowed', rules: byGroup.map(({ id }) => id) };

  const byAddress = rules.map(({ id, peer }) => ({ id, blocks: blocksOf(peer, prefixLists, unread) }));
  const allBlocks = byAddress.flatMap(({ blocks }) => blocks);
  const isKnown = other.addresses.length > 0;
  const asked = (isKnown ? other.addresses : families.map((family) => everything[family])).map((address) => {
    const range = parseRange(address);
    return { address, range, covered: range ? coverage(range, allBlocks) : 'part' };
  });
  if (asked.every(({ covered }) => covered === 'all')) {
    const isUsed = (blocks: readonly AddressRange[]) =>
      asked.some(({ range }) => range && coverage(range, blocks) !== 'none');
    return { kind: 'allowed', rules: byAddress.filter(({ blocks }) => isUsed(blocks)).map(({ id }) => id) };
  }
  const [groupId] = owner.groups.map(({ id }) => id);
  if (groupId === undefined) unread.push('the security groups of one end');
  const blocked = asked.filter(({ covered }) => covered === 'none').map(({ address }) => address);
  // What could not be read may allow it.
  if (unread.length === 0 && groupId !== undefined && blocked.length > 0) {
    const addresses = isKnown ? blocked : [];
    const peers = peersOf(addresses);
    const remedy = peers.length > 0 ? { direction, groupId, port, peers } : undefined;
    const groupIds = owner.groups.map(({ id }) => id);
    return { kind: 'blocked', side: { direction, groupIds, addresses, remedy } };
  }
  const vague = asked
    .filter(({ covered }) => covered === 'part')
    .map(({ address }) => `which of the addresses in ${address} it has`);
  return { kind: 'unknown', missing: [...unread, ...(isKnown ? vague : ['the addresses of one end'])] };
}

/** -1 is every protocol with every port, 6 is IANA's number of TCP. */
function concerns(rule: SecurityGroupRule, direction: Direction, port: number): boolean {
  if (rule.direction !== direction) return false;
  if (rule.protocol === '-1') return true;
  if (rule.protocol !== 'tcp' && rule.protocol !== '6') return false;
  return rule.fromPort === -1 || (rule.fromPort <= port && port <= rule.toPort);
}

const isInForce = ({ peeringStatus = 'active' }: { readonly peeringStatus?: string | undefined }) =>
  peeringStatus === 'active';

function blocksOf(peer: RulePeer, prefixLists: PrefixLists, missing: string[]): readonly AddressRange[] {
  if ('groupId' in peer) return [];
  const read = (text: string) => {
    const range = parseRange(text);
    if (!range) missing.push(`what ${text} means`);
    return range ?? [];
  };
  if ('cidr' in peer) return [read(peer.cidr)].flat();
  const list = prefixLists.get(peer.prefixListId) ?? unseen('nobody looked');
  if (list.seen) return list.value.flatMap(read);
  missing.push(`the entries of ${peer.prefixListId} (${list.why})`);
  return [];
}

type Family = 4 | 6;

/** Stands for addresses that are not known. */
const everything: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' };

const familyOf = (address: string): Family => (address.includes(':') ? 6 : 4);

/** Those in which both have an address; an end whose addresses are not known may have both. */
function commonFamilies(ones: readonly string[], others: readonly string[]): readonly Family[] {
  const has = (addresses: readonly string[], family: Family) =>
    addresses.length === 0 || addresses.some((address) => familyOf(address) === family);
  return ([4, 6] as const).filter((family) => has(ones, family) && has(others, family));
}

const within = (party: NetworkParty, families: readonly Family[]): NetworkParty => ({
  ...party,
  addresses: party.addresses.filter((address) => families.includes(familyOf(address))),
});

const isForeign = ({ ownerId }: SecurityGroup, { groups }: NetworkParty) =>
  ownerId !== undefined && groups[0]?.ownerId !== undefined && groups[0].ownerId !== ownerId;
