import type { ExecutionRef } from './states.ts';

/** A command as the list calls show it. */
export interface SentCommand {
  readonly commandId: string;
  readonly comment: string;
  readonly status: string;
}

/** The statuses of a command that has come to its end. */
const endedStatuses: ReadonlySet<string> = new Set(['Success', 'Cancelled', 'Failed', 'TimedOut']);

export const hasEnded = ({ status }: SentCommand): boolean => endedStatuses.has(status);

const ownComment = 'env-recovery';

/**
 * Says in a command whose it is: SendCommand has no idempotency token. An execution's name is unique for 90 days and
 * has up to 80 characters, a comment has up to 100.
 */
export function commentOf({ name, redriveCount }: Pick<ExecutionRef, 'name' | 'redriveCount'>): string {
  return redriveCount === 0 ? `${ownComment} ${name}` : `${ownComment} ${name} #${redriveCount}`;
}

/** Which redrive of the execution has sent the command; `undefined` if it is of somebody else. */
export function redriveOf(
  { comment }: SentCommand,
  { name }: Pick<ExecutionRef, 'name'>,
): number | undefined {
  if (comment === `${ownComment} ${name}`) return 0;
  const [before, redriveCount] = comment.split(' #');
  return before === `${ownComment} ${name}` && redriveCount !== undefined ? Number(redriveCount) : undefined;
}

/** Whether an execution of the workflow has sent the command, and not a person. */
export const isOfWorkflow = ({ comment }: SentCommand): boolean => comment.startsWith(`${ownComment} `);

export interface Invocation {
  readonly instanceId: string;
  readonly status: string;
  /** More exact than the status, e.g. `Undeliverable` where the status says `Failed`. */
  readonly statusDetails: string;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
