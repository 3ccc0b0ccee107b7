/** Systems Manager's Run Command: it really runs a document's commands, on the sandbox's hosts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AwsError, type Operation, operation } from '../endpoint.ts';

/** A managed instance, as far as Run Command sees it. */
export interface Instance {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  online: boolean;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What of a document is run here; GetDocument gives the rest as well. */
export const DocumentContent = v.looseObject({
  mainSteps: v.array(
    v.looseObject({
      action: v.literal('aws:runShellScript'),
      inputs: v.looseObject({ timeoutSeconds: v.string(), runCommand: v.array(v.string()) }),
    }),
  ),
});
type DocumentContent = v.InferOutput<typeof DocumentContent>;

type Status = 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelling' | 'Cancelled';

interface Invocation {
  readonly InstanceId: string;
  Status: Status;
  StatusDetails: string;
  ResponseCode: number;
  stdout: string;
  stderr: string;
  /** Ends the processes it runs. */
  kill: () => void;
  /** Resolves when nothing of it runs any more. */
  ended: Promise<void>;
}

interface Command {
  readonly CommandId: string;
  readonly DocumentName: string;
  readonly Comment: string;
  readonly RequestedDateTime: Date;
  readonly invocations: Invocation[];
  ended: Promise<void>;
}

const unfinished: ReadonlySet<Status> = new Set<Status>(['Pending', 'InProgress', 'Cancelling']);

/** The filters of ListCommands; each says whether a command passes. */
const filters: Readonly<Record<string, (command: Command, value: string) => boolean>> = {
  InvokedAfter: ({ RequestedDateTime }, value) => RequestedDateTime >= new Date(value),
  InvokedBefore: ({ RequestedDateTime }, value) => RequestedDateTime <= new Date(value),
  DocumentName: ({ DocumentName }, value) => DocumentName === value,
  Status: (command, value) => statusOf(command) === value,
  ExecutionStage: ({ invocations }, value) =>
    (value === 'Executing') === invocations.some(({ Status }) => unfinished.has(Status)),
};

export class RunCommand {
  readonly commands: Command[] = [];
  readonly #documents: ReadonlyMap<string, DocumentContent>;
  readonly #instances: ReadonlyMap<string, Instance>;
  readonly #lagMilliseconds: number;

  /** @param lagMilliseconds how long after SendCommand neither the lists nor the invocations know of it. */
  constructor(
    documents: ReadonlyMap<string, DocumentContent>,
    instances: readonly Instance[],
    lagMilliseconds = 200,
  ) {
    this.#documents = documents;
    this.#instances = new Map(instances.map((instance) => [instance.id, instance]));
    this.#lagMilliseconds = lagMilliseconds;
  }

  /** Ends every command that still runs. */
  async stop(): Promise<void> {
    for (const { invocations } of this.commands) {
      void cancel(invocations);
      // A test may have put another status in place of the one that says that it runs.
      for (const { kill } of invocations) kill();
    }
    await Promise.all(this.commands.map(({ ended }) => ended));
  }

  readonly operations: Readonly<Record<string, Operation>> = {
    SendCommand: operation(
      v.object({
        DocumentName: v.string(),
        InstanceIds: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(50)),
        Comment: v.optional(v.pipe(v.string(), v.maxLength(100)), ''),
        MaxErrors: v.optional(v.string(), '0'),
        TimeoutSeconds: v.optional(v.pipe(v.number(), v.minValue(30)), 3600),
      }),
      ({ DocumentName, InstanceIds, Comment, MaxErrors }) => {
        const document = this.#documents.get(DocumentName);
        if (!document) throw new AwsError('InvalidDocument', '');
        const instances = InstanceIds.map((id) => {
          const instance = this.#instances.get(id);
          if (!instance) throw new AwsError('InvalidInstanceId', '');
          return instance;
        });
        const command: Command = {
          CommandId: randomUUID(),
          DocumentName,
          Comment,
          RequestedDateTime: new Date(),
          invocations: instances.map(({ id }) => ({
            InstanceId: id,
            Status: 'Pending',
            StatusDetails: 'Pending',
            ResponseCode: -1,
            stdout: '',
            stderr: '',
            kill: () => undefined,
            ended: Promise.resolve(),
          })),
          ended: Promise.resolve(),
        };
        this.commands.push(command);
        command.ended = this.#run(command, document, instances, Number(MaxErrors));
        return { Command: describe(command) };
      },
    ),

    ListCommands: operation(
      v.object({
        CommandId: v.optional(v.string()),
        Filters: v.optional(v.array(v.object({ key: v.string(), value: v.string() })), []),
      }),
      ({ CommandId, Filters }) => {
        for (const { key } of Filters)
          if (!Object.hasOwn(filters, key)) throw new AwsError('InvalidFilterKey', '');
        return {
          Commands: this.commands
            .filter((command) => CommandId === undefined || command.CommandId === CommandId)
            .filter((command) => this.#isKnown(command))
            .filter((command) => Filters.every(({ key, value }) => filters[key]?.(command, value)))
            .map(describe)
            .reverse(),
        };
      },
    ),

    GetCommandInvocation: operation(
      v.object({ CommandId: v.string(), InstanceId: v.string() }),
      ({ CommandId, InstanceId }) => {
        const command = this.commands.find((one) => one.CommandId === CommandId);
        const invocation = command?.invocations.find((one) => one.InstanceId === InstanceId);
        if (!command || !invocation || !this.#isKnown(command))
          throw new AwsError('InvocationDoesNotExist', '');
        const { stdout, stderr, kill: _, ended: __, ...rest } = invocation;
        return {
          CommandId,
          Comment: command.Comment,
          DocumentName: command.DocumentName,
          ...rest,
          StandardOutputContent: stdout.slice(0, 24_000),
          StandardErrorContent: stderr.slice(0, 8_000),
        };
      },
    ),

    CancelCommand: operation(
      v.object({ CommandId: v.string(), InstanceIds: v.optional(v.array(v.string()), []) }),
      async ({ CommandId, InstanceIds }) => {
        const command = this.commands.find((one) => one.CommandId === CommandId);
        if (!command) throw new AwsError('InvalidCommandId', '');
        const known = command.invocations.map(({ InstanceId }) => InstanceId);
        if (InstanceIds.some((id) => !known.includes(id))) throw new AwsError('InvalidInstanceId', '');
        // SSM may answer long before; by then the processes may run or not.
        await cancel(
          command.invocations.filter(
            ({ InstanceId }) => InstanceIds.length === 0 || InstanceIds.includes(InstanceId),
          ),
        );
        return {};
      },
    ),

    GetDocument: operation(
      v.object({
        Name: v.string(),
        DocumentVersion: v.optional(v.string(), '$DEFAULT'),
        DocumentFormat: v.optional(v.literal('JSON'), 'JSON'),
      }),
      ({ Name, DocumentVersion, DocumentFormat }) => {
        const document = this.#documents.get(Name);
        if (!document) throw new AwsError('InvalidDocument', '');
        if (!['$DEFAULT', '$LATEST', '1'].includes(DocumentVersion))
          throw new AwsError('InvalidDocumentVersion', '');
        return {
          Name,
          DocumentVersion: '1',
          Status: 'Active',
          DocumentType: 'Command',
          DocumentFormat,
          Content: JSON.stringify(document),
        };
      },
    ),

    DescribeInstanceInformation: operation(
      v.object({
        Filters: v.optional(v.array(v.object({ Key: v.string(), Values: v.array(v.string()) })), []),
      }),
      ({ Filters }) => ({
        InstanceInformationList: [...this.#instances.values()]
          .filter((instance) =>
            Filters.every(({ Key, Values }) =>
              Values.includes(instance.tags[Key.replace(/^tag:/, '')] ?? ''),
            ),
          )
          .map(({ id, online }) => ({
            InstanceId: id,
            PingStatus: online ? 'Online' : 'ConnectionLost',
            PlatformType: 'Linux',
          })),
      }),
    ),
  };

  #isKnown({ RequestedDateTime }: Command): boolean {
    return Date.now() - RequestedDateTime.getTime() >= this.#lagMilliseconds;
  }

  /** One instance after the other, as with `MaxConcurrency` 1; an undeliverable one doesn't count as an error. */
  async #run(command: Command, document: DocumentContent, instances: readonly Instance[], maxErrors: number) {
    let errors = 0;
    for (const [index, invocation] of command.invocations.entries()) {
      const instance = instances[index];
      if (!instance || invocation.Status !== 'Pending') continue;
      if (errors > maxErrors) end(invocation, 'Failed', 'Terminated');
      else if (!instance.online) end(invocation, 'Failed', 'Undeliverable');
      else {
        invocation.ended = runOn(instance, document, invocation);
        await invocation.ended;
      }
      if (invocation.StatusDetails === 'Failed' || invocation.StatusDetails === 'TimedOut') errors += 1;
    }
  }
}

function describe(command: Command) {
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

/** An undeliverable invocation doesn't make the command fail: that is how AWS counts. */
function statusOf({ invocations }: Command): Status {
  const some = (...details: readonly string[]) =>
    invocations.some(({ StatusDetails }) => details.includes(StatusDetails));
  if (invocations.some(({ Status }) => unfinished.has(Status)))
    return some('Cancelling', 'Cancelled') ? 'Cancelling' : 'InProgress';
  if (some('Failed', 'TimedOut')) return 'Failed';
  return some('Cancelled') ? 'Cancelled' : 'Success';
}

/** What runs is cancelled when its processes have ended; what has ended stays as it is. */
async function cancel(invocations: readonly Invocation[]): Promise<void> {
  const running = invocations.filter(({ Status }) => Status === 'InProgress');
  for (const invocation of invocations)
    if (invocation.Status === 'Pending') end(invocation, 'Cancelled', 'Cancelled');
  for (const invocation of running) end(invocation, 'Cancelling', 'Cancelling');
  for (const { kill } of running) kill();
  await Promise.all(running.map(({ ended }) => ended));
}

function end(invocation: Invocation, status: Status, details: string, exitCode = -1): void {
  Object.assign(invocation, { Status: status, StatusDetails: details, ResponseCode: exitCode });
}

/**
 * Runs the lines of a script as `set -e` would, up to the first one that fails. Each line is started as a
 * program, not by a shell, so that this works without bash; the agent's own shebang and `set` line are skipped.
 */
async function runOn(
  instance: Instance,
  { mainSteps }: DocumentContent,
  invocation: Invocation,
): Promise<void> {
  end(invocation, 'InProgress', 'InProgress');
  // Its status changes while a line runs.
  const isCancelled = () => invocation.Status !== 'InProgress';
  for (const { inputs } of mainSteps) {
    const deadline = Date.now() + Number(inputs.timeoutSeconds) * 1000;
    for (const line of inputs.runCommand.filter(
      (text) => !text.startsWith('#') && !text.startsWith('set -'),
    )) {
      const exitCode = await runLine(instance, line, invocation, deadline - Date.now());
      if (isCancelled()) return end(invocation, 'Cancelled', 'Cancelled');
      if (exitCode === 'timed out') return end(invocation, 'TimedOut', 'TimedOut');
      if (exitCode !== 0) return end(invocation, 'Failed', 'Failed', exitCode);
    }
  }
  end(invocation, 'Success', 'Success', 0);
}

/** Windows has no process groups: there, what a program has started outlives it. */
const hasProcessGroups = process.platform !== 'win32';

/** Ends a program and what it has started. */
function killAll(child: ChildProcess): void {
  if (!hasProcessGroups || child.pid === undefined) {
    child.kill('SIGKILL');
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}

function runLine(
  instance: Instance,
  line: string,
  invocation: Invocation,
  timeoutMs: number,
): Promise<number | 'timed out'> {
  return new Promise((resolve) => {
    const [program = '', ...programArguments] = line.split(/\s+/);
    const child = spawn(program === 'node' ? process.execPath : program, programArguments, {
      cwd: instance.workingDirectory,
      env: instance.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: hasProcessGroups,
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killAll(child);
    }, timeoutMs);
    invocation.kill = () => killAll(child);
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      invocation.stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      invocation.stderr += chunk;
    });
    child.on('error', (error) => {
      invocation.stderr += `${error.message}\n`;
      clearTimeout(timer);
      resolve(127);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      // Its number may be another process's by now.
      invocation.kill = () => undefined;
      resolve(timedOut ? 'timed out' : (code ?? 137));
    });
  });
}
