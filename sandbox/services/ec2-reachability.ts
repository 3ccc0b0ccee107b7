/**
 * Reachability Analyzer, on what EC2 shows of the network: security groups, network ACLs and route tables, from one
 * network interface to another. It knows no return traffic, no transit gateways and no load balancers.
 */
import * as v from 'valibot';
import { coverage, parseRange } from '../../workflow/network/addresses.ts';
import { AwsError, operation } from '../endpoint.ts';
import { FormInteger } from '../query-protocol.ts';
import { arn } from '../template.ts';
import { aclAllows, aclOf } from './ec2-acls.ts';
import { type Ec2Network, type GroupRule, type NetworkInterface, newId } from './ec2-network.ts';

const PathInput = v.object({
  Source: v.string(),
  Destination: v.optional(v.string()),
  Protocol: v.picklist(['tcp', 'udp']),
  DestinationPort: v.optional(FormInteger),
  FilterAtSource: v.optional(
    v.object({
      DestinationAddress: v.optional(v.string()),
      DestinationPortRange: v.optional(v.object({ FromPort: FormInteger, ToPort: FormInteger })),
    }),
    {},
  ),
  ClientToken: v.string(),
});
interface Path extends v.InferOutput<typeof PathInput> {
  readonly networkInsightsPathId: string;
}
interface Analysis {
  readonly networkInsightsAnalysisId: string;
  readonly networkInsightsPathId: string;
  readonly startDate: Date;
  /** What it says when it is done. */
  readonly result: object;
}

const notFound = (what: 'Path' | 'Analysis', id: string) =>
  new AwsError(`InvalidNetworkInsights${what}Id.NotFound`, `The ID '${id}' does not exist.`);
const component = (kind: string, id: string) => ({ id, arn: arn('ec2', `${kind}/${id}`) });

export function reachabilityOperations(network: Ec2Network) {
  const paths = new Map<string, Path>();
  const analyses = new Map<string, Analysis>();
  const findPath = (id: string) => {
    const path = paths.get(id);
    if (!path) throw notFound('Path', id);
    return path;
  };
  const elements = ({ result, ...analysis }: Analysis) => ({
    ...analysis,
    networkInsightsAnalysisArn: arn('ec2', `network-insights-analysis/${analysis.networkInsightsAnalysisId}`),
    ...(Date.now() - analysis.startDate.getTime() < network.analysisMilliseconds
      ? { status: 'running' }
      : result),
  });
  return {
    CreateNetworkInsightsPath: operation(PathInput, (input) => {
      findInterface(network, input.Source);
      if (input.Destination !== undefined) findInterface(network, input.Destination);
      const again = [...paths.values()].find(({ ClientToken }) => ClientToken === input.ClientToken);
      const path = again ?? { ...input, networkInsightsPathId: newId('nip') };
      paths.set(path.networkInsightsPathId, path);
      return {
        networkInsightsPath: {
          networkInsightsPathId: path.networkInsightsPathId,
          source: path.Source,
          destination: path.Destination,
          protocol: path.Protocol,
          destinationPort: path.DestinationPort,
        },
      };
    }),

    StartNetworkInsightsAnalysis: operation(
      v.object({ NetworkInsightsPathId: v.string(), ClientToken: v.string() }),
      ({ NetworkInsightsPathId: networkInsightsPathId }) => {
        const result = analyse(network, findPath(networkInsightsPathId));
        const networkInsightsAnalysisId = newId('nia');
        const analysis = { networkInsightsAnalysisId, networkInsightsPathId, startDate: new Date(), result };
        analyses.set(networkInsightsAnalysisId, analysis);
        return { networkInsightsAnalysis: { ...elements(analysis), status: 'running' } };
      },
    ),

    DescribeNetworkInsightsAnalyses: operation(
      v.object({
        NetworkInsightsAnalysisId: v.optional(v.array(v.string()), []),
        NetworkInsightsPathId: v.optional(v.string()),
      }),
      ({ NetworkInsightsAnalysisId: ids, NetworkInsightsPathId: pathId }) => {
        for (const id of ids) if (!analyses.has(id)) throw notFound('Analysis', id);
        if (pathId !== undefined) findPath(pathId);
        const found = [...analyses.values()]
          .filter((one) => ids.length === 0 || ids.includes(one.networkInsightsAnalysisId))
          .filter((one) => pathId === undefined || one.networkInsightsPathId === pathId);
        return { networkInsightsAnalysisSet: found.map(elements) };
      },
    ),

    DeleteNetworkInsightsAnalysis: operation(
      v.object({ NetworkInsightsAnalysisId: v.string() }),
      ({ NetworkInsightsAnalysisId: id }) => {
        if (!analyses.delete(id)) throw notFound('Analysis', id);
        return { networkInsightsAnalysisId: id };
      },
    ),

    DeleteNetworkInsightsPath: operation(
      v.object({ NetworkInsightsPathId: v.string() }),
      ({ NetworkInsightsPathId: id }) => {
        findPath(id);
        if ([...analyses.values()].some((one) => one.networkInsightsPathId === id))
          throw new AwsError('AnalysisExistsForNetworkInsightsPath', `${id} has analyses.`);
        paths.delete(id);
        return { networkInsightsPathId: id };
      },
    ),
  };
}

function findInterface({ interfaces }: Ec2Network, id: string): NetworkInterface {
  const found = interfaces.find(({ networkInterfaceId }) => networkInterfaceId === id);
  if (!found) throw new AwsError('InvalidParameterValue', `${id} is not a source or destination`);
  return found;
}

function analyse(network: Ec2Network, path: Path): object {
  const source = findInterface(network, path.Source);
  const { DestinationAddress, DestinationPortRange } = path.FilterAtSource;
  const destination =
    path.Destination === undefined
      ? network.interfaces.find(({ addresses }) => addresses.includes(DestinationAddress ?? ''))
      : findInterface(network, path.Destination);
  const explanationSet = destination
    ? explain(network, source, destination, path.DestinationPort ?? DestinationPortRange?.FromPort ?? 0)
    : [{ explanationCode: 'NO_PATH' }];
  return {
    status: 'succeeded',
    networkPathFound: explanationSet.length === 0,
    ...(explanationSet.length === 0 ? {} : { explanationSet }),
  };
}

/** Everything that is in the way. */
function explain(
  network: Ec2Network,
  source: NetworkInterface,
  destination: NetworkInterface,
  port: number,
): object[] {
  const route = routeProblem(network, source, destination);
  const ends = [
    { direction: 'egress', own: source, other: destination },
    { direction: 'ingress', own: destination, other: source },
  ] as const;
  return [
    ...(route ? [route] : []),
    ...ends.flatMap(({ direction, own, other }) => [
      ...(groupsAllow(network, direction === 'egress', own, other, port)
        ? []
        : [
            {
              explanationCode: 'ENI_SG_RULES_MISMATCH',
              direction,
              securityGroupSet: own.groupIds.map((id) => component('security-group', id)),
              networkInterface: component('network-interface', own.networkInterfaceId),
            },
          ]),
      ...aclProblem(network, direction, own, other, port),
    ]),
  ];
}

function aclProblem(
  network: Ec2Network,
  direction: 'ingress' | 'egress',
  { subnetId, vpcId }: NetworkInterface,
  other: NetworkInterface,
  port: number,
): object[] {
  const acl = aclOf(network, subnetId, vpcId);
  const isOpen = acl && other.addresses.every((one) => aclAllows(acl, direction === 'egress', one, port));
  return !acl || isOpen
    ? []
    : [
        {
          explanationCode: 'SUBNET_ACL_RESTRICTION',
          direction,
          acl: component('network-acl', acl.networkAclId),
          subnet: component('subnet', subnetId),
          vpc: component('vpc', vpcId),
        },
      ];
}

function groupsAllow(
  network: Ec2Network,
  isEgress: boolean,
  own: NetworkInterface,
  other: NetworkInterface,
  port: number,
): boolean {
  const rules = own.groupIds
    .flatMap((id) => network.group(id).rules)
    .filter((rule) => rule.isEgress === isEgress);
  return rules
    .filter(({ ipProtocol }) => ipProtocol === '-1' || ipProtocol === 'tcp')
    .filter(({ fromPort, toPort }) => fromPort === -1 || (fromPort <= port && port <= toPort))
    .some((rule) => isPeer(network, rule, other));
}

function isPeer(network: Ec2Network, rule: GroupRule, { groupIds, addresses }: NetworkInterface): boolean {
  if (rule.groupId !== undefined) return groupIds.includes(rule.groupId);
  const blocks =
    rule.prefixListId === undefined ? [rule.cidrIpv4 ?? ''] : network.prefixList(rule.prefixListId).cidrs;
  const ranges = blocks.flatMap((block) => parseRange(block) ?? []);
  return addresses.every((address) => {
    const range = parseRange(address);
    return range !== undefined && coverage(range, ranges) === 'all';
  });
}

/** Within a VPC the local route is always there; to another one leads a route over an active peering. */
function routeProblem(
  network: Ec2Network,
  { subnetId, vpcId }: NetworkInterface,
  destination: NetworkInterface,
): object | undefined {
  if (destination.vpcId === vpcId) return undefined;
  const peering = network.peerings.find(
    ({ requesterVpcId, accepterVpcId, status }) =>
      status === 'active' &&
      [requesterVpcId, accepterVpcId].includes(vpcId) &&
      [requesterVpcId, accepterVpcId].includes(destination.vpcId),
  );
  if (!peering) return { explanationCode: 'DISCONNECTED_VPCS' };
  const own = network.routeTables.filter((table) => table.vpcId === vpcId);
  const table = own.find(({ subnetIds }) => subnetIds.includes(subnetId)) ?? own.find(({ isMain }) => isMain);
  const route = table?.routes.find(
    ({ vpcPeeringConnectionId, destinationCidrBlock = '' }) =>
      vpcPeeringConnectionId === peering.vpcPeeringConnectionId &&
      destination.addresses.every((address) => isWithin(address, destinationCidrBlock)),
  );
  const about = {
    ...(table ? { routeTable: component('route-table', table.routeTableId) } : {}),
    vpc: component('vpc', vpcId),
  };
  if (!route) return { explanationCode: 'NO_ROUTE_TO_DESTINATION', ...about };
  return route.state === 'active' ? undefined : { explanationCode: 'BAD_STATE_ROUTE', ...about };
}

function isWithin(address: string, block: string): boolean {
  const [range, whole] = [parseRange(address), parseRange(block)];
  return range !== undefined && whole !== undefined && coverage(range, [whole]) === 'all';
}
