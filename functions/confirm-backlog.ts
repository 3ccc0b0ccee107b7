import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { openAutoScaling } from '../aws/auto-scaling.ts';
import { proveCallers } from '../aws/callers-proof.ts';
import type { Clock } from '../aws/clock.ts';
import { openLambda } from '../aws/lambda-clients.ts';
import { nameOfMetric, openCloudWatch, readNewestDatapoint } from '../aws/metric.ts';
import { invokeMetricFunction } from '../aws/metric-function.ts';
import { proveScaling } from '../aws/scaling-proof.ts';
import { ConfirmBacklogInput, patchOf, wasRepaired } from '../workflow/chain.ts';
import { placeOf } from '../workflow/doctor/place.ts';
import { calledWithinSecondsOf, readPeriodSecondsOf, recentSecondsOf } from '../workflow/metric-period.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { BacklogProof } from '../workflow/results.ts';
import { type Metric, type MetricFunction, scalingOf } from '../workflow/target.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { NoResources } from './runtime/resources.ts';

type ConfirmBacklogServices = Services & {
  readonly lambda: LambdaClient;
  readonly cloudWatch: CloudWatchClient;
  readonly autoScaling: AutoScalingClient;
};

const secondsBetweenLooks = 2;
/** Of a function that counts, but publishes no metric of the target: as long as `metric` has by default. */
const countWithinSeconds = 300;

/**
 * Invokes the metric function until it counts, and waits for the datapoint: each if the target has it, so for neither
 * there is nothing to do. After a repair, it then looks whether the workers follow the metric again, and whether anybody
 * else calls the function; whatever it finds, the metric is back.
 *
 * @throws RecoveryError BacklogNotNumeric or MetricFunctionFailed if the function doesn't count by the deadline;
 *   DatapointMissing if it counts, or somebody else has to, but CloudWatch shows no datapoint by then.
 */
export async function confirmBacklog(
  state: ConfirmBacklogInput,
  services: ConfirmBacklogServices,
): Promise<BacklogProof> {
  const { target, clock } = services;
  const { metric, metricFunction } = target;
  if (!metric) {
    const backlog = metricFunction ? await confirmCount(state, services, metricFunction) : null;
    return { backlog, metric: null, datapoint: null };
  }
  const sinceMs = provenSince(state, metric, clock);
  const ownSinceMs = clock.now();
  const { ownCount, proof } = await confirmDatapoint(state, services, metric, sinceMs);
  if (!wasRepaired(state)) return proof;
  const scaling = scalingOf(target);
  const question = {
    target,
    place: placeOf(state.execution.arn),
    clock,
    repairedAtMs: sinceMs,
    datapointMs: Date.parse(proof.datapoint.timestamp),
  };
  const scalingProof = scaling && (await proveScaling(services, { ...question, scaling }));
  // Last, since CloudWatch shows calls late.
  const own = { ownSinceMs, ownCount, withinSeconds: calledWithinSecondsOf(metric) };
  const callers = metricFunction && (await proveCallers(services, metricFunction.name, own));
  return {
    ...proof,
    ...(callers ? { callers } : {}),
    ...(scalingProof ? { scaling: scalingProof } : {}),
  };
}

/**
 * From when on a datapoint is proof: after a repair, from its end; if nothing had to be repaired, a recent one is
 * enough. After a redrive both may be days ago: what was published then proves nothing about now.
 */
function provenSince(state: ConfirmBacklogInput, metric: Metric, clock: Clock): number {
  const recently = (timeMs: number) => timeMs - recentSecondsOf(metric) * 1000;
  // Without a metric function, the endpoint was verified a moment ago.
  const repairedOrStarted = wasRepaired(state)
    ? Date.parse(patchOf(state)?.completedAt ?? new Date(clock.now()).toISOString())
    : recently(Date.parse(state.execution.startedAt));
  return state.execution.redriveCount > 0
    ? Math.max(repairedOrStarted, recently(clock.now()))
    : repairedOrStarted;
}

type Confirmed = BacklogProof & { readonly datapoint: NonNullable<BacklogProof['datapoint']> };

/**
 * A datapoint is stamped with the start of the period by which it is read. With a minute, the first one that proves
 * anything is therefore that of the next full minute; the function is invoked again for it, scheduled or not. So the
 * proof of a metric that is published every hour takes no longer. Without a function, somebody else publishes.
 */
async function confirmDatapoint(
  state: ConfirmBacklogInput,
  services: ConfirmBacklogServices,
  metric: Metric,
  sinceMs: number,
): Promise<{ readonly ownCount: number; readonly proof: Confirmed }> {
  const { target, clock, cloudWatch } = services;
  const { confirmWithinSeconds } = metric;
  const periodSeconds = readPeriodSecondsOf(metric);
  const metricName = nameOfMetric(metric);
  const withUnit = metric.unit === undefined ? '' : ` with the unit ${metric.unit}`;
  const { metricFunction } = target;
  let backlog: number | null = null;
  let ownCount = 0;
  let invokedInPeriod = Number.NaN;
  return lookUntil(clock, confirmWithinSeconds, async () => {
    const period = Math.floor(clock.now() / (periodSeconds * 1000));
    if (metricFunction && period !== invokedInPeriod) {
      ownCount += 1;
      const answer = await count(state, services, metricFunction);
      if (!(answer instanceof RecoveryError)) [backlog, invokedInPeriod] = [answer, period];
      else if (backlog === null) return answer;
    }
    const datapoint = await readNewestDatapoint(cloudWatch, metric, sinceMs, clock.now());
    if (datapoint) {
      const timestamp = new Date(datapoint.timestampMs).toISOString();
      const proof = { backlog, metric: metricName, datapoint: { value: datapoint.value, timestamp } };
      return { ownCount, proof };
    }
    return new RecoveryError(
      'DatapointMissing',
      `metric ${metricName}: no datapoint${withUnit} stamped after ${new Date(sinceMs).toISOString()} within ${confirmWithinSeconds} s.`,
    );
  });
}

const confirmCount = (
  state: ConfirmBacklogInput,
  services: ConfirmBacklogServices,
  metricFunction: MetricFunction,
): Promise<number> =>
  lookUntil(services.clock, countWithinSeconds, () => count(state, services, metricFunction));

const count = (
  { plan }: Pick<ConfirmBacklogInput, 'plan'>,
  { lambda }: Pick<ConfirmBacklogServices, 'lambda'>,
  metricFunction: MetricFunction,
): Promise<number | RecoveryError> => invokeMetricFunction(lambda, metricFunction, plan?.function?.kmsKeyArn);

/**
 * Looks until something is found.
 *
 * @throws RecoveryError what the last look answered, if nothing was found within that time.
 */
async function lookUntil<T>(
  clock: Clock,
  withinSeconds: number,
  look: () => Promise<T | RecoveryError>,
): Promise<T> {
  const deadline = clock.now() + withinSeconds * 1000;
  for (;;) {
    const found = await look();
    if (!(found instanceof RecoveryError)) return found;
    if (clock.now() + secondsBetweenLooks * 1000 > deadline) throw found;
    await clock.sleep(secondsBetweenLooks * 1000);
  }
}

export const handler = stateHandler(
  ConfirmBacklogInput,
  NoResources,
  () => ({
    lambda: openLambda().invoker,
    cloudWatch: openCloudWatch(),
    autoScaling: openAutoScaling(),
  }),
  confirmBacklog,
);
