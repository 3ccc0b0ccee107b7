/** How an execution failed, as far as Step Functions can tell. */
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { Done, type FailedExecution, type LastState } from '../workflow/failure.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { callAws, required } from './call.ts';

/**
 * @param stoppedAtMs when the execution ended, according to the event: DescribeExecution is eventually consistent.
 * @returns `undefined` if the execution has been redriven since, has succeeded, or doesn't exist.
 * @throws RecoveryError ExecutionStale if Step Functions doesn't show the end yet; AwsUnavailable if the answer has no
 *   status.
 */
export async function readFailedExecution(
  sfn: SFNClient,
  arn: string,
  stoppedAtMs: number | null,
): Promise<FailedExecution | undefined> {
  const call = { action: 'states:DescribeExecution', resource: `execution ${arn}` };
  const execution = await callAws(call, () => sfn.send(new DescribeExecutionCommand({ executionArn: arn })), {
    ExecutionDoesNotExist: () => undefined,
  });
  if (!execution) return undefined;
  const status = required(call, 'status', execution.status);
  // It may show an earlier run than the one that the event is about; the two clocks of AWS may differ a little.
  const isStale =
    status === 'RUNNING'
      ? (execution.redriveDate?.getTime() ?? 0) < (stoppedAtMs ?? 0)
      : (execution.stopDate?.getTime() ?? Number.POSITIVE_INFINITY) < (stoppedAtMs ?? 0) - 1000;
  if (isStale) {
    throw new RecoveryError('ExecutionStale', `execution ${arn}: Step Functions does not show its end yet.`);
  }
  if (status !== 'FAILED' && status !== 'TIMED_OUT' && status !== 'ABORTED') return undefined;
  const startMs = (execution.redriveDate ?? execution.startDate)?.getTime() ?? 0;
  return {
    arn,
    name: execution.name ?? '',
    startedAt: execution.startDate?.toISOString() ?? '',
    redriveCount: execution.redriveCount ?? 0,
    status,
    durationSeconds: Math.round(((execution.stopDate?.getTime() ?? startMs) - startMs) / 100) / 10,
    error: execution.error,
    cause: execution.cause,
  };
}

/** The state in which an execution ended, its input, and whether that was an event of EventBridge. */
export async function readLastState(
  sfn: SFNClient,
  arn: string,
): Promise<(LastState & { readonly isEvent: boolean }) | undefined> {
  const { events = [] } = await callAws(
    { action: 'states:GetExecutionHistory', resource: `execution ${arn}` },
    () =>
      sfn.send(new GetExecutionHistoryCommand({ executionArn: arn, reverseOrder: true, maxResults: 100 })),
    { ExecutionDoesNotExist: () => ({ $metadata: {}, events: [] }) },
  );
  const entered = events.find(
    (event: HistoryEvent) => event.stateEnteredEventDetails,
  )?.stateEnteredEventDetails;
  if (entered?.name === undefined) return undefined;
  const state = v.safeParse(v.pipe(v.string(), v.parseJson(), Done), entered.input);
  const event = v.safeParse(
    v.pipe(v.string(), v.parseJson(), v.object({ 'detail-type': v.string() })),
    entered.input,
  );
  return { name: entered.name, state: state.success ? state.output : {}, isEvent: event.success };
}
