/** The deploy command: whose it is, and how it ended on each instance. */
import type { ErrorName } from './errors.ts';
import type { ExecutionRef } from './execution-ref.ts';

/** A command as the list calls show it. */
export interface SentCommand {
  readonly commandId: string;
  readonly comment: string;
  readonly status: string;
  readonly sentAtMs: number;
}

/** The statuses of a command that has ended. */
const endedStatuses: ReadonlySet<string> = new Set(['Success', 'Cancelled', 'Failed', 'TimedOut']);

export const hasEnded = ({ status }: SentCommand): boolean => endedStatuses.has(status);

const ownComment = 'env-recovery';

/**
 * The comment that says whose a command is: SendCommand has no idempotency token. An execution's name is unique for
 * 90 days and has up to 80 characters; a comment may have 100.
 */
export function commentOf({ name, redriveCount }: Pick<ExecutionRef, 'name' | 'redriveCount'>): string {
  return redriveCount === 0 ? `${ownComment} ${name}` : `${ownComment} ${name} #${redriveCount}`;
}

/** Which redrive of the execution sent the command; `undefined` if somebody else sent it. */
export function redriveOf(comment: string, { name }: Pick<ExecutionRef, 'name'>): number | undefined {
  if (comment === `${ownComment} ${name}`) return 0;
  const [before, redriveCount] = comment.split(' #');
  return before === `${ownComment} ${name}` && redriveCount !== undefined ? Number(redriveCount) : undefined;
}

/** Whether an execution of the workflow sent the command, and not a person. */
export const isOfWorkflow = ({ comment }: SentCommand): boolean => comment.startsWith(`${ownComment} `);

/** How a command stands on one instance. */
export interface Invocation {
  readonly instanceId: string;
  readonly status: string;
  /** More exact than the status, e.g. `Undeliverable` if the status is `Failed`. */
  readonly statusDetails: string;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command can fail. If instances failed differently, the failure is named after the first of these. */
export const deployFailures = [
  'DeployFailed',
  'DeployTimedOut',
  'DeployCancelled',
  'InstanceUnavailable',
] as const satisfies readonly ErrorName[];
export type DeployFailure = (typeof deployFailures)[number];

/**
 * How a command ended on an instance; `undefined` if it hasn't ended, or if SSM doesn't know it there yet. A status
 * that isn't listed counts as not ended: the deadline bounds it.
 *
 * "Understanding command statuses" in the Systems Manager guide says what each means.
 */
export function endOf(invocation: Invocation | undefined): 'Success' | DeployFailure | undefined {
  switch (invocation?.status) {
    case 'Success':
      return 'Success';
    case 'TimedOut':
      return 'DeployTimedOut';
    case 'Cancelled':
      return 'DeployCancelled';
    case 'Failed':
      break;
    default:
      return undefined;
  }
  switch (invocation.statusDetails.replaceAll(' ', '')) {
    case 'Undeliverable':
    case 'AccessDenied':
    case 'InvalidPlatform':
    case 'Terminated':
      return 'InstanceUnavailable';
    case 'DeliveryTimedOut':
    case 'ExecutionTimedOut':
      return 'DeployTimedOut';
    default:
      return 'DeployFailed';
  }
}

/** The failure that the whole command is named after; `undefined` if it failed on no instance. */
export function failureOf(invocations: readonly Invocation[]): DeployFailure | undefined {
  const ends = invocations.map(endOf);
  return deployFailures.find((failure) => ends.includes(failure));
}

/** `i-0123456789abcdef0 (Failed, exit code 3)` */
export function describeInvocation({ instanceId, status, statusDetails, exitCode }: Invocation): string {
  const exit = status === 'Failed' && exitCode >= 0 ? `, exit code ${exitCode}` : '';
  return `${instanceId} (${statusDetails}${exit})`;
}
