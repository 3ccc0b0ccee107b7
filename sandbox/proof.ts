/** Whether a scenario has really ended well. */
import { askEndpoint } from '../aws/endpoint.ts';
import { readEnvText } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { headersFrom } from '../workflow/endpoint-request.ts';
import { invokedFunctionOf } from '../workflow/invoked-function.ts';
import { numberAt } from '../workflow/number-at.ts';
import type { MetricFunction } from '../workflow/target.ts';
import { textOfEnv, textsEver } from './env-store.ts';
import type { Sandbox } from './sandbox.ts';
import type { Metrics } from './services/cloudwatch.ts';
import { metricOf } from './services/metric-data.ts';

/** Checks without the workflow: is the env whole, does every API answer, does the metric function count? */
export async function checkProof(sandbox: Sandbox, startedAtMs: number): Promise<string[]> {
  const problems: string[] = [];
  const { reader } = sandbox.target.parameter;
  const { parameters, backups, parameterName, backupParameterName } = sandbox;
  const keysNow = effectiveEntries(readEnvText(textOfEnv(parameters, parameterName), reader));
  // Below a path, the history of what was deleted is gone with it, and the copy has it.
  const texts = [...textsEver(parameters, parameterName), textOfEnv(backups, backupParameterName)];
  for (const text of texts)
    for (const key of effectiveEntries(readEnvText(text, reader)).keys())
      if (!keysNow.has(key)) problems.push(`${key} is lost`);
  const { target, fleet } = sandbox;
  const { endpoint, metric, metricFunction } = target;
  const { pathname, search, host } = new URL(endpoint.url);
  const made = headersFrom(endpoint, (key) => keysNow.get(key)?.value, sandbox.parameterName);
  if ('fault' in made) return [...problems, made.detail];
  for (const [index, { origin }] of fleet.hosts.entries()) {
    const answer = await askEndpoint({
      ...endpoint,
      ...made,
      url: `${origin}${pathname}${search}`,
      host: endpoint.host ?? host,
    });
    if (answer.fault !== undefined)
      problems.push(`the API on ${fleet.instances[index]?.id} answers with ${answer.fault}`);
  }
  if (metricFunction) problems.push(...(await checkFunction(sandbox, metricFunction)));
  if (metric && !hasDatapointSince(sandbox.metrics, metricOf(metric), startedAtMs, Date.now()))
    problems.push('the metric has no datapoint since the start');
  return problems;
}

async function checkFunction(
  { functions, fleet }: Sandbox,
  metricFunction: MetricFunction,
): Promise<string[]> {
  const counted = await functions.invokeAsTask(invokedFunctionOf(metricFunction), {});
  const backlog =
    'result' in counted ? numberAt(JSON.stringify(counted.result), metricFunction.answerPath) : undefined;
  return backlog === fleet.backend.backlog
    ? []
    : [`the metric function counts ${backlog ?? 'nothing'}, and ${fleet.backend.backlog} jobs wait`];
}

/** A datapoint is stamped with the start of its period, here of a second, so its stamp may lie before the start. */
export function hasDatapointSince(
  metrics: Metrics,
  metric: Parameters<Metrics['read']>[0],
  startedAtMs: number,
  nowMs: number,
): boolean {
  const startMs = Math.floor(startedAtMs / 1000) * 1000;
  const range = { startMs, endMs: nowMs + 1000, periodSeconds: 1, statistic: 'Maximum' };
  return metrics.read(metric, range).length > 0;
}
