/** What Reachability Analyzer adds to what security groups tell of a way. */
import { explain, type PathExplanation } from '../network/analysis.ts';
import { broken, type Check, ok, unknown } from './checks.ts';
import type { AnalysisFacts } from './facts.ts';

/** @param own the check of the doctor's own rules. */
export function withAnalysis(own: Check, analysis: AnalysisFacts | undefined, way: string): readonly Check[] {
  if (!analysis) return [own];
  const { result, leftovers } = analysis;
  const left = leftovers.length > 0 ? `; not deleted again: ${leftovers.join(' and ')}` : '';
  if (!result.seen) return [own, unknown(result.code, `${result.why}${left}`)];
  const { isFound, explanations } = result.value;
  if (isFound) return [ok(`Reachability Analyzer finds a way ${way}${left}`)];
  const says = `Reachability Analyzer finds no way ${way}: ${explain(explanations)}${left}`;
  // Its command opens what it names; there may be more in the way.
  if (own.state === 'broken') return [{ ...own, says: `${own.says}; ${says}` }];
  const [first] = explanations;
  return [broken('PathNotFound', says, {}, first ? opening(first, analysis) : [])];
}

/** The command that opens what the explanation names, if it is one thing. */
function opening(
  { code, direction, components: [component] }: PathExplanation,
  { address, port }: AnalysisFacts,
): readonly string[] {
  if (component === undefined) return [];
  if (code === 'SUBNET_ACL_RESTRICTION' && direction !== null && component.startsWith('acl-'))
    return [
      `aws ec2 create-network-acl-entry --network-acl-id ${component} --${direction} --rule-number <rule-number> --protocol tcp --port-range "From=${port},To=${port}" --cidr-block ${direction === 'egress' ? `${address}/32` : '<block>'} --rule-action allow`,
    ];
  if (code === 'NO_ROUTE_TO_DESTINATION' && component.startsWith('rtb-'))
    return [
      `aws ec2 create-route --route-table-id ${component} --destination-cidr-block ${address}/32 --vpc-peering-connection-id <peering>`,
    ];
  return [];
}
