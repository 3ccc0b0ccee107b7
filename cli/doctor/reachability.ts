/** Asks Reachability Analyzer about the way to the endpoint, where the target file allows it. */
import { analysePath } from '../../aws/reachability.ts';
import { seenIn } from '../../workflow/doctor/checks.ts';
import type { AnalysisFacts, Facts, NetworkLook } from '../../workflow/doctor/facts.ts';
import { provenByDatapointMs } from '../../workflow/doctor/metric-age.ts';
import { wayChecks } from '../../workflow/doctor/network-rules.ts';
import type { Asking } from './clients.ts';

/**
 * One analysis for each network that is not proven otherwise: by a fresh datapoint and by what security groups tell.
 * Security groups alone tell nothing of routes and network ACLs.
 *
 * @returns none if the target file doesn't allow it.
 */
export async function lookAtReachability(
  { target, clients, clock, terminal }: Asking,
  facts: Facts,
): Promise<readonly AnalysisFacts[]> {
  if (!target.vpc?.reachabilityAnalyzer) return [];
  const isProven = provenByDatapointMs(facts, target) !== undefined;
  const wanted = facts.network.looks
    .filter((look) => !isProven || wayChecks(look).some(({ state }) => state !== 'ok'))
    .flatMap((look) => questionOf(look) ?? []);
  if (wanted.length === 0) return [];
  // A person who has had enough gets what is known, and nothing is left behind.
  let isStopped = false;
  const stop = () => {
    isStopped = true;
  };
  process.on('SIGINT', stop);
  try {
    const analyses: AnalysisFacts[] = [];
    for (const { who, port, address, sourceId, destinationId } of wanted) {
      if (isStopped) break;
      terminal.print(
        `Creates a path and an analysis of Reachability Analyzer, from ${who} (${sourceId}) to ${address}, port ${port}, for 0.10 USD, and deletes both again. It can take some minutes; Ctrl+C ends the wait.`,
      );
      const question = { sourceId, destinationId, address, port };
      const { result, leftovers } = await analysePath(clients.ec2, clock, question, () => isStopped);
      for (const command of leftovers) terminal.warn(`Could not be deleted. Please run: ${command}`);
      analyses.push({ who, address, port, result, leftovers });
    }
    return analyses;
  } finally {
    process.off('SIGINT', stop);
  }
}

/** The first address over IPv4 within a network: what is beyond an internet gateway is another question. */
function questionOf({ who, port, addresses, found }: NetworkLook) {
  const network = seenIn(found);
  const [sourceId] = network?.caller.interfaceIds ?? [];
  const address = addresses.find((one) => !one.includes(':'));
  if (!network || sourceId === undefined || address === undefined) return undefined;
  const owner = network.owners.get(address);
  const value = owner && seenIn(owner);
  if (value?.kind === 'publicAddress') return undefined;
  const destinationId = value?.kind === 'interface' ? value.networkInterfaceId : undefined;
  return { who, port, address, sourceId, destinationId };
}
