/** Rules of security groups: how they are shown, and how they come and go. */
import * as v from 'valibot';
import { AwsError, operation } from '../endpoint.ts';
import { FormInteger } from '../query-protocol.ts';
import { accountId } from '../template.ts';
import {
  type Ec2Network,
  type Group,
  type GroupRule,
  type NewGroupRule,
  newId,
  type RulePeer,
} from './ec2-network.ts';

const list = <Entry extends v.GenericSchema>(entry: Entry) => v.optional(v.array(entry), []);
const Description = v.optional(v.string());

/** A range of ports goes with TCP and UDP; `-1` is all protocols with all ports, whatever ports are given. */
const IpPermission = v.object({
  IpProtocol: v.string(),
  FromPort: v.optional(FormInteger),
  ToPort: v.optional(FormInteger),
  Groups: list(v.object({ GroupId: v.string(), UserId: v.optional(v.string()), Description })),
  IpRanges: list(v.object({ CidrIp: v.string(), Description })),
  Ipv6Ranges: list(v.object({ CidrIpv6: v.string(), Description })),
  PrefixListIds: list(v.object({ PrefixListId: v.string(), Description })),
});
type IpPermission = v.InferOutput<typeof IpPermission>;

const Change = v.object({
  GroupId: v.string(),
  IpPermissions: list(IpPermission),
  /** In their place: one rule with a block. */
  IpProtocol: v.optional(v.string()),
  FromPort: v.optional(FormInteger),
  ToPort: v.optional(FormInteger),
  CidrIp: v.optional(v.string()),
});
type Change = v.InferOutput<typeof Change>;
const Revocation = v.object({ ...Change.entries, SecurityGroupRuleId: list(v.string()) });

export function ruleElements(network: Ec2Network, { groupId, vpcId }: Group, rule: GroupRule) {
  const { groupId: referencedId, ...rest } = rule;
  return {
    ...rest,
    groupId,
    groupOwnerId: accountId,
    referencedGroupInfo:
      referencedId === undefined
        ? undefined
        : { groupId: referencedId, userId: accountId, ...peeringOf(network, vpcId, referencedId) },
  };
}

/** The rules of one direction as permissions: those for the same protocol and ports together. */
export function permissionElements({ rules }: Group, isEgress: boolean) {
  const own = rules.filter((rule) => rule.isEgress === isEgress);
  const byRange = Map.groupBy(
    own,
    ({ ipProtocol, fromPort, toPort }) => `${ipProtocol} ${fromPort} ${toPort}`,
  );
  return [...byRange.values()].map((alike) => ({
    ipProtocol: alike[0]?.ipProtocol,
    // All protocols come without ports here.
    ...(alike[0]?.ipProtocol === '-1' ? {} : { fromPort: alike[0]?.fromPort, toPort: alike[0]?.toPort }),
    groups: alike.flatMap(({ groupId }) => (groupId === undefined ? [] : [{ groupId, userId: accountId }])),
    ipRanges: alike.flatMap(({ cidrIpv4: cidrIp }) => (cidrIp === undefined ? [] : [{ cidrIp }])),
    ipv6Ranges: alike.flatMap(({ cidrIpv6 }) => (cidrIpv6 === undefined ? [] : [{ cidrIpv6 }])),
    prefixListIds: alike.flatMap(({ prefixListId }) =>
      prefixListId === undefined ? [] : [{ prefixListId }],
    ),
  }));
}

/** A reference to a group of a peer VPC shows the peering. */
function peeringOf(network: Ec2Network, vpcId: string, referencedId: string) {
  const other = network.groups.find(({ groupId }) => groupId === referencedId)?.vpcId;
  if (other === undefined || other === vpcId) return {};
  const peering = network.peerings.find(
    ({ requesterVpcId, accepterVpcId }) =>
      [requesterVpcId, accepterVpcId].includes(vpcId) && [requesterVpcId, accepterVpcId].includes(other),
  );
  return {
    vpcId: other,
    vpcPeeringConnectionId: peering?.vpcPeeringConnectionId,
    peeringStatus: peering?.status ?? 'deleted',
  };
}

export function ruleOperations(network: Ec2Network) {
  const authorize = (isEgress: boolean) =>
    operation(Change, (change) => {
      const group = network.group(change.GroupId);
      const wanted = rulesOf(change, isEgress);
      for (const { groupId, prefixListId } of wanted) {
        if (groupId !== undefined) network.group(groupId);
        if (prefixListId !== undefined) network.prefixList(prefixListId);
      }
      const known = wanted.find((rule) => group.rules.some((one) => isSame(one, rule)));
      if (known)
        throw new AwsError(
          'InvalidPermission.Duplicate',
          `the specified rule "peer: ${peerText(known)}" already exists`,
        );
      const added = wanted.map((rule) => ({ ...rule, securityGroupRuleId: newId('sgr') }));
      group.rules = [...group.rules, ...added];
      return {
        return: true,
        securityGroupRuleSet: added.map((rule) => ruleElements(network, group, rule)),
      };
    });
  const revoke = (isEgress: boolean) =>
    operation(Revocation, ({ SecurityGroupRuleId, ...change }) => {
      const group = network.group(change.GroupId);
      const wanted = SecurityGroupRuleId.length > 0 ? [] : rulesOf(change, isEgress);
      const revoked = group.rules.filter(
        (one) =>
          one.isEgress === isEgress &&
          (SecurityGroupRuleId.includes(one.securityGroupRuleId) || wanted.some((rule) => isSame(one, rule))),
      );
      if (revoked.length < Math.max(wanted.length, SecurityGroupRuleId.length))
        throw new AwsError(
          'InvalidPermission.NotFound',
          'The specified rule does not exist in this security group.',
        );
      group.rules = group.rules.filter((rule) => !revoked.includes(rule));
      return { return: true };
    });
  return {
    AuthorizeSecurityGroupIngress: authorize(false),
    AuthorizeSecurityGroupEgress: authorize(true),
    RevokeSecurityGroupIngress: revoke(false),
    RevokeSecurityGroupEgress: revoke(true),
  };
}

/** @throws AwsError MissingParameter, or InvalidParameterValue for a port that TCP and UDP don't have. */
function rulesOf({ IpPermissions, IpProtocol, FromPort, ToPort, CidrIp }: Change, isEgress: boolean) {
  const single =
    IpProtocol === undefined || CidrIp === undefined
      ? []
      : [
          {
            IpProtocol,
            FromPort,
            ToPort,
            Groups: [],
            IpRanges: [{ CidrIp }],
            Ipv6Ranges: [],
            PrefixListIds: [],
          },
        ];
  const rules = [...IpPermissions, ...single].flatMap((permission) =>
    rulesOfPermission(permission, isEgress),
  );
  if (rules.length === 0) throw new AwsError('MissingParameter', 'The request must contain a rule');
  return rules;
}

function rulesOfPermission(permission: IpPermission, isEgress: boolean): NewGroupRule[] {
  const { IpProtocol, FromPort, ToPort } = permission;
  const isAll = IpProtocol === '-1';
  if (!isAll && (FromPort === undefined || ToPort === undefined || FromPort > ToPort || ToPort > 65_535))
    throw new AwsError('InvalidParameterValue', 'Invalid value for the range of ports');
  const common = {
    isEgress,
    ipProtocol: IpProtocol,
    fromPort: isAll ? -1 : (FromPort ?? -1),
    toPort: isAll ? -1 : (ToPort ?? -1),
  };
  return [
    ...permission.Groups.map(({ GroupId, Description }) => ({ peer: { groupId: GroupId }, Description })),
    ...permission.IpRanges.map(({ CidrIp, Description }) => ({ peer: { cidrIpv4: CidrIp }, Description })),
    ...permission.Ipv6Ranges.map((one) => ({
      peer: { cidrIpv6: one.CidrIpv6 },
      Description: one.Description,
    })),
    ...permission.PrefixListIds.map((one) => ({
      peer: { prefixListId: one.PrefixListId },
      Description: one.Description,
    })),
  ].map(({ peer, Description: description }) => ({ ...common, ...peer, description }));
}

const peerText = ({ cidrIpv4, cidrIpv6, prefixListId, groupId }: RulePeer) =>
  cidrIpv4 ?? cidrIpv6 ?? prefixListId ?? groupId ?? '';

/** Two rules are the same whatever their descriptions say. */
function isSame(one: NewGroupRule, other: NewGroupRule): boolean {
  const key = (rule: NewGroupRule) =>
    [rule.isEgress, rule.ipProtocol, rule.fromPort, rule.toPort, peerText(rule)].join(' ');
  return key(one) === key(other);
}
