/** How often a metric is published, and what follows from that. */
import type { Target } from './target.ts';

/** What a target says of it; without a metric, its function is called as for one of each minute. */
type Published = Pick<NonNullable<Target['metric']>, 'periodSeconds'> | undefined;

/** One may fail, and one may slip into the period after it. */
const missedPeriods = 3;
/** CloudWatch keeps a datapoint by its minute, however seldom there is one. */
const minuteSeconds = 60;
const leastSilenceSeconds = 5 * minuteSeconds;

const periodOf = (metric: Published): number => metric?.periodSeconds ?? minuteSeconds;

/** By which period its datapoints are read: a new one is seen as soon as one of a metric of each minute would be. */
export const readPeriodSecondsOf = (metric: Published): number => Math.min(periodOf(metric), minuteSeconds);

/** For how long a datapoint is recent: an hour's metric may have had its last one hours ago, and be well. */
export const recentSecondsOf = (metric: Published): number => missedPeriods * periodOf(metric);

/** For how long it may be silent before it has stopped. */
export function silenceSecondsOf(metric: Published): number {
  const { periodSeconds, evaluationPeriods } = silenceOf(metric);
  return periodSeconds * evaluationPeriods;
}

/**
 * The same as an alarm counts it. Together they are three hours at most, and may be a day:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, `Period`.
 */
export function silenceOf(metric: Published): {
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
} {
  const periodSeconds = Math.max(periodOf(metric), minuteSeconds);
  const evaluationPeriods = Math.max(missedPeriods, Math.ceil(leastSilenceSeconds / periodSeconds));
  return { periodSeconds, evaluationPeriods };
}

/** How far back a call of the function counts: whoever calls it in each period has done so by then. */
export const calledWithinSecondsOf = (metric: Published): number =>
  Math.max(15 * minuteSeconds, recentSecondsOf(metric));

/** As a rule of EventBridge has it, whose shortest rate is a minute. */
export function rateOf(metric: Published): string {
  const minutes = Math.max(1, periodOf(metric) / minuteSeconds);
  return `rate(${minutes} minute${minutes === 1 ? '' : 's'})`;
}
