import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { readerConfig } from '../aws/call.ts';
import { openLambda } from '../aws/lambda-clients.ts';
import { nameOfMetric, readNewestDatapoint } from '../aws/metric.ts';
import { invokeMetricFunction } from '../aws/metric-function.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { type BacklogProof, ConfirmBacklogInput, wasRepaired } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { ConfirmSettings } from './runtime/settings.ts';

type ConfirmBacklogServices = Services<ConfirmSettings> & {
  readonly lambda: LambdaClient;
  readonly cloudWatch: CloudWatchClient;
};

const secondsBetweenLooks = 2;
/** A healthy system has published within its last few periods; CloudWatch may lag by two minutes. */
const healthyWithinPeriods = 3;

/**
 * Invokes the metric function until it counts, then waits for the datapoint. After a repair only a datapoint
 * stamped later than the repair is proof; in a system where nothing had to be repaired, a recent one is.
 *
 * A datapoint carries the start of its period, so that with a period of 60 seconds the first one that counts
 * is the one of the next full minute; the function is invoked again for it, scheduled or not.
 *
 * @throws RecoveryError BacklogNotNumeric or MetricFunctionFailed if the function doesn't count by the
 *   deadline, DatapointMissing if it does and CloudWatch shows no datapoint by then.
 */
export async function confirmBacklog(
  state: ConfirmBacklogInput,
  { settings, clock, lambda, cloudWatch }: ConfirmBacklogServices,
): Promise<BacklogProof> {
  const periodMs = settings.METRIC_PERIOD_SECONDS * 1000;
  const recently = (timeMs: number) => timeMs - healthyWithinPeriods * periodMs;
  const repairedOrStarted = wasRepaired(state)
    ? Date.parse(state.patch.completedAt)
    : recently(Date.parse(state.execution.startedAt));
  // Behind a redrive both may be days ago: what was published then proves nothing of now.
  const since =
    state.execution.redriveCount > 0 ? Math.max(repairedOrStarted, recently(clock.now())) : repairedOrStarted;
  const deadline = clock.now() + settings.CONFIRM_WITHIN_SECONDS * 1000;
  const metric = nameOfMetric(settings);

  let backlog: number | undefined;
  let invokedInPeriod = Number.NaN;
  let failure: RecoveryError | undefined;
  for (;;) {
    const period = Math.floor(clock.now() / periodMs);
    if (backlog === undefined || period !== invokedInPeriod) {
      const answer = await invokeMetricFunction(lambda, settings);
      if (answer instanceof RecoveryError) {
        failure = answer;
      } else {
        backlog = answer;
        invokedInPeriod = period;
      }
    }
    if (backlog !== undefined) {
      const datapoint = await readNewestDatapoint(cloudWatch, settings, since, clock.now());
      if (datapoint) {
        const timestamp = new Date(datapoint.timestampMs).toISOString();
        return { backlog, metric, datapoint: { value: datapoint.value, timestamp } };
      }
      failure = new RecoveryError(
        'DatapointMissing',
        `metric ${metric}: no datapoint stamped after ${new Date(since).toISOString()} within ${settings.CONFIRM_WITHIN_SECONDS} s.`,
      );
    }
    if (clock.now() + secondsBetweenLooks * 1000 > deadline && failure) throw failure;
    await clock.sleep(secondsBetweenLooks * 1000);
  }
}

export const handler = stateHandler(
  ConfirmBacklogInput,
  ConfirmSettings,
  () => ({ lambda: openLambda().invoker, cloudWatch: new CloudWatchClient(readerConfig()) }),
  confirmBacklog,
);
