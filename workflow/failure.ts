/** How an execution failed, and how to go on. */
import * as v from 'valibot';
import { RecoveryState } from './chain.ts';
import type { DiagnosisSummary } from './doctor/summary.ts';
import type { WayFinding } from './doctor/way.ts';
import { catalogue, type ErrorEntry, isErrorName } from './errors.ts';
import type { ExecutionRef } from './execution-ref.ts';
import { Request } from './request.ts';

/** An execution that has ended without success. */
export interface FailedExecution extends ExecutionRef {
  readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly durationSeconds: number;
  readonly error: string | undefined;
  /** Lambda's JSON with `errorMessage`, or a text of Step Functions. */
  readonly cause: string | undefined;
}

/** The fields of a state object that tell what was done. */
export const Done = v.object({
  request: v.exactOptional(Request),
  ...v.pick(RecoveryState, ['check', 'upload', 'deployment', 'endpoint', 'patch', 'knownGood']).entries,
});
export type Done = v.InferOutput<typeof Done>;

/** The state in which an execution ended, and its input. */
export interface LastState {
  readonly name: string;
  readonly state: Done;
}

/** What went wrong and what to do about it, in words. */
export interface Failure {
  readonly verb: 'FAILED' | 'stopped' | 'ran out of time';
  /** `DeployFailed at DeployApi`. */
  readonly headline: string;
  readonly cause: string;
  readonly remedy: string;
  /** The section of docs/runbook.md, as its anchor. */
  readonly section: string;
  /** How to go on after the remedy; what needs a new execution can't be redriven. */
  readonly next: 'Redrive' | NonNullable<ErrorEntry['next']>;
  /** Whether everything was done, and only the end could not be reported. */
  readonly isDone: boolean;
}

/** What the notification of a failure needs. */
export interface FailureReport extends Failure {
  /** What the earlier states did. */
  readonly done: Done;
  readonly cancelledCommands: readonly string[];
  readonly diagnosis: DiagnosisSummary;
  /** What the network looks like, if the endpoint could not be reached; otherwise none. */
  readonly way: readonly WayFinding[];
  readonly durationSeconds: number;
  /** Why nothing starts by itself for a while. */
  readonly pause: string | undefined;
  /** Whether the circuit breaker has opened. */
  readonly isPaused: boolean;
}

/**
 * Whether nothing may start by itself for a while after a failure. Where all was well and only the label or the copy of
 * a version could not be set, a pause would keep the next wipe from being repaired.
 *
 * @param last without an upload if the execution found nothing to change.
 */
export const isFollowedByPause = (last: LastState | undefined): boolean =>
  last?.name !== 'MarkKnownGood' || last.state.upload !== undefined;

type Ended = Pick<FailedExecution, 'status' | 'error' | 'cause'>;

/**
 * What it failed by. An input of nearly 256 KB is too large together with what the first state adds, so Step Functions
 * ends the execution before the function can refuse the input.
 */
export function nameOfFailure(
  { error }: Pick<Ended, 'error'>,
  last: Pick<LastState, 'name'> | undefined,
): string | undefined {
  return error === 'States.DataLimitExceeded' && last?.name === 'TakeLease' ? 'InvalidInput' : error;
}

export function classifyFailure({ status, error, cause }: Ended, last: LastState | undefined): Failure {
  const failedBy = nameOfFailure({ error }, last);
  const at = last ? ` at ${last.name}` : '';
  const isDone = last?.state.knownGood !== undefined;
  if (status === 'ABORTED') {
    return {
      verb: 'stopped',
      headline: `the execution was stopped${at}`,
      cause: 'Somebody stopped the execution.',
      remedy: 'Nothing, if it was on purpose. Otherwise let it go on.',
      section: 'stopped-by-a-person',
      next: 'Redrive',
      isDone,
    };
  }
  if (status === 'TIMED_OUT' || error === 'States.Timeout') {
    return {
      verb: 'ran out of time',
      headline: `the time ran out${at}`,
      cause: 'AWS did not answer for as long as the state machine allows.',
      remedy: 'Check the AWS Health Dashboard.',
      section: 'out-of-time',
      next: 'Redrive',
      isDone,
    };
  }
  if (isErrorName(failedBy)) {
    const { remedy, next = 'Redrive' } = catalogue[failedBy];
    return {
      verb: 'FAILED',
      headline: `${failedBy}${at}`,
      cause:
        failedBy === error
          ? withoutRemedy(firstLine(messageOf(cause)), remedy)
          : `The input is too large (${error}).`,
      remedy,
      section: failedBy.toLowerCase(),
      next,
      isDone,
    };
  }
  // The message of an error that isn't ours may quote anything.
  const name = /^[A-Za-z.]{1,80}$/.test(error ?? '') ? error : 'an error without a name';
  return {
    verb: 'FAILED',
    headline: `${name}${at}`,
    cause: `The function of this state ended with ${name}. Its log group has more.`,
    remedy: 'Let it go on. If it fails again, report it with the log.',
    section: 'any-other-error',
    next: 'Redrive',
    isDone,
  };
}

function messageOf(cause: string | undefined): string {
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), v.object({ errorMessage: v.string() })),
    cause,
  );
  return parsed.success ? parsed.output.errorMessage : 'no message';
}

/** The following lines can hold the end of a command's output, which fewer people may see. */
function firstLine(text: string): string {
  const [first = ''] = text.split('\n');
  return first;
}

/** An error's message ends with its remedy, for which a notification has its own place. */
function withoutRemedy(message: string, remedy: string): string {
  return message.endsWith(remedy) ? message.slice(0, -remedy.length).trimEnd() : message;
}
