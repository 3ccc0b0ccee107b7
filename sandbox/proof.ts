/** Whether a scenario has really ended well. */
import { askEndpoint } from '../aws/endpoint.ts';
import { readEnvText } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { localUrl } from './network.ts';
import type { Sandbox } from './sandbox.ts';
import type { Metrics } from './services/cloudwatch.ts';

/** Checks without the workflow: is the env whole, does the API answer, does the metric count? */
export async function checkProof(sandbox: Sandbox, startedAtMs: number): Promise<string[]> {
  const problems: string[] = [];
  const history = sandbox.parameters.history(sandbox.parameterName);
  const keysNow = effectiveEntries(readEnvText(history.at(-1)?.Value ?? '', 'dotenv'));
  for (const { Value, Version } of history) {
    for (const key of effectiveEntries(readEnvText(Value, 'dotenv')).keys())
      if (!keysNow.has(key)) problems.push(`${key} of version ${Version} is lost`);
  }
  const variables = sandbox.functions.variables(sandbox.metricFunctionName);
  const answer = await askEndpoint({
    ...sandbox.target.endpoint,
    url: localUrl(sandbox.network, variables.VIDEO_BACKLOG_API_INTERNAL ?? ''),
    host: variables.VIDEO_BACKLOG_API_HOST,
    headers: { [sandbox.target.endpoint.internalKeyHeader]: variables.LAMBDA_INTERNAL_API_KEY ?? '' },
    requestTimeoutSeconds: 5,
  });
  if (answer.fault !== undefined)
    problems.push(`the endpoint answers the function's own request with ${answer.fault}`);
  if (!hasDatapointSince(sandbox.metrics, sandbox.heartbeat, startedAtMs, Date.now()))
    problems.push('the metric has no datapoint since the start');
  return problems;
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
