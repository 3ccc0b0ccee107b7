/** Commands and their invocations as Run Command lists them, and the filters of the lists. */

import { region } from '../template.ts';
import { type DocumentContent, type Invocation, type Status, unfinished } from './command-invocation.ts';

export interface Command {
  readonly CommandId: string;
  readonly DocumentName: string;
  readonly Comment: string;
  readonly RequestedDateTime: Date;
  readonly invocations: Invocation[];
  ended: Promise<void>;
}

/** The filters that all lists have; each says whether a command passes. */
const commonFilters: Readonly<Record<string, (command: Command, value: string) => boolean>> = {
  InvokedAfter: ({ RequestedDateTime }, value) => RequestedDateTime >= new Date(value),
  InvokedBefore: ({ RequestedDateTime }, value) => RequestedDateTime <= new Date(value),
  DocumentName: ({ DocumentName }, value) => DocumentName === value,
};

/** The filters of ListCommands. */
export const commandFilters: typeof commonFilters = {
  ...commonFilters,
  Status: (command, value) => statusOf(command) === value,
  ExecutionStage: ({ invocations }, value) =>
    (value === 'Executing') === invocations.some(({ Status }) => unfinished.has(Status)),
};

/** The filters of ListCommandInvocations. */
export const invocationFilters: Readonly<
  Record<string, (command: Command, value: string, invocation: Invocation) => boolean>
> = {
  ...commonFilters,
  Status: (_command, value, { Status, StatusDetails }) => [Status, StatusDetails].includes(value),
};

/** A command as SendCommand and ListCommands show it. */
export function describe(command: Command) {
  const { invocations, ended: _, ...rest } = command;
  return {
    ...rest,
    Status: statusOf(command),
    StatusDetails: statusOf(command),
    TargetCount: invocations.length,
    CompletedCount: invocations.filter(({ Status }) => !unfinished.has(Status)).length,
    InstanceIds: invocations.map(({ InstanceId }) => InstanceId),
  };
}

/** An invocation as ListCommandInvocations shows it. */
export function listed(
  command: Command,
  invocation: Invocation,
  document: DocumentContent | undefined,
  withDetails: boolean,
) {
  const { CommandId, Comment, DocumentName, RequestedDateTime } = command;
  const { InstanceId, Status, StatusDetails } = invocation;
  return {
    CommandId,
    InstanceId,
    InstanceName: `${InstanceId}.${region}.compute.internal`,
    Comment,
    DocumentName,
    RequestedDateTime,
    Status,
    StatusDetails,
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: withDetails ? pluginsOf(invocation, document) : [],
  };
}

/** AWS shows no more than this of a plugin's output in its lists. */
const listedOutputLength = 2500;

/** The plugins that have run on an instance: each document here is one step. */
function pluginsOf(
  { Status, StatusDetails, ResponseCode, startedAt, finishedAt, stdout, stderr }: Invocation,
  document: DocumentContent | undefined,
) {
  const [step] = document?.mainSteps ?? [];
  if (!step || !startedAt) return [];
  const output = stderr === '' ? stdout : `${stdout}\n----------ERROR-------\n${stderr}`;
  return [
    {
      Name: step.name ?? step.action,
      Status: Status === 'Cancelling' ? 'InProgress' : Status,
      StatusDetails,
      ResponseCode,
      ResponseStartDateTime: startedAt,
      ResponseFinishDateTime: finishedAt,
      Output: output.slice(0, listedOutputLength),
      StandardOutputUrl: '',
      StandardErrorUrl: '',
      OutputS3Region: region,
      OutputS3BucketName: '',
      OutputS3KeyPrefix: '',
    },
  ];
}

/** An undeliverable invocation doesn't make the command fail: that is how AWS counts. */
function statusOf({ invocations }: Command): Status {
  const some = (...details: readonly string[]) =>
    invocations.some(({ StatusDetails }) => details.includes(StatusDetails));
  if (invocations.some(({ Status }) => unfinished.has(Status)))
    return some('Cancelling', 'Cancelled') ? 'Cancelling' : 'InProgress';
  if (some('Failed', 'TimedOut')) return 'Failed';
  return some('Cancelled') ? 'Cancelled' : 'Success';
}
