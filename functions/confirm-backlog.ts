import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { openAutoScaling } from '../aws/auto-scaling.ts';
import { readerConfig } from '../aws/call.ts';
import { proveCallers } from '../aws/callers-proof.ts';
import { openLambda } from '../aws/lambda-clients.ts';
import { nameOfMetric, readNewestDatapoint } from '../aws/metric.ts';
import { invokeMetricFunction } from '../aws/metric-function.ts';
import { proveScaling } from '../aws/scaling-proof.ts';
import { ConfirmBacklogInput, wasRepaired } from '../workflow/chain.ts';
import { placeOf } from '../workflow/doctor/place.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { BacklogProof } from '../workflow/results.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { NoResources } from './runtime/resources.ts';

type ConfirmBacklogServices = Services & {
  readonly lambda: LambdaClient;
  readonly cloudWatch: CloudWatchClient;
  readonly autoScaling: AutoScalingClient;
};

const secondsBetweenLooks = 2;
/** A healthy system has published within its last few periods; CloudWatch may lag by two minutes. */
const healthyWithinPeriods = 3;

/**
 * Invokes the metric function until it counts, and waits for the datapoint. After a repair, it then looks whether the
 * workers follow the metric again, and whether anybody else calls the function; whatever it finds, the metric is back.
 *
 * @throws RecoveryError as `confirmDatapoint`.
 */
export async function confirmBacklog(
  state: ConfirmBacklogInput,
  services: ConfirmBacklogServices,
): Promise<BacklogProof> {
  const { target, clock } = services;
  const sinceMs = provenSince(state, services);
  const ownSinceMs = clock.now();
  const { ownCount, proof } = await confirmDatapoint(state, services, sinceMs);
  if (!wasRepaired(state)) return proof;
  const scaling = await proveScaling(services, {
    target,
    place: placeOf(state.execution.arn),
    clock,
    repairedAtMs: sinceMs,
    datapointMs: Date.parse(proof.datapoint.timestamp),
  });
  // Last, since CloudWatch shows calls late.
  const callers = await proveCallers(services, { ownSinceMs, ownCount });
  return { ...proof, callers, ...(scaling ? { scaling } : {}) };
}

/**
 * From when on a datapoint is proof: after a repair, from its end; if nothing had to be repaired, a recent one is
 * enough. After a redrive both may be days ago: what was published then proves nothing about now.
 */
function provenSince(
  state: ConfirmBacklogInput,
  { target, clock }: Pick<ConfirmBacklogServices, 'target' | 'clock'>,
): number {
  const recently = (timeMs: number) => timeMs - healthyWithinPeriods * target.metric.periodSeconds * 1000;
  const repairedOrStarted = wasRepaired(state)
    ? Date.parse(state.patch?.completedAt ?? new Date(clock.now()).toISOString())
    : recently(Date.parse(state.execution.startedAt));
  return state.execution.redriveCount > 0
    ? Math.max(repairedOrStarted, recently(clock.now()))
    : repairedOrStarted;
}

/**
 * A datapoint is stamped with the start of its period. With a period of 60 seconds the first one that proves anything
 * is therefore that of the next full minute; the function is invoked again for it, scheduled or not.
 *
 * @throws RecoveryError BacklogNotNumeric or MetricFunctionFailed if the function doesn't count by the deadline;
 *   DatapointMissing if it counts, but CloudWatch shows no datapoint by then.
 */
async function confirmDatapoint(
  state: ConfirmBacklogInput,
  { target, clock, lambda, cloudWatch }: ConfirmBacklogServices,
  sinceMs: number,
): Promise<{ readonly ownCount: number; readonly proof: BacklogProof }> {
  const { metric, metricFunction } = target;
  const { confirmWithinSeconds } = metric;
  const deadline = clock.now() + confirmWithinSeconds * 1000;
  const metricName = nameOfMetric(metric);

  let backlog: number | undefined;
  let invokedInPeriod = Number.NaN;
  let failure: RecoveryError | undefined;
  let ownCount = 0;
  for (;;) {
    const period = Math.floor(clock.now() / (metric.periodSeconds * 1000));
    if (period !== invokedInPeriod) {
      ownCount += 1;
      const answer = await invokeMetricFunction(lambda, metricFunction, state.plan?.function.kmsKeyArn);
      if (answer instanceof RecoveryError) {
        failure = answer;
      } else {
        backlog = answer;
        invokedInPeriod = period;
      }
    }
    if (backlog !== undefined) {
      const datapoint = await readNewestDatapoint(cloudWatch, metric, sinceMs, clock.now());
      if (datapoint) {
        const timestamp = new Date(datapoint.timestampMs).toISOString();
        const proof = { backlog, metric: metricName, datapoint: { value: datapoint.value, timestamp } };
        return { ownCount, proof };
      }
      failure = new RecoveryError(
        'DatapointMissing',
        `metric ${metricName}: no datapoint stamped after ${new Date(sinceMs).toISOString()} within ${confirmWithinSeconds} s.`,
      );
    }
    if (clock.now() + secondsBetweenLooks * 1000 > deadline && failure) throw failure;
    await clock.sleep(secondsBetweenLooks * 1000);
  }
}

export const handler = stateHandler(
  ConfirmBacklogInput,
  NoResources,
  () => ({
    lambda: openLambda().invoker,
    cloudWatch: new CloudWatchClient(readerConfig()),
    autoScaling: openAutoScaling(),
  }),
  confirmBacklog,
);
