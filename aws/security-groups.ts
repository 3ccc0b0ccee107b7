/** Security groups with their rules, and the prefix lists that rules name. */

import {
  type EC2Client,
  paginateDescribeManagedPrefixLists,
  paginateDescribeSecurityGroupRules,
  paginateDescribeSecurityGroups,
  paginateGetManagedPrefixListEntries,
} from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import type { PrefixLists, RulePeer, SecurityGroup, SecurityGroupRule } from '../workflow/network/facts.ts';
import { type Seen, seen, unseen } from '../workflow/network/seen.ts';
import { filter, lookAt } from './ec2.ts';

const Group = v.object({ GroupId: v.string(), OwnerId: v.string() });

/** A rule names one peer; one without any does not parse. */
const Rule = v.pipe(
  v.object({
    SecurityGroupRuleId: v.string(),
    GroupId: v.string(),
    IsEgress: v.boolean(),
    IpProtocol: v.string(),
    FromPort: v.optional(v.number(), -1),
    ToPort: v.optional(v.number(), -1),
    CidrIpv4: v.optional(v.string()),
    CidrIpv6: v.optional(v.string()),
    PrefixListId: v.optional(v.string()),
    ReferencedGroupInfo: v.optional(
      v.object({
        GroupId: v.string(),
        UserId: v.optional(v.string()),
        PeeringStatus: v.optional(v.string()),
      }),
    ),
  }),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
    const peer = peerOf(value);
    if (!peer) {
      addIssue({ message: 'a rule without a peer' });
      return NEVER;
    }
    const rule: SecurityGroupRule = {
      id: value.SecurityGroupRuleId,
      direction: value.IsEgress ? 'egress' : 'ingress',
      protocol: value.IpProtocol,
      fromPort: value.FromPort,
      toPort: value.ToPort,
      peer,
    };
    return { groupId: value.GroupId, rule };
  }),
);

function peerOf(rule: {
  readonly CidrIpv4?: string | undefined;
  readonly CidrIpv6?: string | undefined;
  readonly PrefixListId?: string | undefined;
  readonly ReferencedGroupInfo?:
    | { GroupId: string; UserId?: string | undefined; PeeringStatus?: string | undefined }
    | undefined;
}): RulePeer | undefined {
  const cidr = rule.CidrIpv4 ?? rule.CidrIpv6;
  if (cidr !== undefined) return { cidr };
  if (rule.PrefixListId !== undefined) return { prefixListId: rule.PrefixListId };
  const group = rule.ReferencedGroupInfo;
  return group && { groupId: group.GroupId, ownerId: group.UserId, peeringStatus: group.PeeringStatus };
}

/** Each group by its id. One that AWS doesn't show, such as one of another account, is there without its rules. */
export async function readSecurityGroups(
  ec2: EC2Client,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SecurityGroup>> {
  const groupIds = [...new Set(ids)];
  if (groupIds.length === 0) return new Map();
  const resource = groupIds.join(', ');
  const Filters = [filter('group-id', ...groupIds)];
  const [groups, rules] = await Promise.all([
    lookAt(
      { action: 'ec2:DescribeSecurityGroups', resource },
      paginateDescribeSecurityGroups({ client: ec2 }, { Filters }),
      (page) => page.SecurityGroups,
      Group,
    ),
    lookAt(
      { action: 'ec2:DescribeSecurityGroupRules', resource },
      paginateDescribeSecurityGroupRules({ client: ec2 }, { Filters }),
      (page) => page.SecurityGroupRules,
      Rule,
    ),
  ]);
  const rulesOf = (id: string): SecurityGroup['rules'] => {
    if (!rules.seen) return rules;
    const own = rules.value.filter(({ groupId }) => groupId === id).map(({ rule }) => rule);
    if (own.length > 0) return seen(own);
    // Nobody knows whether a group without rules is there at all, unless it is shown.
    if (!groups.seen) return groups;
    return groups.value.some(({ GroupId }) => GroupId === id)
      ? seen([])
      : unseen('ec2:DescribeSecurityGroups does not show it');
  };
  const ownerOf = (id: string) =>
    groups.seen ? groups.value.find(({ GroupId }) => GroupId === id)?.OwnerId : undefined;
  return new Map(groupIds.map((id) => [id, { id, ownerId: ownerOf(id), rules: rulesOf(id) }]));
}

/** Those that rules of the groups name, and the others given. */
export async function readPrefixLists(
  ec2: EC2Client,
  groups: Iterable<SecurityGroup>,
  others: readonly string[],
): Promise<PrefixLists> {
  const named = [...groups].flatMap(({ rules }) =>
    rules.seen ? rules.value.flatMap(({ peer }) => ('prefixListId' in peer ? [peer.prefixListId] : [])) : [],
  );
  const read = async (id: string): Promise<[string, Seen<readonly string[]>]> => [
    id,
    await lookAt(
      { action: 'ec2:GetManagedPrefixListEntries', resource: id },
      paginateGetManagedPrefixListEntries({ client: ec2 }, { PrefixListId: id }),
      (page) => page.Entries,
      v.pipe(
        v.object({ Cidr: v.string() }),
        v.transform(({ Cidr }) => Cidr),
      ),
    ),
  ];
  return new Map(await Promise.all([...new Set([...named, ...others])].map(read)));
}

/** The ids of AWS's own lists for services with gateway endpoints, by service; those that can't be looked up are left out. */
export async function readGatewayLists(
  ec2: EC2Client,
  region: string,
  services: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (services.length === 0) return new Map();
  const names = new Map(services.map((service) => [`com.amazonaws.${region}.${service}`, service]));
  const lists = await lookAt(
    { action: 'ec2:DescribeManagedPrefixLists', resource: [...names.keys()].join(', ') },
    paginateDescribeManagedPrefixLists(
      { client: ec2 },
      { Filters: [filter('prefix-list-name', ...names.keys())] },
    ),
    (page) => page.PrefixLists,
    v.object({ PrefixListId: v.string(), PrefixListName: v.string() }),
  );
  const found = lists.seen ? lists.value : [];
  return new Map(
    found.flatMap(({ PrefixListId, PrefixListName }) => {
      const service = names.get(PrefixListName);
      return service === undefined ? [] : [[service, PrefixListId] as const];
    }),
  );
}
