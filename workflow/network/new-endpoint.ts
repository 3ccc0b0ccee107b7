/** The endpoint that a VPC lacks. */
import { endpointServiceOf } from './called-services.ts';
import {
  gatewayEndpointCommand,
  interfaceEndpointCommand,
  ruleCommand,
  vpcAttributeCommand,
} from './commands.ts';
import type { FunctionNetwork, NetworkParty, VpcFacts } from './facts.ts';
import { judgePath } from './path.ts';
import { dnsAttributes, httpsPort, routeTableOf } from './vpc.ts';

/** The services that have gateway endpoints, which cost nothing. */
const gatewayServices = ['dynamodb', 's3'];

/** What makes one for the service, in this order. */
export function newEndpointCommands(
  service: string,
  caller: FunctionNetwork,
  vpc: VpcFacts,
): readonly string[] {
  const serviceName = endpointServiceOf(service, vpc.region);
  if (gatewayServices.includes(service)) {
    const tables = vpc.routeTables.seen ? vpc.routeTables.value : [];
    const routeTableIds = [...new Set(caller.subnetIds.flatMap((id) => routeTableOf(id, tables)?.id ?? []))];
    return [gatewayEndpointCommand({ vpcId: vpc.id, serviceName, routeTableIds })];
  }
  const groups = groupsForEndpoint(caller, vpc);
  return [
    ...dnsAttributes(vpc).off.map((attribute) => vpcAttributeCommand(vpc.id, attribute)),
    interfaceEndpointCommand({
      vpcId: vpc.id,
      serviceName,
      subnetIds: oneOfEachZone(caller.subnetIds, vpc),
      groupIds: groups.ids,
    }),
    ...groups.commands,
  ];
}

/** Groups that the function is let in by already, at another endpoint; or else one of its own, with the rules it lacks. */
function groupsForEndpoint({ party, subnetIds }: FunctionNetwork, vpc: VpcFacts) {
  const { prefixLists } = vpc;
  const ask = (destination: NetworkParty) =>
    judgePath({ source: party, destination, port: httpsPort, prefixLists });
  const others = vpc.endpoints.seen ? vpc.endpoints.value : [];
  const alike = others.find(
    ({ type, state, party: other }) =>
      type === 'Interface' && state === 'available' && ask(other).kind === 'allowed',
  );
  if (alike) return { ids: alike.party.groups.map(({ id }) => id), commands: [] };
  const groups = party.groups.slice(0, 1);
  const subnets = vpc.subnets.seen ? vpc.subnets.value : [];
  const addresses = subnets
    .filter(({ id }) => subnetIds.includes(id))
    .flatMap(({ cidrs }) => cidrs)
    .filter((cidr) => !cidr.includes(':'));
  const verdict = ask({ vpcId: vpc.id, groups, addresses });
  const rules = verdict.kind === 'blocked' ? verdict.sides.flatMap(({ remedy }) => remedy ?? []) : [];
  return { ids: groups.map(({ id }) => id), commands: rules.map(ruleCommand) };
}

/** An endpoint takes one subnet of each Availability Zone. */
export function oneOfEachZone(subnetIds: readonly string[], { subnets }: VpcFacts): readonly string[] {
  if (!subnets.seen) return subnetIds;
  const zoneOf = new Map(subnets.value.map(({ id, availabilityZone }) => [id, availabilityZone]));
  const first = new Map(subnetIds.toReversed().map((id) => [zoneOf.get(id) ?? id, id]));
  return subnetIds.filter((id) => [...first.values()].includes(id));
}
