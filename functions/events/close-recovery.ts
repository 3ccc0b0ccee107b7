import type { SNSClient } from '@aws-sdk/client-sns';
import * as v from 'valibot';
import { cancelCommand, listCommands, lookAgainTimes, lookFor } from '../../aws/command.ts';
import { readFailedExecution, readLastState } from '../../aws/execution.ts';
import { type LeaseClients, type LeaseDoor, openLease, readLedger } from '../../aws/lease-table.ts';
import { openSsm, type SsmClients } from '../../aws/ssm-clients.ts';
import { openTopic } from '../../aws/topic.ts';
import { hasEnded, redriveOf } from '../../workflow/deployment.ts';
import {
  classifyFailure,
  type FailedExecution,
  type FailureReport,
  isFollowedByPause,
  type LastState,
  nameOfFailure,
} from '../../workflow/failure.ts';
import type { Endings } from '../../workflow/ledger.ts';
import { failureNotification } from '../../workflow/messages.ts';
import { findPause } from '../../workflow/pauses.ts';
import type { Request } from '../../workflow/request.ts';
import { isToldLately } from '../../workflow/told.ts';
import { type AskDoctor, openDoctor } from '../runtime/doctor.ts';
import { endRun } from '../runtime/end-run.ts';
import { lambdaHandler, type Services } from '../runtime/handler.ts';
import { leaseDoor } from '../runtime/lease.ts';
import { CloseResources } from '../runtime/resources.ts';

type CloseRecoveryServices = Services<v.InferOutput<typeof CloseResources>> &
  LeaseClients & {
    readonly ssm: SsmClients;
    readonly sns: SNSClient;
    readonly askDoctor: AskDoctor;
  };

/** The event that EventBridge delivers when an execution changes its status, with the fields that are read. */
const StatusEvent = v.object({
  detail: v.object({
    executionArn: v.string(),
    /** Milliseconds since the epoch. */
    stopDate: v.optional(v.nullable(v.number()), null),
  }),
});

/** What became of the event. */
export interface CloseResult {
  /**
   * `NotEnded`: it was redriven before this ran. `AlreadyTold`: the event came twice. `NotTold`: nobody has to hear
   * about it: a plan, or an input that a person mistyped.
   */
  readonly outcome: 'Closed' | 'AlreadyTold' | 'NotTold' | 'NotEnded';
  readonly cancelledCommands: readonly string[];
}

/**
 * Cleans up after an execution that has failed, was aborted or has run out of time: cancels a deploy that still runs,
 * then gives the lease back, looks at the whole chain, and tells a person. It is not a state of the machine, so every
 * failure ends the execution natively, where a redrive can go on; and no Catch would see an abort.
 *
 * @throws RecoveryError ExecutionStale if Step Functions doesn't show the end yet; Lambda tries again.
 */
export async function closeRecovery(
  { detail: { executionArn, stopDate } }: v.InferOutput<typeof StatusEvent>,
  services: CloseRecoveryServices,
): Promise<CloseResult> {
  const { target, resources, clock, sfn, sns } = services;
  const execution = await readFailedExecution(sfn, executionArn, stopDate);
  if (!execution) return { outcome: 'NotEnded', cancelledCommands: [] };
  const last = await readLastState(sfn, executionArn);
  // Before the lease is freed: whoever takes it next may deploy.
  const cancelledCommands = await cancelRunning(execution, last?.name, services);
  const isMistyped =
    nameOfFailure(execution, last) === 'InvalidInput' && last?.name === 'TakeLease' && !last.isEvent;
  const lease = leaseDoor(services);
  const isQuiet = isMistyped || (await isQuietPlan(last?.state.request, lease));
  const message = async ({ all, own }: Endings) => {
    const pause = own.counts ? findPause(all, target.pauses, clock.now()) : undefined;
    return failureNotification(
      { target: target.name, execution },
      {
        ...classifyFailure(execution, last),
        done: last?.state ?? {},
        cancelledCommands,
        ...(await lookAt(execution, last, services)),
        durationSeconds: execution.durationSeconds,
        pause: pause?.message,
        isPaused: pause?.outcome === 'CircuitOpen',
      },
    );
  };
  const told = await endRun(
    { lease, sns, topicArn: resources.TOPIC_ARN },
    execution,
    { outcome: 'Failed', counts: isFollowedByPause(last) },
    isQuiet ? undefined : message,
  );
  return { outcome: outcomes[told], cancelledCommands };
}

/** What the doctor sees; of the way to the endpoint only if the execution did not get there. */
async function lookAt(
  execution: FailedExecution,
  last: LastState | undefined,
  { askDoctor }: CloseRecoveryServices,
): Promise<Pick<FailureReport, 'diagnosis' | 'way'>> {
  const failedBy = nameOfFailure(execution, last);
  const { diagnosis, way } = await askDoctor({
    executionArn: execution.arn,
    state: last?.state ?? {},
    ...(last?.name === 'VerifyEndpoint' && failedBy !== undefined ? { failedBy } : {}),
  });
  const isUnreachable = failedBy === 'EndpointUnreachable' || failedBy === 'EndpointNameNotResolved';
  return { diagnosis, way: isUnreachable ? way : [] };
}

const outcomes = { Told: 'Closed', AlreadyTold: 'AlreadyTold', NotNeeded: 'NotTold' } as const;

/** A person sees how an own plan ends. Any other one would fail each hour, since no pause follows a plan. */
async function isQuietPlan(request: Request | undefined, lease: LeaseDoor): Promise<boolean> {
  if (request?.mode !== 'plan') return false;
  if (request.trigger === 'operator') return true;
  const { endings } = (await readLedger(lease)).ledger;
  return isToldLately(endings, lease.clock.now(), ({ outcome }) => outcome === 'Failed');
}

/** @returns the ids of the commands that were still running. */
async function cancelRunning(
  execution: FailedExecution,
  stateName: string | undefined,
  { resources, clock, ssm }: CloseRecoveryServices,
): Promise<string[]> {
  const findOwn = async () => {
    const sinceMs = Date.parse(execution.startedAt);
    const commands = await listCommands(ssm.reader, resources.DEPLOY_DOCUMENT, sinceMs);
    // A redrive may have sent another one by now, which this run must not cancel.
    const own = commands.filter(
      (command) =>
        (redriveOf(command.comment, execution) ?? Number.POSITIVE_INFINITY) <= execution.redriveCount,
    );
    return own.length > 0 ? own : undefined;
  };
  // One that was sent a moment before the end may not be listed yet.
  const own = await lookFor(findOwn, clock, stateName === 'DeployApi' ? lookAgainTimes : 0);
  const running = (own ?? []).filter((command) => !hasEnded(command));
  for (const { commandId } of running) await cancelCommand(ssm.writer, commandId);
  return running.map(({ commandId }) => commandId);
}

export const handler = lambdaHandler(
  StatusEvent,
  CloseResources,
  (target) => ({ ssm: openSsm(), askDoctor: openDoctor(target), ...openLease(), ...openTopic() }),
  closeRecovery,
);
