/**
 * The `aws` commands that open what is closed. Each is one line with double quotes only, which sh, PowerShell and cmd
 * read alike.
 */
import type { RulePeer } from './facts.ts';
import type { NewRule } from './path.ts';

/** `aws ec2 authorize-security-group-ingress …` or `…-egress …`. */
export function ruleCommand({ direction, groupId, port, peers }: NewRule): string {
  const permission = [
    'IpProtocol=tcp',
    `FromPort=${port}`,
    `ToPort=${port}`,
    ...fieldsOf(peers).map(([field, entries]) => `${field}=[${entries.join(',')}]`),
  ];
  return `aws ec2 authorize-security-group-${direction} --group-id ${groupId} --ip-permissions "${permission.join(',')}"`;
}

function fieldsOf(peers: readonly RulePeer[]): readonly (readonly [string, readonly string[]])[] {
  const fields = new Map<string, string[]>();
  for (const peer of peers) {
    const [field, entry] = entryOf(peer);
    fields.set(field, [...(fields.get(field) ?? []), entry]);
  }
  return [...fields];
}

function entryOf(peer: RulePeer): readonly [field: string, entry: string] {
  if ('groupId' in peer)
    return [
      'UserIdGroupPairs',
      `{GroupId=${peer.groupId}${peer.ownerId === undefined ? '' : `,UserId=${peer.ownerId}`}}`,
    ];
  if ('prefixListId' in peer) return ['PrefixListIds', `{PrefixListId=${peer.prefixListId}}`];
  return peer.cidr.includes(':')
    ? ['Ipv6Ranges', `{CidrIpv6=${peer.cidr}}`]
    : ['IpRanges', `{CidrIp=${peer.cidr}}`];
}

export function interfaceEndpointCommand(endpoint: {
  readonly vpcId: string;
  readonly serviceName: string;
  readonly subnetIds: readonly string[];
  readonly groupIds: readonly string[];
}): string {
  const { vpcId, serviceName, subnetIds, groupIds } = endpoint;
  return `aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --vpc-id ${vpcId} --service-name ${serviceName} --subnet-ids ${subnetIds.join(' ')} --security-group-ids ${groupIds.join(' ')} --private-dns-enabled`;
}

export function gatewayEndpointCommand(endpoint: {
  readonly vpcId: string;
  readonly serviceName: string;
  readonly routeTableIds: readonly string[];
}): string {
  const { vpcId, serviceName, routeTableIds } = endpoint;
  return `aws ec2 create-vpc-endpoint --vpc-endpoint-type Gateway --vpc-id ${vpcId} --service-name ${serviceName} --route-table-ids ${routeTableIds.join(' ')}`;
}

export const addRouteTablesCommand = (endpointId: string, routeTableIds: readonly string[]): string =>
  `aws ec2 modify-vpc-endpoint --vpc-endpoint-id ${endpointId} --add-route-table-ids ${routeTableIds.join(' ')}`;

export const addSubnetsCommand = (endpointId: string, subnetIds: readonly string[]): string =>
  `aws ec2 modify-vpc-endpoint --vpc-endpoint-id ${endpointId} --add-subnet-ids ${subnetIds.join(' ')}`;

export const privateDnsCommand = (endpointId: string): string =>
  `aws ec2 modify-vpc-endpoint --vpc-endpoint-id ${endpointId} --private-dns-enabled`;

/** ModifyVpcAttribute takes one attribute a call. */
export const vpcAttributeCommand = (vpcId: string, attribute: 'dns-support' | 'dns-hostnames'): string =>
  `aws ec2 modify-vpc-attribute --vpc-id ${vpcId} --enable-${attribute} "Value=true"`;
