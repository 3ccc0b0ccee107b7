/** Systems Manager's Run Command: it really runs a document's commands, on the sandbox's hosts. */
import { spawn } from 'node:child_process';
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

export const DocumentContent = v.object({
  mainSteps: v.array(
    v.object({
      action: v.literal('aws:runShellScript'),
      inputs: v.object({ timeoutSeconds: v.string(), runCommand: v.array(v.string()) }),
    }),
  ),
});
type DocumentContent = v.InferOutput<typeof DocumentContent>;

interface Invocation {
  readonly InstanceId: string;
  Status: 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelled';
  StatusDetails: string;
  ResponseCode: number;
  stdout: string;
  stderr: string;
  cancel: () => void;
}

interface Command {
  readonly CommandId: string;
  readonly DocumentName: string;
  readonly Comment: string;
  readonly RequestedDateTime: Date;
  readonly invocations: Invocation[];
}

/** Right behind SendCommand neither the lists nor the invocations know of it. */
const lagMilliseconds = 200;

export class RunCommand {
  readonly commands: Command[] = [];
  readonly #documents: ReadonlyMap<string, DocumentContent>;
  readonly #instances: ReadonlyMap<string, Instance>;

  constructor(documents: ReadonlyMap<string, DocumentContent>, instances: readonly Instance[]) {
    this.#documents = documents;
    this.#instances = new Map(instances.map((instance) => [instance.id, instance]));
  }

  /** Ends every command that still runs. */
  stop(): void {
    for (const { invocations } of this.commands) for (const invocation of invocations) invocation.cancel();
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
            cancel: () => undefined,
          })),
        };
        this.commands.push(command);
        void this.#run(command, document, instances, Number(MaxErrors));
        return { Command: describe(command) };
      },
    ),

    ListCommands: operation(
      v.object({
        CommandId: v.optional(v.string()),
        Filters: v.optional(v.array(v.object({ key: v.string(), value: v.string() })), []),
      }),
      ({ CommandId, Filters }) => {
        const filter = (key: string) => Filters.find((one) => one.key === key)?.value;
        const invokedAfter = filter('InvokedAfter');
        const documentName = filter('DocumentName');
        return {
          Commands: this.commands
            .filter((command) => CommandId === undefined || command.CommandId === CommandId)
            .filter((command) => Date.now() - command.RequestedDateTime.getTime() >= lagMilliseconds)
            .filter((command) => documentName === undefined || command.DocumentName === documentName)
            .filter(
              (command) => invokedAfter === undefined || command.RequestedDateTime >= new Date(invokedAfter),
            )
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
        if (!command || !invocation || Date.now() - command.RequestedDateTime.getTime() < lagMilliseconds)
          throw new AwsError('InvocationDoesNotExist', '');
        const { stdout, stderr, cancel: _, ...rest } = invocation;
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

    CancelCommand: operation(v.object({ CommandId: v.string() }), ({ CommandId }) => {
      const command = this.commands.find((one) => one.CommandId === CommandId);
      if (!command) throw new AwsError('InvalidCommandId', '');
      for (const invocation of command.invocations) {
        if (invocation.Status !== 'Pending' && invocation.Status !== 'InProgress') continue;
        end(invocation, 'Cancelled', 'Cancelled');
        invocation.cancel();
      }
      return {};
    }),

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

  /** One instance after the other, as with `MaxConcurrency` 1; an undeliverable one doesn't count as an error. */
  async #run(command: Command, document: DocumentContent, instances: readonly Instance[], maxErrors: number) {
    let errors = 0;
    for (const [index, invocation] of command.invocations.entries()) {
      const instance = instances[index];
      if (!instance || invocation.Status !== 'Pending') continue;
      if (errors > maxErrors) end(invocation, 'Failed', 'Terminated');
      else if (!instance.online) end(invocation, 'Failed', 'Undeliverable');
      else await runOn(instance, document, invocation);
      if (invocation.StatusDetails === 'Failed' || invocation.StatusDetails === 'TimedOut') errors += 1;
    }
  }
}

function describe({ invocations, ...command }: Command) {
  const ended = invocations.filter(({ Status }) => Status !== 'Pending' && Status !== 'InProgress');
  const failed = invocations.some(
    ({ StatusDetails }) => StatusDetails === 'Failed' || StatusDetails === 'TimedOut',
  );
  return {
    ...command,
    // An undeliverable invocation doesn't make the command fail: that is how AWS counts.
    Status: ended.length < invocations.length ? 'InProgress' : failed ? 'Failed' : 'Success',
    TargetCount: invocations.length,
    CompletedCount: ended.length,
    InstanceIds: invocations.map(({ InstanceId }) => InstanceId),
  };
}

function end(invocation: Invocation, status: Invocation['Status'], details: string, exitCode = -1): void {
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
  for (const { inputs } of mainSteps) {
    const deadline = Date.now() + Number(inputs.timeoutSeconds) * 1000;
    for (const line of inputs.runCommand.filter(
      (text) => !text.startsWith('#') && !text.startsWith('set -'),
    )) {
      const exitCode = await runLine(instance, line, invocation, deadline - Date.now());
      // A cancelled invocation has ended while its program was still being stopped.
      if (invocation.Status !== 'InProgress') return;
      if (exitCode === 'timed out') return end(invocation, 'TimedOut', 'TimedOut');
      if (exitCode !== 0) return end(invocation, 'Failed', 'Failed', exitCode);
    }
  }
  end(invocation, 'Success', 'Success', 0);
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
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    invocation.cancel = () => child.kill('SIGKILL');
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
      resolve(timedOut ? 'timed out' : (code ?? 137));
    });
  });
}
