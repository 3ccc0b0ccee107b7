/**
 * Reachability Analyzer: whether the network leads from one network interface to another, as AWS itself works it out
 * from routes, network ACLs, security groups, peerings and transit gateways. For `recover doctor` alone: a path and an
 * analysis are created for it, each analysis costs money, and both are deleted in any case.
 */
import {
  CreateNetworkInsightsPathCommand,
  DeleteNetworkInsightsAnalysisCommand,
  DeleteNetworkInsightsPathCommand,
  type EC2Client,
  type Explanation,
  type NetworkInsightsAnalysis,
  paginateDescribeNetworkInsightsAnalyses,
  StartNetworkInsightsAnalysisCommand,
} from '@aws-sdk/client-ec2';
import type { PathAnalysis, PathExplanation } from '../workflow/network/analysis.ts';
import { type Seen, unseen } from '../workflow/network/seen.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { oneLine } from '../workflow/words.ts';
import { callAws, callPages, required } from './call.ts';
import type { Clock } from './clock.ts';
import { look } from './look.ts';

/** One way, over TCP and IPv4: Reachability Analyzer knows no IPv6. */
export interface PathQuestion {
  /** The network interface that connects. */
  readonly sourceId: string;
  /** The network interface that it connects to; `undefined` if nobody knows it, and only its address is asked for. */
  readonly destinationId: string | undefined;
  readonly address: string;
  readonly port: number;
}

export interface AnalysedPath {
  readonly result: Seen<PathAnalysis>;
  /** The commands that delete what could not be deleted; none as a rule. */
  readonly leftovers: readonly string[];
}

/** "The analysis can take a few minutes to complete", in the words of its guide. */
const mostMs = 300_000;
const pollMs = 3_000;

/**
 * @param isStopped whether somebody wants to go on without it.
 * @throws RecoveryError CredentialsExpired before anything is created; after that, it is a result like others.
 */
export async function analysePath(
  ec2: EC2Client,
  clock: Clock,
  question: PathQuestion,
  isStopped: () => boolean = () => false,
): Promise<AnalysedPath> {
  const created = await look(() => createPath(ec2, question));
  if (!created.seen) return { result: created, leftovers: [] };
  const pathId = created.value;
  const known: string[] = [];
  const analyse = async (): Promise<Seen<PathAnalysis>> => {
    known.push(await startAnalysis(ec2, pathId));
    const untilMs = clock.now() + mostMs;
    for (;;) {
      const [analysis] = await listAnalyses(ec2, pathId);
      if (analysis && analysis.Status !== 'running') return judged(analysis);
      if (isStopped() || clock.now() >= untilMs)
        return unseen(`Reachability Analyzer was not done with path ${pathId} when the wait ended`);
      await clock.sleep(pollMs);
    }
  };
  const analysed = await lookInAnyCase(analyse);
  return {
    result: analysed.seen ? analysed.value : analysed,
    leftovers: await deletePath(ec2, clock, pathId, known),
  };
}

async function startAnalysis(ec2: EC2Client, pathId: string): Promise<string> {
  const call = { action: 'ec2:StartNetworkInsightsAnalysis', resource: `path ${pathId}` };
  const { NetworkInsightsAnalysis: started } = await callAws(call, () =>
    ec2.send(new StartNetworkInsightsAnalysisCommand({ NetworkInsightsPathId: pathId })),
  );
  return required(call, 'NetworkInsightsAnalysisId', started?.NetworkInsightsAnalysisId);
}

async function createPath(ec2: EC2Client, question: PathQuestion): Promise<string> {
  const { sourceId, destinationId, address, port } = question;
  const call = { action: 'ec2:CreateNetworkInsightsPath', resource: `network interface ${sourceId}` };
  const { NetworkInsightsPath } = await callAws(call, () =>
    ec2.send(
      new CreateNetworkInsightsPathCommand({
        Source: sourceId,
        Protocol: 'tcp',
        ...(destinationId === undefined
          ? {
              FilterAtSource: {
                DestinationAddress: address,
                DestinationPortRange: { FromPort: port, ToPort: port },
              },
            }
          : { Destination: destinationId, DestinationPort: port }),
      }),
    ),
  );
  return required(call, 'NetworkInsightsPathId', NetworkInsightsPath?.NetworkInsightsPathId);
}

function listAnalyses(ec2: EC2Client, pathId: string): Promise<NetworkInsightsAnalysis[]> {
  return callPages(
    { action: 'ec2:DescribeNetworkInsightsAnalyses', resource: `path ${pathId}` },
    paginateDescribeNetworkInsightsAnalyses({ client: ec2 }, { NetworkInsightsPathId: pathId }),
    'NetworkInsightsAnalyses',
  );
}

function judged({ Status, StatusMessage, NetworkPathFound, Explanations = [] }: NetworkInsightsAnalysis) {
  if (Status !== 'succeeded' || NetworkPathFound === undefined)
    return unseen(`Reachability Analyzer could not tell (${oneLine(StatusMessage ?? 'no reason given')})`);
  const value: PathAnalysis = { isFound: NetworkPathFound, explanations: Explanations.map(explanationOf) };
  return { seen: true, value } as const;
}

/** What is named first is what a person changes. */
function explanationOf(explanation: Explanation): PathExplanation {
  const { ExplanationCode = 'UNKNOWN', Direction, SecurityGroups = [], ...more } = explanation;
  const components = [
    more.SecurityGroup,
    ...SecurityGroups,
    more.Acl,
    more.RouteTable,
    more.TransitGatewayRouteTable,
    more.TransitGateway,
    more.VpcPeeringConnection,
    more.NatGateway,
    more.VpnConnection,
    more.Component,
    more.NetworkInterface,
    more.Subnet,
    more.Vpc,
  ];
  const direction = Direction === 'ingress' || Direction === 'egress' ? Direction : null;
  return {
    code: ExplanationCode,
    direction,
    components: [...new Set(components.flatMap((one) => one?.Id ?? []))],
  };
}

/**
 * Deletes a path with all analyses of it: one may have been started though its answer was lost.
 *
 * @param known the analyses that are known to be there, if nobody may list them.
 * @returns the commands for what is left.
 */
async function deletePath(
  ec2: EC2Client,
  clock: Clock,
  pathId: string,
  known: readonly string[],
): Promise<readonly string[]> {
  const listed = await listAnalyses(ec2, pathId).catch(() => []);
  const ids = new Set([...known, ...listed.flatMap((one) => one.NetworkInsightsAnalysisId ?? [])]);
  const left: string[] = [];
  for (const id of ids)
    if (!(await deleteAnalysis(ec2, id)))
      left.push(`aws ec2 delete-network-insights-analysis --network-insights-analysis-id ${id}`);
  // EC2 may still know an analysis that was deleted a moment ago.
  let outcome = await deleteEmptyPath(ec2, pathId);
  for (let tries = 1; outcome === 'HasAnalyses' && left.length === 0 && tries < 5; tries += 1) {
    await clock.sleep(1_000);
    outcome = await deleteEmptyPath(ec2, pathId);
  }
  if (outcome !== 'Deleted')
    left.push(`aws ec2 delete-network-insights-path --network-insights-path-id ${pathId}`);
  return left;
}

async function deleteAnalysis(ec2: EC2Client, id: string): Promise<boolean> {
  const call = { action: 'ec2:DeleteNetworkInsightsAnalysis', resource: `analysis ${id}` };
  const command = new DeleteNetworkInsightsAnalysisCommand({ NetworkInsightsAnalysisId: id });
  return (await lookInAnyCase(() => callAws<unknown>(call, () => ec2.send(command)))).seen;
}

async function deleteEmptyPath(ec2: EC2Client, id: string): Promise<'Deleted' | 'HasAnalyses' | 'Refused'> {
  const call = { action: 'ec2:DeleteNetworkInsightsPath', resource: `path ${id}` };
  const send = async () => {
    await ec2.send(new DeleteNetworkInsightsPathCommand({ NetworkInsightsPathId: id }));
    return 'Deleted' as const;
  };
  const outcome = await lookInAnyCase(() =>
    callAws<'Deleted' | 'HasAnalyses'>(call, send, {
      AnalysisExistsForNetworkInsightsPath: () => 'HasAnalyses',
    }),
  );
  return outcome.seen ? outcome.value : 'Refused';
}

/** Even without credentials, a person has to be told what there is to delete. */
async function lookInAnyCase<T>(ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return await look(ask);
  } catch (error) {
    if (error instanceof RecoveryError) return unseen(error.message);
    throw error;
  }
}
