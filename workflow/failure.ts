import * as v from 'valibot';
import { type ErrorName, errorNames } from './errors.ts';
import { RecoveryState, Request } from './states.ts';

/** An execution that has ended without success. */
export interface EndedExecution {
  readonly arn: string;
  readonly name: string;
  readonly startedAt: string;
  readonly redriveCount: number;
  readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly durationSeconds: number;
  readonly error: string | undefined;
  /** Lambda's JSON with `errorMessage`, or a text of Step Functions. */
  readonly cause: string | undefined;
}

/** What of a state object tells what was done. */
export const Done = v.object({
  request: v.exactOptional(Request),
  ...v.pick(RecoveryState, ['upload', 'deployment', 'patch']).entries,
});

export type Done = v.InferOutput<typeof Done>;

/** What the notification of a failure needs. */
export interface FailedRun {
  readonly ending: 'FAILED' | 'stopped' | 'ran out of time';
  /** `DeployFailed at AwaitDeploy`. */
  readonly headline: string;
  readonly cause: string;
  readonly remedy: string;
  readonly request: Request | undefined;
  /** What the states before had come to. */
  readonly done: Omit<Done, 'request'>;
  readonly cancelledCommands: readonly string[];
  /** Whether everything was done, and only the end could not be reported. */
  readonly isDone: boolean;
  /** Whether a redrive can do any good. */
  readonly mayGoOn: boolean;
  /** Whether what has to be mended is in the parameter, and has to be deployed: a redrive would not do that. */
  readonly needsDeploy: boolean;
  readonly durationSeconds: number;
  /** Why nothing starts by itself for a while. */
  readonly pause: string | undefined;
  /** Whether the circuit breaker has opened. */
  readonly isPaused: boolean;
}

/** What went wrong and what to do about it, in words. */
export function classifyFailure(
  { status, error, cause }: Pick<EndedExecution, 'status' | 'error' | 'cause'>,
  stateName: string | undefined,
): Pick<FailedRun, 'ending' | 'headline' | 'cause' | 'remedy' | 'isDone' | 'mayGoOn' | 'needsDeploy'> {
  const at = stateName === undefined ? '' : ` at ${stateName}`;
  const known = errorNames.find((name) => name === error);
  const common = {
    isDone: stateName === 'ReportRecovery',
    mayGoOn: known !== 'InvalidInput' && known !== 'PlanOutdated',
    needsDeploy: known !== undefined && mendedByDeploy.has(known),
  };
  if (status === 'ABORTED') {
    return {
      ...common,
      ending: 'stopped',
      headline: `the execution was stopped${at}`,
      cause: 'somebody has stopped the execution',
      remedy: 'nothing, if that was on purpose. Otherwise let it go on.',
    };
  }
  if (status === 'TIMED_OUT' || error === 'States.Timeout') {
    return {
      ...common,
      ending: 'ran out of time',
      headline: `the time ran out${at}`,
      cause: 'AWS did not answer for as long as the state machine allows',
      remedy: 'check the AWS Health Dashboard, then let it go on.',
    };
  }
  if (known) {
    return {
      ...common,
      ending: 'FAILED',
      headline: `${known}${at}`,
      cause: firstLine(messageOf(cause)),
      remedy: remedies[known] ?? (common.needsDeploy ? startAnew : mendAndGoOn),
    };
  }
  // The message of an error that isn't ours may quote anything.
  const name = /^[A-Za-z.]{1,80}$/.test(error ?? '') ? error : 'an error without a name';
  return {
    ...common,
    ending: 'FAILED',
    headline: `${name}${at}`,
    cause: `the function of the state ended with ${name}; its log group has more`,
    remedy: 'let it go on; if it fails again, report it with the log.',
  };
}

/** What has to be mended is in the parameter, and has to be deployed: going on from the failed state would not do. */
const mendedByDeploy: ReadonlySet<ErrorName> = new Set([
  'EnvInvalid',
  'EnvRestoreFailed',
  'HostRejected',
  'InternalKeyMissing',
  'InternalKeyRejected',
]);

const startAnew = 'mend that, then start anew.';

const mendAndGoOn = 'see docs/runbook.md; mend it, then let it go on.';

const remedies: Partial<Record<ErrorName, string>> = {
  InvalidInput: 'start anew with a valid input; a redrive has the same one.',
  EnvRestoreFailed: 'put a complete .env into the parameter (recover env push), then start anew.',
  EnvReplaced: 'stop what writes the parameter, then start anew.',
  PlanOutdated: 'start anew: it will show the new plan.',
  EndpointUnhealthy:
    'look at the log of the API. If the parameter was wrong, start anew with {"force":true,"deploy":"always"}; otherwise let it go on.',
  LeaseLost: 'wait until no other execution runs. If the target is still broken then, start anew.',
};

function messageOf(cause: string | undefined): string {
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), v.object({ errorMessage: v.string() })),
    cause,
  );
  return parsed.success ? parsed.output.errorMessage : 'no message';
}

/** Behind the first line there can be the end of a command's output, which is for fewer eyes. */
function firstLine(text: string): string {
  const [first = ''] = text.split('\n');
  return first.replace(/ The end of it, redacted:$/, '');
}
