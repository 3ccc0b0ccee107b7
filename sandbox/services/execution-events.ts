/** The events of an execution: those of its history, and those that go to EventBridge. */
import { accountId } from '../template.ts';
import { makeEvent, type ServiceEvent } from './eventbridge.ts';
import type { Execution } from './execution.ts';
import { data, TaskFailed } from './task.ts';

export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestamp: Date;
  readonly type: string;
  readonly [details: string]: unknown;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** The role that every machine here has. */
export const executionRoleArn = `arn:aws:iam::${accountId}:role/sandbox`;

/** How a run ended. */
export interface Ending {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** The last event of an execution's history. */
export function endOf({
  status,
  output,
  error,
  cause,
}: Ending): [type: string, details: Record<string, unknown>] {
  const types = {
    SUCCEEDED: ['ExecutionSucceeded', 'executionSucceededEventDetails'],
    FAILED: ['ExecutionFailed', 'executionFailedEventDetails'],
    TIMED_OUT: ['ExecutionTimedOut', 'executionTimedOutEventDetails'],
    ABORTED: ['ExecutionAborted', 'executionAbortedEventDetails'],
  } as const;
  const [type, details] = types[status];
  return [type, { [details]: output === undefined ? { error, cause } : data('output', output) }];
}

/** What EventBridge gets when an execution's status changes. */
export function statusEvent(execution: Execution): ServiceEvent {
  const { executionArn, stateMachineArn, name, status, input, output, redriveCount, notRedrivable } =
    execution;
  const detail = {
    executionArn,
    stateMachineArn,
    name,
    status,
    startDate: execution.startDate.getTime(),
    stopDate: execution.stopDate?.getTime() ?? null,
    input,
    inputDetails: { included: true },
    output: output ?? null,
    outputDetails: output === undefined ? null : { included: true },
    stateMachineVersionArn: null,
    stateMachineAliasArn: null,
    redriveCount,
    redriveDate: execution.redriveDate?.getTime() ?? null,
    redriveStatus: notRedrivable === undefined ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    redriveStatusReason: notRedrivable ?? null,
    error: execution.error ?? null,
    cause: execution.cause ?? null,
  };
  return makeEvent('aws.states', 'Step Functions Execution Status Change', [executionArn], detail);
}

/** The error that ended a run. A time-out has no cause. */
export function failureOf(thrown: unknown): { error: string; cause: string | undefined } {
  const outer = thrown instanceof Error ? thrown : new Error(String(thrown));
  const failure = outer.cause instanceof Error ? outer.cause : outer;
  const isTimeout = failure.name === 'States.Timeout' && !(failure instanceof TaskFailed);
  return { error: failure.name, cause: isTimeout ? undefined : failure.message };
}
