/**
 * Whether a function in a VPC gets to the internet, where AWS's services are if the VPC has no endpoint for them.
 *
 * A function has no public address, so an internet gateway alone is no way out for it, not even in a public subnet:
 * "Enable internet access for VPC-connected Lambda functions" in the Lambda guide.
 */
import type { FunctionNetwork, NatGateway, RouteTable, VpcFacts } from './facts.ts';
import { judgeEgress, type PathVerdict } from './path.ts';
import { httpsPort, routeTableOf } from './vpc.ts';

export type InternetVerdict =
  | { readonly kind: 'byNat'; readonly natGatewayIds: readonly string[] }
  /** There are NAT gateways, but the function's groups let nothing out. */
  | { readonly kind: 'blocked'; readonly verdict: Extract<PathVerdict, { readonly kind: 'blocked' }> }
  | { readonly kind: 'none'; readonly found: readonly string[] }
  | { readonly kind: 'unknown'; readonly missing: readonly string[] };

/** Whether 443 on the whole internet can be reached over IPv4 from each of the function's subnets. */
export function internetThroughNat({ subnetIds, party }: FunctionNetwork, vpc: VpcFacts): InternetVerdict {
  if (!vpc.routeTables.seen)
    return { kind: 'unknown', missing: [`the route tables of ${vpc.id} (${vpc.routeTables.why})`] };
  const { value: tables } = vpc.routeTables;
  const ways = subnetIds.map((subnetId) => wayOut(subnetId, tables, vpc));
  const closed = ways.flatMap((way) => ('closed' in way ? [way.closed] : []));
  if (closed.length > 0) return { kind: 'none', found: [...new Set(closed)] };
  const missing = ways.flatMap((way) => ('missing' in way ? [way.missing] : []));
  if (missing.length > 0) return { kind: 'unknown', missing: [...new Set(missing)] };
  const verdict = judgeEgress(party, [everywhere], httpsPort, { cidr: everywhere }, vpc.prefixLists);
  if (verdict.kind === 'blocked') return { kind: 'blocked', verdict };
  if (verdict.kind === 'unknown')
    return {
      kind: 'unknown',
      missing: ["to which of the internet's addresses the function's groups let it out"],
    };
  // It is on unless somebody has switched it off.
  if (vpc.dnsSupport.seen && !vpc.dnsSupport.value)
    return {
      kind: 'unknown',
      missing: [`which DNS server the function asks: enableDnsSupport is off in ${vpc.id}`],
    };
  return {
    kind: 'byNat',
    natGatewayIds: [...new Set(ways.flatMap((way) => ('natId' in way ? [way.natId] : [])))],
  };
}

const everywhere = '0.0.0.0/0';

type Way = { readonly natId: string } | { readonly closed: string } | { readonly missing: string };

function wayOut(subnetId: string, tables: readonly RouteTable[], { natGateways }: VpcFacts): Way {
  const table = routeTableOf(subnetId, tables);
  if (!table) return { missing: `the route table of ${subnetId}` };
  const route = table.routes.find(({ destination }) => destination === everywhere);
  if (!route) return { closed: `${subnetId} has no route to the internet (${table.id})` };
  const { target, state } = route;
  if (state !== 'active')
    return { closed: `the default route of ${subnetId} leads to ${target}, which is gone (${table.id})` };
  if (target.startsWith('igw-'))
    return {
      closed: `the default route of ${subnetId} leads to an internet gateway, which is no way out for a function: it has no public address (${table.id})`,
    };
  if (!target.startsWith('nat-')) return { missing: `where ${target} leads to, from ${subnetId}` };
  if (!natGateways.seen) return { missing: `the NAT gateway ${target} (${natGateways.why})` };
  return wayThrough(
    target,
    natGateways.value.find(({ id }) => id === target),
    subnetId,
  );
}

function wayThrough(natId: string, gateway: NatGateway | undefined, subnetId: string): Way {
  if (!gateway) return { missing: `the NAT gateway ${natId}` };
  if (gateway.state !== 'available')
    return { closed: `NAT gateway ${natId} of ${subnetId} is ${gateway.state}` };
  if (!gateway.isPublic)
    return {
      closed: `NAT gateway ${natId} of ${subnetId} is a private one, which does not lead to the internet`,
    };
  return { natId };
}
