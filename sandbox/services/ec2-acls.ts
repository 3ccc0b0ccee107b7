/** Network ACLs of subnets: how they are shown, how an entry is added, and what they let through. */
import * as v from 'valibot';
import { coverage, parseRange } from '../../workflow/network/addresses.ts';
import { AwsError, operation } from '../endpoint.ts';
import { FormBoolean, FormInteger } from '../query-protocol.ts';
import { accountId } from '../template.ts';
import { describe } from './ec2-describe.ts';
import type { Acl, Ec2Network } from './ec2-network.ts';

const Entry = v.object({
  NetworkAclId: v.string(),
  RuleNumber: v.pipe(FormInteger, v.minValue(1), v.maxValue(32_766)),
  Protocol: v.pipe(
    v.picklist(['-1', '6', 'tcp']),
    v.transform((protocol) => (protocol === 'tcp' ? '6' : protocol)),
  ),
  RuleAction: v.picklist(['allow', 'deny']),
  Egress: FormBoolean,
  CidrBlock: v.string(),
  PortRange: v.optional(v.object({ From: FormInteger, To: FormInteger })),
});

/** The last rule of each direction, which nobody can take away: what no other one lets through is denied. */
const lastRules = [true, false].map((egress) => ({
  ruleNumber: 32_767,
  protocol: '-1',
  ruleAction: 'deny',
  egress,
  cidrBlock: '0.0.0.0/0',
}));

export const aclOperations = (network: Ec2Network) => ({
  DescribeNetworkAcls: describe(network, {
    set: 'networkAclSet',
    entries: () => network.acls,
    idName: 'NetworkAclId',
    idOf: ({ networkAclId }) => networkAclId,
    notFound: 'InvalidNetworkAclID.NotFound',
    filters: { 'vpc-id': ({ vpcId }) => [vpcId], 'association.subnet-id': ({ subnetIds }) => subnetIds },
    elements: ({ networkAclId, vpcId, isDefault, subnetIds, entries }) => ({
      networkAclId,
      vpcId,
      default: isDefault,
      ownerId: accountId,
      entrySet: [...entries, ...lastRules],
      associationSet: subnetIds.map((subnetId) => ({ networkAclId, subnetId })),
    }),
  }),

  CreateNetworkAclEntry: operation(Entry, (entry) => {
    const acl = network.acls.find(({ networkAclId }) => networkAclId === entry.NetworkAclId);
    if (!acl)
      throw new AwsError(
        'InvalidNetworkAclID.NotFound',
        `The networkAcl ID '${entry.NetworkAclId}' does not exist`,
      );
    if (acl.entries.some((one) => one.egress === entry.Egress && one.ruleNumber === entry.RuleNumber))
      throw new AwsError(
        'NetworkAclEntryAlreadyExists',
        `The network acl entry ${entry.RuleNumber} already exists.`,
      );
    acl.entries = [
      ...acl.entries,
      {
        ruleNumber: entry.RuleNumber,
        protocol: entry.Protocol,
        ruleAction: entry.RuleAction,
        egress: entry.Egress,
        cidrBlock: entry.CidrBlock,
        ...(entry.PortRange ? { portRange: { from: entry.PortRange.From, to: entry.PortRange.To } } : {}),
      },
    ];
    return { return: true };
  }),
});

/** The ACL of a subnet: its own, or the default one of its VPC. */
export const aclOf = ({ acls }: Ec2Network, subnetId: string, vpcId: string): Acl | undefined =>
  acls.find(({ subnetIds }) => subnetIds.includes(subnetId)) ??
  acls.find((acl) => acl.isDefault && acl.vpcId === vpcId);

/** The rule with the lowest number that is about it decides. */
export function aclAllows({ entries }: Acl, egress: boolean, address: string, port: number): boolean {
  const range = parseRange(address);
  const [rule] = entries
    .filter((entry) => entry.egress === egress)
    .filter(({ protocol }) => protocol === '-1' || protocol === '6')
    .filter(({ portRange }) => !portRange || (portRange.from <= port && port <= portRange.to))
    .filter(({ cidrBlock }) => {
      const block = parseRange(cidrBlock);
      return range && block && coverage(range, [block]) === 'all';
    })
    .sort((one, other) => one.ruleNumber - other.ruleNumber);
  return rule?.ruleAction === 'allow';
}
