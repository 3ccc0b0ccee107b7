/** Whether the metric is published now. */
import { seenIn } from './checks.ts';
import type { Facts } from './facts.ts';

/** As long as the heartbeat alarm waits. */
export const freshMs = 5 * 60_000;

/** The time of the newest datapoint, if it is fresh: it proves that the function got a number from the endpoint. */
export function freshDatapointMs({ metric, nowMs }: Pick<Facts, 'metric' | 'nowMs'>): number | undefined {
  const last = seenIn(metric)?.lastDatapointMs ?? undefined;
  return last !== undefined && nowMs - last <= freshMs ? last : undefined;
}

export const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
