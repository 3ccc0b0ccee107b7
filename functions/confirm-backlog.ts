import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { readerConfig } from '../aws/call.ts';
import { openLambda } from '../aws/lambda-clients.ts';
import { nameOfMetric, readNewestDatapoint } from '../aws/metric.ts';
import { invokeMetricFunction } from '../aws/metric-function.ts';
import { ConfirmBacklogInput, wasRepaired } from '../workflow/chain.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { BacklogProof } from '../workflow/results.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { NoResources } from './runtime/resources.ts';

type ConfirmBacklogServices = Services & {
  readonly lambda: LambdaClient;
  readonly cloudWatch: CloudWatchClient;
};

const secondsBetweenLooks = 2;
/** A healthy system has published within its last few periods; CloudWatch may lag by two minutes. */
const healthyWithinPeriods = 3;

/**
 * Invokes the metric function until it counts, then waits for the datapoint. After a repair, only a datapoint stamped
 * later than the repair is proof; if nothing had to be repaired, a recent one is enough.
 *
 * A datapoint is stamped with the start of its period. With a period of 60 seconds the first one that proves anything
 * is therefore that of the next full minute; the function is invoked again for it, scheduled or not.
 *
 * @throws RecoveryError BacklogNotNumeric or MetricFunctionFailed if the function doesn't count by the deadline;
 *   DatapointMissing if it counts, but CloudWatch shows no datapoint by then.
 */
export async function confirmBacklog(
  state: ConfirmBacklogInput,
  { target, clock, lambda, cloudWatch }: ConfirmBacklogServices,
): Promise<BacklogProof> {
  const { metric, metricFunction } = target;
  const { confirmWithinSeconds } = metric;
  const periodMs = metric.periodSeconds * 1000;
  const recently = (timeMs: number) => timeMs - healthyWithinPeriods * periodMs;
  const repairedOrStarted = wasRepaired(state)
    ? Date.parse(state.patch?.completedAt ?? new Date(clock.now()).toISOString())
    : recently(Date.parse(state.execution.startedAt));
  // After a redrive both may be days ago: what was published then proves nothing about now.
  const since =
    state.execution.redriveCount > 0 ? Math.max(repairedOrStarted, recently(clock.now())) : repairedOrStarted;
  const deadline = clock.now() + confirmWithinSeconds * 1000;
  const metricName = nameOfMetric(metric);

  let backlog: number | undefined;
  let invokedInPeriod = Number.NaN;
  let failure: RecoveryError | undefined;
  for (;;) {
    const period = Math.floor(clock.now() / periodMs);
    if (period !== invokedInPeriod) {
      const answer = await invokeMetricFunction(lambda, metricFunction, state.plan?.function.kmsKeyArn);
      if (answer instanceof RecoveryError) {
        failure = answer;
      } else {
        backlog = answer;
        invokedInPeriod = period;
      }
    }
    if (backlog !== undefined) {
      const datapoint = await readNewestDatapoint(cloudWatch, metric, since, clock.now());
      if (datapoint) {
        const timestamp = new Date(datapoint.timestampMs).toISOString();
        return { backlog, metric: metricName, datapoint: { value: datapoint.value, timestamp } };
      }
      failure = new RecoveryError(
        'DatapointMissing',
        `metric ${metricName}: no datapoint stamped after ${new Date(since).toISOString()} within ${confirmWithinSeconds} s.`,
      );
    }
    if (clock.now() + secondsBetweenLooks * 1000 > deadline && failure) throw failure;
    await clock.sleep(secondsBetweenLooks * 1000);
  }
}

export const handler = stateHandler(
  ConfirmBacklogInput,
  NoResources,
  () => ({ lambda: openLambda().invoker, cloudWatch: new CloudWatchClient(readerConfig()) }),
  confirmBacklog,
);
