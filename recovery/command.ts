import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  type DescribeInstanceInformationCommandOutput,
  GetCommandInvocationCommand,
  ListCommandsCommand,
  type ListCommandsCommandOutput,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { callAws } from './aws.ts';

export interface CommandRequest {
  readonly documentName: string;
  readonly instanceIds: readonly string[];
  /** How a retried state finds its own command again: SendCommand has no idempotency token. */
  readonly comment: string;
  readonly logGroupName: string;
  readonly deliveryTimeoutSeconds: number;
}

/** The managed instances that carry a tag, in any state: an offline one has to show up as a failure. */
export async function findInstances(ssm: SSMClient, tag: { key: string; value: string }): Promise<string[]> {
  const ids: string[] = [];
  let nextToken: string | undefined;
  do {
    const page: DescribeInstanceInformationCommandOutput = await callAws(
      { action: 'ssm:DescribeInstanceInformation', resource: `instances tagged ${tag.key}=${tag.value}` },
      () =>
        ssm.send(
          new DescribeInstanceInformationCommand({
            Filters: [{ Key: `tag:${tag.key}`, Values: [tag.value] }],
            ...(nextToken === undefined ? {} : { NextToken: nextToken }),
          }),
        ),
    );
    for (const instance of page.InstanceInformationList ?? [])
      if (instance.InstanceId !== undefined) ids.push(instance.InstanceId);
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return ids;
}

/**
 * Sends a command to run on one instance after the other (`MaxConcurrency` 1), stopping at the first failure
 * (`MaxErrors` 0). The client must not repeat calls by itself.
 *
 * @returns the command's id, or `undefined` if SSM doesn't manage one of the instances.
 */
export async function sendCommand(ssm: SSMClient, request: CommandRequest): Promise<string | undefined> {
  return callAws(
    { action: 'ssm:SendCommand', resource: `document ${request.documentName}` },
    async () => {
      const { Command } = await ssm.send(
        new SendCommandCommand({
          DocumentName: request.documentName,
          InstanceIds: [...request.instanceIds],
          Comment: request.comment,
          MaxConcurrency: '1',
          MaxErrors: '0',
          TimeoutSeconds: request.deliveryTimeoutSeconds,
          CloudWatchOutputConfig: {
            CloudWatchOutputEnabled: true,
            CloudWatchLogGroupName: request.logGroupName,
          },
        }),
      );
      return Command?.CommandId;
    },
    { InvalidInstanceId: () => undefined },
  );
}

/** The newest command of a document with this comment, sent since a time; `undefined` if there is none. */
export async function findCommand(
  ssm: SSMClient,
  { documentName, comment, since }: { documentName: string; comment: string; since: string },
): Promise<string | undefined> {
  let nextToken: string | undefined;
  do {
    const page: ListCommandsCommandOutput = await callAws(
      { action: 'ssm:ListCommands', resource: `document ${documentName}` },
      () =>
        ssm.send(
          new ListCommandsCommand({
            MaxResults: 50,
            Filters: [
              // SSM takes no fractions of a second here.
              { key: 'InvokedAfter', value: `${new Date(since).toISOString().slice(0, 19)}Z` },
              { key: 'DocumentName', value: documentName },
            ],
            ...(nextToken === undefined ? {} : { NextToken: nextToken }),
          }),
        ),
    );
    const own = page.Commands?.find(
      (command) => command.Comment === comment && command.DocumentName === documentName,
    );
    if (own?.CommandId !== undefined) return own.CommandId;
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return undefined;
}

/** GetCommandInvocation gives the first 24,000 characters of stdout and 8,000 of stderr. */
export const stdoutLimit = 24_000;
export const stderrLimit = 8_000;

export interface Invocation {
  readonly instanceId: string;
  readonly status: string;
  /** More exact than the status, e.g. `Undeliverable` where the status says `Failed`. */
  readonly statusDetails: string;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command stands on one instance; `undefined` if SSM doesn't know it yet. */
export async function readInvocation(
  ssm: SSMClient,
  commandId: string,
  instanceId: string,
): Promise<Invocation | undefined> {
  return callAws<Invocation | undefined>(
    { action: 'ssm:GetCommandInvocation', resource: `command ${commandId} on ${instanceId}` },
    async () => {
      const answer = await ssm.send(
        new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }),
      );
      const status = answer.Status ?? 'Pending';
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

/** Asks SSM to stop a command wherever it has not ended; repeating it does no harm. */
export async function cancelCommand(ssm: SSMClient, commandId: string): Promise<void> {
  await callAws({ action: 'ssm:CancelCommand', resource: `command ${commandId}` }, () =>
    ssm.send(new CancelCommandCommand({ CommandId: commandId })),
  );
}
