/** What the rules about endpoints and about NAT gateways both ask of a VPC. */

import type { RouteTable, VpcFacts } from './facts.ts';
import type { Seen } from './seen.ts';

/** The port of every AWS service. */
export const httpsPort = 443;

/** What the rules here leave out, although it can block a way too. */
export const notLookedAt: readonly string[] = [
  'network ACLs',
  'routes between subnets and VPCs',
  'the subnet of a NAT gateway',
  'policies of endpoints',
  'firewalls, DNS servers of your own, and Block Public Access of the VPC',
];

/** That of the subnet itself, or else the main one of the VPC. */
export function routeTableOf(subnetId: string, tables: readonly RouteTable[]): RouteTable | undefined {
  return tables.find(({ subnetIds }) => subnetIds.includes(subnetId)) ?? tables.find(({ isMain }) => isMain);
}

export type DnsAttribute = 'dns-support' | 'dns-hostnames';

/** The names of the attributes in EC2's API. */
export const dnsAttributeNames: Readonly<Record<DnsAttribute, string>> = {
  'dns-support': 'enableDnsSupport',
  'dns-hostnames': 'enableDnsHostnames',
};

/** Of the two attributes that private DNS needs, those that are off, and why others are not known. */
export function dnsAttributes({ id, dnsSupport, dnsHostnames }: VpcFacts): {
  readonly off: readonly DnsAttribute[];
  readonly missing: readonly string[];
} {
  const all: readonly (readonly [DnsAttribute, Seen<boolean>])[] = [
    ['dns-support', dnsSupport],
    ['dns-hostnames', dnsHostnames],
  ];
  return {
    off: all.flatMap(([name, look]) => (look.seen && !look.value ? [name] : [])),
    missing: all.flatMap(([name, look]) =>
      !look.seen ? [`${dnsAttributeNames[name]} of ${id} (${look.why})`] : [],
    ),
  };
}
