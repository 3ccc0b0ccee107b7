/** Whether anybody but the recovery itself calls the metric function: otherwise the metric stops with the recovery. */
import type { CallersProof } from './results.ts';
import { counted, duration } from './words.ts';

/** The calls that CloudWatch counts for a function, by the minute. */
export interface CallsInMinute {
  /** The start of the minute. */
  readonly timestampMs: number;
  readonly value: number;
}

/** Those of the recovery itself. */
export interface OwnCalls {
  readonly ownSinceMs: number;
  readonly ownCount: number;
}

/**
 * Judges the calls from some time before the recovery's first one until now. CloudWatch shows a call a minute
 * or two late, so nobody else has called only if the recovery's own calls are shown, and no others.
 *
 * @param ownSinceMs when the recovery began to call.
 * @param ownCount how often it has called.
 * @param withinSeconds how far before the recovery they begin.
 */
export function judgeCallers(
  minutes: readonly CallsInMinute[],
  functionName: string,
  { ownSinceMs, ownCount, withinSeconds }: OwnCalls & { readonly withinSeconds: number },
): CallersProof {
  const isBefore = ({ timestampMs }: CallsInMinute) => timestampMs + 60_000 <= ownSinceMs;
  const sum = (some: readonly CallsInMinute[]) => some.reduce((all, { value }) => all + value, 0);
  const before = sum(minutes.filter(isBefore));
  const since = sum(minutes.filter((minute) => !isBefore(minute)));
  if (before > 0 || since > ownCount)
    return {
      outcome: 'Called',
      says: `${functionName} was called ${counted(before + Math.max(0, since - ownCount), 'time')} by others since ${duration(withinSeconds)} before the recovery did`,
    };
  if (since === 0)
    return { outcome: 'Unknown', says: `CloudWatch shows no call of ${functionName} yet, not even its own` };
  return {
    outcome: 'NotCalled',
    says: `nobody but this recovery has called ${functionName}, not in the ${duration(withinSeconds)} before it either`,
  };
}
