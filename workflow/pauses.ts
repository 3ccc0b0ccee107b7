/** How runs ended, and for how long nothing starts by itself after that. */
import * as v from 'valibot';
import { ExecutionRef } from './execution-ref.ts';
import { Loss, type Skip } from './results.ts';
import type { Target } from './target.ts';
import { counted, executionName } from './words.ts';

/**
 * One run of an execution. A redrive is another run, with the same ARN. Earlier versions of this project have not
 * written when the execution was started.
 */
export const Run = v.partial(v.pick(ExecutionRef, ['arn', 'startedAt', 'redriveCount']), ['startedAt']);
export type Run = v.InferOutput<typeof Run>;

/** So long is remembered how recoveries have ended: no target's window is longer. */
export const longestWindowHours = 7 * 24;

/** How a run ended. */
export const Ending = v.object({
  ...Run.entries,
  outcome: v.picklist(['Recovered', 'Healthy', 'Failed', 'NotApproved', 'Planned']),
  endedAt: v.string(),
  /** Whether a pause follows it. */
  counts: v.boolean(),
  /** Whether a person has been told, or need not be. */
  told: v.boolean(),
  /** If that is about lost keys: the version since which they are missing. */
  lostSince: v.exactOptional(Loss.entries.since),
  /** If that is about a plan which nobody carries out: its hash. */
  planHash: v.exactOptional(v.string()),
});
export type Ending = v.InferOutput<typeof Ending>;

/** How a run says that it ended. */
export type NewEnding = Omit<Ending, keyof Run | 'endedAt'>;

/** When a recovery doesn't start by itself. */
export type Pauses = Pick<Target['pauses'], 'cooldownMinutes' | 'maxFailures' | 'windowHours'>;

/** Why an execution doesn't get the lease. */
export type SkipReason = Pick<Skip, 'outcome' | 'owner' | 'until' | 'message'> & {
  /** How the execution ended that a pause follows. */
  readonly after?: Ending;
};

/**
 * Whether nothing should start by itself for a while. The pause after a recovery doubles with each one in the window.
 * If `maxFailures` have failed since the last success, it lasts until the first of these has left the window: another
 * try would hardly do better.
 */
export function findPause(
  endings: readonly Ending[],
  { cooldownMinutes, maxFailures, windowHours }: Pauses,
  nowMs: number,
): (SkipReason & { readonly until: string }) | undefined {
  const windowMs = windowHours * 3_600_000;
  const inWindow = endings.filter(({ endedAt }) => Date.parse(endedAt) > nowMs - windowMs);
  const recent = inWindow.filter(({ counts }) => counts);
  const last = recent.at(-1);
  if (!last) return undefined;
  const force = 'A person can start one with {"force": true}';
  const failures = failuresInARow(inWindow);
  const first = failures.at(-maxFailures);
  if (first) {
    const until = new Date(Date.parse(first.endedAt) + windowMs).toISOString();
    return {
      outcome: 'CircuitOpen',
      owner: last.arn,
      until,
      message: `${counted(failures.length, 'recovery', 'recoveries')} failed within ${counted(windowHours, 'hour')}, so none starts by itself before ${until}. ${force}`,
    };
  }
  const pauseMs = Math.min(cooldownMinutes * 60_000 * 2 ** (recent.length - 1), windowMs);
  const untilMs = Date.parse(last.endedAt) + pauseMs;
  if (nowMs >= untilMs) return undefined;
  const until = new Date(untilMs).toISOString();
  return {
    outcome: 'CoolingDown',
    owner: last.arn,
    until,
    after: last,
    message: `execution ${executionName(last.arn)} ended at ${last.endedAt} (${last.outcome}), so none starts by itself before ${until}. ${force}`,
  };
}

/** The failures since the last time that all was well. */
export function failuresInARow(endings: readonly Ending[]): Ending[] {
  return endings
    .slice(endings.findLastIndex(({ outcome }) => outcome === 'Recovered' || outcome === 'Healthy') + 1)
    .filter(({ outcome, counts }) => outcome === 'Failed' && counts);
}
