/** A command of Run Command on one instance: its processes, and how they end. */
import { type ChildProcess, spawn } from 'node:child_process';
import * as v from 'valibot';
import { AwsError } from '../endpoint.ts';

/** A managed instance, as far as Run Command sees it. */
export interface Instance {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
  online: boolean;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Lines at the end of a script that are not run, and what is run in their place. */
  readonly standIns?: { readonly from: readonly string[]; readonly to: readonly string[] };
  /** Its scripts are run by bash, as on a real host, and this is called when one has succeeded. */
  readonly bash?: { readonly onSuccess: () => void };
}

/** The part of a document that is run here; GetDocument also gives the rest. */
export const DocumentContent = v.looseObject({
  parameters: v.optional(
    v.record(
      v.string(),
      v.looseObject({ default: v.optional(v.string()), allowedPattern: v.optional(v.string(), '') }),
    ),
    {},
  ),
  mainSteps: v.array(
    v.looseObject({
      name: v.optional(v.string()),
      action: v.literal('aws:runShellScript'),
      inputs: v.looseObject({ timeoutSeconds: v.string(), runCommand: v.array(v.string()) }),
    }),
  ),
});
export type DocumentContent = v.InferOutput<typeof DocumentContent>;

/**
 * The document with its parameters filled in.
 *
 * @throws AwsError InvalidParameters if one is not the document's, is missing, or doesn't match its pattern.
 */
export function withParameters(
  document: DocumentContent,
  given: Readonly<Record<string, readonly string[]>>,
): DocumentContent {
  const { parameters, mainSteps } = document;
  if (Object.keys(given).some((name) => !Object.hasOwn(parameters, name)))
    throw new AwsError('InvalidParameters', '');
  const values = Object.entries(parameters).map(([name, { default: otherwise, allowedPattern }]) => {
    const value = given[name]?.join() ?? otherwise;
    if (value === undefined || !new RegExp(allowedPattern).test(value))
      throw new AwsError('InvalidParameters', '');
    return [name, value] as const;
  });
  const fill = (line: string) =>
    values.reduce((filled, [name, value]) => filled.replaceAll(`{{ ${name} }}`, value), line);
  return {
    ...document,
    mainSteps: mainSteps.map((step) => ({
      ...step,
      inputs: { ...step.inputs, runCommand: step.inputs.runCommand.map(fill) },
    })),
  };
}

export type Status =
  | 'Pending'
  | 'InProgress'
  | 'Success'
  | 'Failed'
  | 'TimedOut'
  | 'Cancelling'
  | 'Cancelled';

/** A command on one instance. */
export interface Invocation {
  readonly InstanceId: string;
  Status: Status;
  StatusDetails: string;
  ResponseCode: number;
  startedAt: Date | undefined;
  finishedAt: Date | undefined;
  stdout: string;
  stderr: string;
  /** Ends the processes that it runs. */
  kill: () => void;
  /** Resolves when none of its processes runs any more. */
  ended: Promise<void>;
}

/** Statuses that can still change by themselves. */
export const unfinished: ReadonlySet<Status> = new Set<Status>(['Pending', 'InProgress', 'Cancelling']);

export function newInvocation(instanceId: string): Invocation {
  return {
    InstanceId: instanceId,
    Status: 'Pending',
    StatusDetails: 'Pending',
    ResponseCode: -1,
    startedAt: undefined,
    finishedAt: undefined,
    stdout: '',
    stderr: '',
    kill: () => undefined,
    ended: Promise.resolve(),
  };
}

/** A running command is cancelled when its processes have ended; one that has ended stays as it is. */
export async function cancel(invocations: readonly Invocation[]): Promise<void> {
  const running = invocations.filter(({ Status }) => Status === 'InProgress');
  for (const invocation of invocations)
    if (invocation.Status === 'Pending') end(invocation, 'Cancelled', 'Cancelled');
  for (const invocation of running) end(invocation, 'Cancelling', 'Cancelling');
  for (const { kill } of running) kill();
  await Promise.all(running.map(({ ended }) => ended));
}

/** Gives it another status. */
export function end(invocation: Invocation, status: Status, details: string, exitCode = -1): void {
  Object.assign(invocation, { Status: status, StatusDetails: details, ResponseCode: exitCode });
  if (!unfinished.has(status)) invocation.finishedAt = new Date();
}

/**
 * Runs the lines of a script as `set -e` would, up to the first one that fails. Each line is started as a program, not
 * by a shell, so this works without bash; the script's shebang and `set` line are skipped, and a line
 * `export NAME='value'` is a variable of those that follow. On an instance with bash, it runs the script as a whole.
 */
export async function runOn(
  instance: Instance,
  { mainSteps }: DocumentContent,
  invocation: Invocation,
): Promise<void> {
  end(invocation, 'InProgress', 'InProgress');
  invocation.startedAt = new Date();
  // Its status changes while a line runs.
  const isCancelled = () => invocation.Status !== 'InProgress';
  const environment = { ...instance.environment };
  for (const { inputs } of mainSteps) {
    const deadline = Date.now() + Number(inputs.timeoutSeconds) * 1000;
    for (const line of linesOf(instance, inputs.runCommand)) {
      const [, name, value = ''] = /^export (\w+)='([^']*)'$/.exec(line) ?? [];
      if (name !== undefined) {
        environment[name] = value;
        continue;
      }
      const program = instance.bash ? ['bash', '-c', line] : line.split(/\s+/);
      const exitCode = await run({ ...instance, environment }, program, invocation, deadline - Date.now());
      if (isCancelled()) return end(invocation, 'Cancelled', 'Cancelled');
      if (exitCode === 'timed out') return end(invocation, 'TimedOut', 'TimedOut');
      if (exitCode !== 0) return end(invocation, 'Failed', 'Failed', exitCode);
    }
  }
  instance.bash?.onSuccess();
  end(invocation, 'Success', 'Success', 0);
}

/** What is started one after the other. */
function linesOf({ bash, standIns }: Instance, script: readonly string[]): readonly string[] {
  if (bash) return [script.join('\n')];
  const lines = standIns ? [...script.slice(0, -standIns.from.length), ...standIns.to] : script;
  return lines.filter((text) => !text.startsWith('#') && !text.startsWith('set -'));
}

/** Windows has no process groups: there, what a program started outlives it. */
const hasProcessGroups = process.platform !== 'win32';

/** Ends a program and what it started. */
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

function run(
  instance: Instance,
  [program = '', ...programArguments]: readonly string[],
  invocation: Invocation,
  timeoutMs: number,
): Promise<number | 'timed out'> {
  return new Promise((resolve) => {
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
      // Its number may belong to another process by now.
      invocation.kill = () => undefined;
      resolve(timedOut ? 'timed out' : (code ?? 137));
    });
  });
}
