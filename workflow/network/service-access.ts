/**
 * How a function in a VPC reaches an AWS service: through an endpoint in the VPC, through a NAT gateway, or not at all.
 *
 * After "Access an AWS service using an interface VPC endpoint" and "Gateway endpoints" in the AWS PrivateLink guide,
 * and "Enable internet access for VPC-connected Lambda functions" in the Lambda guide. `notLookedAt` says what is left
 * out.
 */

import {
  addRouteTablesCommand,
  addSubnetsCommand,
  privateDnsCommand,
  ruleCommand,
  vpcAttributeCommand,
} from './commands.ts';
import type { FunctionNetwork, VpcEndpoint, VpcFacts } from './facts.ts';
import { internetThroughNat } from './internet.ts';
import { newEndpointCommands, oneOfEachZone } from './new-endpoint.ts';
import { judgeEgress, judgePath, type PathVerdict } from './path.ts';
import { unseen } from './seen.ts';
import { dnsAttributeNames, dnsAttributes, httpsPort, routeTableOf } from './vpc.ts';

export type ServiceFault =
  /** There is an endpoint, but its groups or those of the function block 443. */
  | 'EndpointBlocked'
  /** There is an endpoint, but the service's name does not lead to it. */
  | 'EndpointNotInDns'
  | 'EndpointNotReady'
  /** There is a gateway endpoint, but not in the route tables of all subnets. */
  | 'EndpointNotRouted'
  | 'NoEndpoint'
  /** There is a way, but the groups of the function let nothing out to it. */
  | 'EgressBlocked';

export type ServiceAccess =
  | { readonly kind: 'byEndpoint'; readonly endpointId: string }
  | { readonly kind: 'byNat'; readonly natGatewayIds: readonly string[] }
  | {
      readonly kind: 'none';
      readonly fault: ServiceFault;
      /** What was found, in clauses without a full stop, the nearest cause first. */
      readonly found: readonly string[];
      /** What opens a way, in this order; empty if there is nothing to do but wait. */
      readonly commands: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly missing: readonly string[] };

type Blocked = Extract<ServiceAccess, { readonly kind: 'none' }>;

/** @param service as AWS calls its endpoint, e.g. `ssm`, `monitoring`, `sqs`, `dynamodb`. */
export function judgeService(service: string, caller: FunctionNetwork, vpc: VpcFacts): ServiceAccess {
  if (!vpc.endpoints.seen)
    return { kind: 'unknown', missing: [`the endpoints of ${vpc.id} (${vpc.endpoints.why})`] };
  const own = vpc.endpoints.value.filter(
    ({ serviceName, state }) =>
      serviceName.endsWith(`.${vpc.region}.${service}`) &&
      (state === 'available' || state.startsWith('pending')),
  );
  const ready = own.filter(({ state }) => state === 'available');
  const inDns = ready.find(({ type, privateDns }) => type === 'Interface' && privateDns);
  if (inDns) return judgeInterface(inDns, caller, vpc);
  const gateway = ready.find(({ type }) => type === 'Gateway');
  const byGateway = gateway && judgeGateway(gateway, service, caller, vpc);
  if (byGateway && byGateway.kind !== 'none') return byGateway;

  const byNat = internetThroughNat(caller, vpc);
  if (byNat.kind === 'byNat' || byNat.kind === 'unknown') return byNat;
  if (byNat.kind === 'blocked') return blockedBy(byNat.verdict, 'EgressBlocked', []);
  if (byGateway) return { ...byGateway, found: [...byGateway.found, ...byNat.found] };
  const hidden = ready.find(({ type }) => type === 'Interface');
  if (hidden) return notInDns(hidden, caller, vpc, byNat.found);
  const [pending] = own;
  if (pending)
    return {
      kind: 'none',
      fault: 'EndpointNotReady',
      found: [`endpoint ${pending.id} is ${pending.state}`, ...byNat.found],
      commands: [],
    };
  return {
    kind: 'none',
    fault: 'NoEndpoint',
    found: [`${vpc.id} has no endpoint for ${service}`, ...byNat.found],
    commands: newEndpointCommands(service, caller, vpc),
  };
}

/** With private DNS, the service's name leads to the endpoint from every subnet, so a NAT gateway is no way round it. */
function judgeInterface(endpoint: VpcEndpoint, caller: FunctionNetwork, vpc: VpcFacts): ServiceAccess {
  if (endpoint.subnetIds.length === 0)
    return {
      kind: 'none',
      fault: 'EndpointNotReady',
      found: [`endpoint ${endpoint.id} is in no subnet`],
      commands: [addSubnetsCommand(endpoint.id, oneOfEachZone(caller.subnetIds, vpc))],
    };
  const attributes = dnsAttributes(vpc);
  if (attributes.missing.length > 0) return { kind: 'unknown', missing: attributes.missing };
  if (attributes.off.length > 0) {
    const byNat = internetThroughNat(caller, vpc);
    if (byNat.kind === 'byNat') return byNat;
    return notInDns(endpoint, caller, vpc, byNat.kind === 'none' ? byNat.found : []);
  }
  const verdict = pathTo(endpoint, caller, vpc);
  return verdict.kind === 'allowed'
    ? { kind: 'byEndpoint', endpointId: endpoint.id }
    : blockedBy(verdict, 'EndpointBlocked', [`endpoint ${endpoint.id} is there`]);
}

function pathTo(endpoint: VpcEndpoint, caller: FunctionNetwork, { prefixLists }: VpcFacts): PathVerdict {
  return judgePath({ source: caller.party, destination: endpoint.party, port: httpsPort, prefixLists });
}

function notInDns(
  endpoint: VpcEndpoint,
  caller: FunctionNetwork,
  vpc: VpcFacts,
  otherwise: readonly string[],
): Blocked {
  const { off } = dnsAttributes(vpc);
  const verdict = pathTo(endpoint, caller, vpc);
  return {
    kind: 'none',
    fault: 'EndpointNotInDns',
    found: [
      ...(endpoint.privateDns ? [] : [`private DNS is off at endpoint ${endpoint.id}`]),
      ...off.map((attribute) => `${dnsAttributeNames[attribute]} is off in ${vpc.id}`),
      ...otherwise,
    ],
    commands: [
      ...off.map((attribute) => vpcAttributeCommand(vpc.id, attribute)),
      ...(endpoint.privateDns ? [] : [privateDnsCommand(endpoint.id)]),
      ...ruleCommandsOf(verdict),
    ],
  };
}

/** The service's name keeps its public addresses: routes to them lead through the endpoint, and egress has to allow them. */
function judgeGateway(
  endpoint: VpcEndpoint,
  service: string,
  caller: FunctionNetwork,
  vpc: VpcFacts,
): ServiceAccess {
  if (!vpc.routeTables.seen)
    return { kind: 'unknown', missing: [`the route tables of ${vpc.id} (${vpc.routeTables.why})`] };
  const { value: tables } = vpc.routeTables;
  const own = new Set<string>();
  for (const subnetId of caller.subnetIds) {
    const table = routeTableOf(subnetId, tables);
    if (!table) return { kind: 'unknown', missing: [`the route table of ${subnetId}`] };
    own.add(table.id);
  }
  const without = [...own].filter((id) => !endpoint.routeTableIds.includes(id));
  if (without.length > 0)
    return {
      kind: 'none',
      fault: 'EndpointNotRouted',
      found: [`gateway endpoint ${endpoint.id} is not in the route table ${without.join(', ')}`],
      commands: [addRouteTablesCommand(endpoint.id, without)],
    };
  const prefixListId = vpc.gatewayLists.get(service);
  if (prefixListId === undefined) return { kind: 'unknown', missing: [`the prefix list of ${service}`] };
  const list = vpc.prefixLists.get(prefixListId) ?? unseen('nobody looked');
  if (!list.seen) return { kind: 'unknown', missing: [`the entries of ${prefixListId} (${list.why})`] };
  const blocks = list.value.filter((block) => !block.includes(':'));
  const verdict = judgeEgress(caller.party, blocks, httpsPort, { prefixListId }, vpc.prefixLists);
  return verdict.kind === 'allowed'
    ? { kind: 'byEndpoint', endpointId: endpoint.id }
    : blockedBy(verdict, 'EgressBlocked', [`gateway endpoint ${endpoint.id} is there`]);
}

function blockedBy(
  verdict: Exclude<PathVerdict, { readonly kind: 'allowed' }>,
  fault: ServiceFault,
  before: readonly string[],
): ServiceAccess {
  if (verdict.kind === 'unknown') return verdict;
  const found = verdict.sides.map(({ direction, groupIds }) =>
    direction === 'egress'
      ? `the function's security groups (${groupIds.join(', ')}) do not let it out there on port ${httpsPort}`
      : `the endpoint's security groups (${groupIds.join(', ')}) do not let the function in on port ${httpsPort}`,
  );
  return { kind: 'none', fault, found: [...before, ...found], commands: ruleCommandsOf(verdict) };
}

const ruleCommandsOf = (verdict: PathVerdict): string[] =>
  verdict.kind === 'blocked'
    ? verdict.sides.flatMap(({ remedy }) => (remedy ? [ruleCommand(remedy)] : []))
    : [];
