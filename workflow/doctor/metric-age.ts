/** Whether the metric is published now. */
import { silenceSecondsOf } from '../metric-period.ts';
import type { Target } from '../target.ts';
import { seenIn } from './checks.ts';
import type { Facts } from './facts.ts';

/** As long as the heartbeat alarm waits. */
export const freshMsOf = ({ metric }: Pick<Target, 'metric'>): number => silenceSecondsOf(metric) * 1000;

/** The time of the newest datapoint, if it is fresh. */
export function freshDatapointMs(
  { metric, nowMs }: Pick<Facts, 'metric' | 'nowMs'>,
  target: Pick<Target, 'metric'>,
): number | undefined {
  const last = seenIn(metric)?.lastDatapointMs ?? undefined;
  return last !== undefined && nowMs - last <= freshMsOf(target) ? last : undefined;
}

/**
 * The time of the datapoint that proves that the endpoint answers: a fresh one, of a metric function that gets its
 * number there.
 */
export const provenByDatapointMs = (
  facts: Pick<Facts, 'metric' | 'nowMs'>,
  target: Pick<Target, 'metric' | 'metricFunction' | 'endpoint'>,
): number | undefined =>
  target.metricFunction === undefined || target.endpoint.backlogPath === undefined
    ? undefined
    : freshDatapointMs(facts, target);

export const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
