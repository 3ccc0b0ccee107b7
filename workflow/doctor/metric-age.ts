/** Whether the metric is published now. */
import type { Target } from '../target.ts';
import { seenIn } from './checks.ts';
import type { Facts } from './facts.ts';

/** As long as the heartbeat alarm waits. */
export const freshMs = 5 * 60_000;

/** The time of the newest datapoint, if it is fresh. */
export function freshDatapointMs({ metric, nowMs }: Pick<Facts, 'metric' | 'nowMs'>): number | undefined {
  const last = seenIn(metric)?.lastDatapointMs ?? undefined;
  return last !== undefined && nowMs - last <= freshMs ? last : undefined;
}

/**
 * The time of the datapoint that proves that the endpoint answers: a fresh one, of a metric function that gets its
 * number there.
 */
export const provenByDatapointMs = (
  facts: Pick<Facts, 'metric' | 'nowMs'>,
  { metricFunction, endpoint }: Pick<Target, 'metricFunction' | 'endpoint'>,
): number | undefined =>
  metricFunction === undefined || endpoint.backlogPath === undefined ? undefined : freshDatapointMs(facts);

export const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
