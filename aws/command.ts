import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  type ListCommandsCommandInput,
  paginateListCommands,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { endOf, type Invocation, type SentCommand } from '../workflow/deployment.ts';
import { callAws, callPages, required } from './call.ts';
import type { Clock } from './clock.ts';

export interface CommandRequest {
  readonly documentName: string;
  readonly instanceIds: readonly string[];
  /** By this a retried state finds its own command: SendCommand has no idempotency token. */
  readonly comment: string;
  /** Of the parameter: what the host has to read. */
  readonly envVersion: number;
  readonly logGroupName: string;
  readonly deliveryTimeoutSeconds: number;
}

/**
 * Sends a command to run on one instance after the other (`MaxConcurrency` 1), stopping at the first failure
 * (`MaxErrors` 0). The client must not repeat calls by itself.
 *
 * @returns the command's id, or `InvalidInstanceId` if SSM doesn't manage one of the instances.
 * @throws RecoveryError AwsUnavailable if the answer names no command: it may have been sent all the same.
 */
export async function sendCommand(
  ssm: SSMClient,
  request: CommandRequest,
): Promise<{ readonly commandId: string } | 'InvalidInstanceId'> {
  const call = { action: 'ssm:SendCommand', resource: `document ${request.documentName}` };
  return callAws<{ readonly commandId: string } | 'InvalidInstanceId'>(
    call,
    async () => {
      const { Command } = await ssm.send(
        new SendCommandCommand({
          DocumentName: request.documentName,
          InstanceIds: [...request.instanceIds],
          Comment: request.comment,
          Parameters: { envVersion: [String(request.envVersion)] },
          MaxConcurrency: '1',
          MaxErrors: '0',
          TimeoutSeconds: request.deliveryTimeoutSeconds,
          CloudWatchOutputConfig: {
            CloudWatchOutputEnabled: true,
            CloudWatchLogGroupName: request.logGroupName,
          },
        }),
      );
      return { commandId: required(call, 'CommandId', Command?.CommandId) };
    },
    { InvalidInstanceId: () => 'InvalidInstanceId' },
  );
}

/** The commands of a document that were sent since a time, newest first. */
export async function listCommands(
  ssm: SSMClient,
  documentName: string,
  sinceMs: number,
): Promise<SentCommand[]> {
  const call = { action: 'ssm:ListCommands', resource: `document ${documentName}` };
  const input: ListCommandsCommandInput = {
    Filters: [
      // SSM takes no fractions of a second here.
      { key: 'InvokedAfter', value: `${new Date(sinceMs).toISOString().slice(0, 19)}Z` },
      { key: 'DocumentName', value: documentName },
    ],
  };
  const found = await callPages(call, paginateListCommands({ client: ssm, pageSize: 50 }, input), 'Commands');
  const commands: SentCommand[] = [];
  for (const { CommandId, Comment, DocumentName, Status, RequestedDateTime } of found) {
    if (CommandId === undefined || DocumentName !== documentName) continue;
    commands.push({
      commandId: CommandId,
      comment: Comment ?? '',
      status: required(call, 'Status', Status),
      sentAtMs: RequestedDateTime?.getTime() ?? 0,
    });
  }
  return commands.sort((one, other) => other.sentAtMs - one.sentAtMs);
}

/** It can take some seconds until a command that was sent is listed, or one that was cancelled has ended. */
export const lookAgainTimes = 5;

const lookAgainSeconds = 2;

/** Looks until something is found: once, and then up to `times` times more. */
export async function lookFor<T>(
  look: () => Promise<T | undefined>,
  clock: Clock,
  times: number,
): Promise<T | undefined> {
  for (let again = 0; again < times; again += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await clock.sleep(lookAgainSeconds * 1000);
  }
  return look();
}

/** GetCommandInvocation gives the first 24,000 characters of stdout and 8,000 of stderr. */
export const stdoutLimit = 24_000;

export const stderrLimit = 8_000;

/**
 * The instances on which a command has ended. They are asked for in order, up to the first on which it still runs: a
 * command runs on one instance at a time, so one call per look is usually enough.
 *
 * @param known where it had ended at the last look; these instances are not asked for again.
 */
export async function readEnded(
  ssm: SSMClient,
  { commandId, instanceIds }: { readonly commandId: string; readonly instanceIds: readonly string[] },
  known: readonly Invocation[] = [],
): Promise<Invocation[]> {
  const ended = [...known];
  for (const instanceId of instanceIds) {
    if (ended.some((one) => one.instanceId === instanceId)) continue;
    const invocation = await readInvocation(ssm, commandId, instanceId);
    if (!invocation || endOf(invocation) === undefined) break;
    ended.push(invocation);
  }
  return ended;
}

/** `undefined` if SSM doesn't know the command on that instance yet. */
async function readInvocation(
  ssm: SSMClient,
  commandId: string,
  instanceId: string,
): Promise<Invocation | undefined> {
  const call = {
    action: 'ssm:GetCommandInvocation',
    resource: `command ${commandId} on ${instanceId}`,
  };
  return callAws<Invocation | undefined>(
    call,
    async () => {
      const answer = await ssm.send(
        new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }),
      );
      const status = required(call, 'Status', answer.Status);
      return {
        instanceId,
        status,
        statusDetails: answer.StatusDetails ?? status,
        exitCode: answer.ResponseCode ?? -1,
        stdout: answer.StandardOutputContent ?? '',
        stderr: answer.StandardErrorContent ?? '',
      };
    },
    { InvocationDoesNotExist: () => undefined },
  );
}

/** Asks SSM to stop a command wherever it has not ended; it can be repeated safely. */
export async function cancelCommand(ssm: SSMClient, commandId: string): Promise<void> {
  await callAws({ action: 'ssm:CancelCommand', resource: `command ${commandId}` }, () =>
    ssm.send(new CancelCommandCommand({ CommandId: commandId })),
  );
}
