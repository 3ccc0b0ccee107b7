import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  type DescribeInstanceInformationCommandOutput,
  GetCommandInvocationCommand,
  GetDocumentCommand,
  ListCommandsCommand,
  type ListCommandsCommandOutput,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { callAws } from './aws.ts';
import type { Clock } from './clock.ts';
import { RecoveryError } from './errors.ts';
import type { InstanceSettings } from './settings.ts';
import type { ExecutionRef } from './states.ts';

export interface CommandRequest {
  readonly documentName: string;
  readonly instanceIds: readonly string[];
  /** How a retried state finds its own command again: SendCommand has no idempotency token. */
  readonly comment: string;
  readonly logGroupName: string;
  readonly deliveryTimeoutSeconds: number;
}

/** The managed instances that carry a tag, in any state: an offline one has to show up as a failure. */
async function findInstances(ssm: SSMClient, tag: { key: string; value: string }): Promise<string[]> {
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

/** A command as the list calls show it. */
export interface SentCommand {
  readonly commandId: string;
  readonly comment: string;
  readonly status: string;
}

/** The statuses of a command that has come to its end. */
const endedStatuses: ReadonlySet<string> = new Set(['Success', 'Cancelled', 'Failed', 'TimedOut']);

export const hasEnded = ({ status }: SentCommand): boolean => endedStatuses.has(status);

/** The commands of a document that were sent since a time, newest first. */
export async function listCommands(
  ssm: SSMClient,
  documentName: string,
  sinceMs: number,
): Promise<SentCommand[]> {
  const commands: (SentCommand & { readonly sentAtMs: number })[] = [];
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
              { key: 'InvokedAfter', value: `${new Date(sinceMs).toISOString().slice(0, 19)}Z` },
              { key: 'DocumentName', value: documentName },
            ],
            ...(nextToken === undefined ? {} : { NextToken: nextToken }),
          }),
        ),
    );
    for (const { CommandId, Comment, DocumentName, Status, RequestedDateTime } of page.Commands ?? []) {
      if (CommandId === undefined || DocumentName !== documentName) continue;
      commands.push({
        commandId: CommandId,
        comment: Comment ?? '',
        status: Status ?? 'Pending',
        sentAtMs: RequestedDateTime?.getTime() ?? 0,
      });
    }
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return commands.sort((one, other) => other.sentAtMs - one.sentAtMs);
}

/** A command that was sent can take some seconds to be listed, and one that was cancelled to end. */
export const lookAgainTimes = 5;
const lookAgainSeconds = 2;

/** Looks until there is something, once and then as often again as said. */
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

/** SendCommand takes no more instance ids. */
const maxInstances = 50;

/**
 * The instances of the target.
 *
 * @throws RecoveryError NoInstances or TooManyInstances with the tag.
 */
export async function listInstances(ssm: SSMClient, settings: InstanceSettings): Promise<string[]> {
  if (settings.INSTANCE_IDS.length > 0) return settings.INSTANCE_IDS;
  const [key = '', ...value] = (settings.INSTANCE_TAG ?? '').split('=');
  const tagged = await findInstances(ssm, { key, value: value.join('=') });
  if (tagged.length > maxInstances) {
    throw new RecoveryError(
      'TooManyInstances',
      `${tagged.length} instances are tagged ${settings.INSTANCE_TAG}, and a command takes ${maxInstances} at most. Choose a narrower tag in the target file.`,
    );
  }
  if (tagged.length > 0) return tagged;
  throw new RecoveryError(
    'NoInstances',
    `no instance that SSM manages is tagged ${settings.INSTANCE_TAG}. Check instances.tag in the target file and the tags in EC2.`,
  );
}

/** The lines that the deploy document runs. */
export async function readDocumentCommands(ssm: SSMClient, documentName: string): Promise<string[]> {
  const { Content } = await callAws({ action: 'ssm:GetDocument', resource: `document ${documentName}` }, () =>
    ssm.send(new GetDocumentCommand({ Name: documentName, DocumentFormat: 'JSON' })),
  );
  const document = v.safeParse(v.pipe(v.string(), v.parseJson(), DocumentContent), Content);
  return document.success ? document.output.mainSteps.flatMap(({ inputs }) => inputs.runCommand) : [];
}

const DocumentContent = v.object({
  mainSteps: v.array(v.object({ inputs: v.object({ runCommand: v.array(v.string()) }) })),
});

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
