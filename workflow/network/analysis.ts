/** What Reachability Analyzer says of a way, in words. */
import { listNames } from '../words.ts';

/** Why there is no way, as AWS explains it. */
export interface PathExplanation {
  /** One of those on AWS's page, such as `SUBNET_ACL_RESTRICTION`. */
  readonly code: string;
  readonly direction: 'ingress' | 'egress' | null;
  /** The ids of what it is about, what a person would change first. */
  readonly components: readonly string[];
}

export interface PathAnalysis {
  readonly isFound: boolean;
  readonly explanations: readonly PathExplanation[];
}

export const explanationPage = 'https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html';

/** After that page; the codes of load balancers, gateways and filters are left to it. */
const meanings: Readonly<Record<string, string>> = {
  BAD_STATE: 'something on the way does not work',
  BAD_STATE_ATTACHMENT: 'an attachment on the way does not work',
  BAD_STATE_ROUTE: 'a route leads to something that does not work',
  BAD_STATE_VPN: 'a VPN connection on the way does not work',
  CANNOT_ROUTE: 'a route is for other addresses',
  DISCONNECTED_VPCS: 'the two VPCs are not connected',
  ENI_SG_RULES_MISMATCH: 'no rule of the security groups lets it through',
  ENI_SOURCE_DEST_CHECK_RESTRICTION: 'the source/destination check of the network interface refuses it',
  FIREWALL_RULES_RESTRICTION: 'a rule of Network Firewall blocks it',
  HIGHER_PRIORITY_ROUTE: 'another route for the same addresses goes before',
  MORE_SPECIFIC_ROUTE: 'a more specific route leads elsewhere',
  NO_PATH: 'there is no way at all',
  NO_POSSIBLE_DESTINATION: 'it leads nowhere, or into another account or region',
  NO_ROUTE_TO_DESTINATION: 'the route table has no route there',
  NO_SOURCE_OR_DESTINATION: 'one end is not there any more',
  PCX_REQUIRES_ADDRESS_IN_VPC_CIDR: 'the peering does not lead to an address outside of its VPCs',
  SG_HAS_NO_RULES: 'the security group has no rules',
  SG_REFERENCES_NOT_PRESERVED: 'rules that name groups do not count on this way',
  SG_REFERENCING_SUPPORT: 'rules that name groups do not count through this transit gateway',
  SUBNET_ACL_RESTRICTION: 'the network ACL of the subnet blocks it',
  TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION: 'the attachment of the transit gateway has no route table',
  TGW_ROUTE_AZ_RESTRICTION: 'the transit gateway is not in the availability zone of the function',
  TGW_RTB_BAD_STATE_ROUTE: 'a route of the transit gateway does not work',
  TGW_RTB_CANNOT_ROUTE: 'a route of the transit gateway is for other addresses',
  TGW_RTB_HIGHER_PRIORITY_ROUTE: 'another route of the transit gateway goes before',
  TGW_RTB_MORE_SPECIFIC_ROUTE: 'a more specific route of the transit gateway leads elsewhere',
  TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT: 'the transit gateway has no route there',
  UNASSOCIATED_COMPONENT: 'one end is in no VPC of this account, or has no IPv4 address',
  UNKNOWN_PEERED_SGS: 'one of the peered VPCs is not known, and with it the groups that rules name',
  VPC_LOCAL_ROUTE_CIDR_RESTRICTION: 'the local route leads only to addresses of the VPC',
};

/** The explanations in a sentence: `the network ACL of the subnet blocks it (SUBNET_ACL_RESTRICTION, egress: acl-…)`. */
export function explain(explanations: readonly PathExplanation[]): string {
  const all = explanations.map(({ code, direction, components }) => {
    const where = components.length > 0 ? `: ${listNames(components, 4)}` : '';
    const about = `${code}${direction === null ? '' : `, ${direction}`}${where}`;
    const meaning = meanings[code];
    return meaning === undefined ? about : `${meaning} (${about})`;
  });
  return all.length > 0 ? listNames([...new Set(all)], 4) : 'it does not say why';
}
