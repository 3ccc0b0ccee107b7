/** Runs one packaged function: a pool of processes with nothing but the function's own environment. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import * as v from 'valibot';

/** How Lambda reports a failed invocation. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}
export type FunctionOutcome = { readonly result: unknown } | { readonly error: FunctionError };

const Message = v.object({
  result: v.optional(v.unknown(), null),
  error: v.optional(
    v.object({ errorType: v.string(), errorMessage: v.string(), trace: v.optional(v.array(v.string()), []) }),
  ),
});

export interface FunctionRuntimeOptions {
  readonly codeDirectory: string;
  /** As in the template: `path/to/module.export`. */
  readonly handler: string;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  /** Asked for whenever a process starts. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly onLog: (line: string) => void;
}

/** As Lambda puts it when a process ends before it has answered. */
const exited: FunctionError = {
  errorType: 'Runtime.ExitError',
  errorMessage: 'Error: Runtime exited without providing a reason',
};

const bootstrap = join(import.meta.dirname, 'function-bootstrap.cjs');

export class FunctionRuntime {
  readonly #options: FunctionRuntimeOptions;
  readonly #idle: ChildProcess[] = [];
  /** The processes there are, each with its end. */
  readonly #all = new Map<ChildProcess, Promise<void>>();
  #stopped = false;
  #killed = false;

  constructor(options: FunctionRuntimeOptions) {
    this.#options = options;
  }

  /** Takes an idle process, or starts one; like Lambda, a process handles one event at a time. */
  async invoke(event: unknown): Promise<FunctionOutcome> {
    if (this.#killed) return { error: exited };
    const child = this.#idle.pop() ?? this.#start();
    return new Promise((resolve) => {
      const finish = (outcome: FunctionOutcome, reuse: boolean) => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        if (reuse && !this.#stopped) this.#idle.push(child);
        else child.kill('SIGKILL');
        resolve(outcome);
      };
      const onMessage = (raw: unknown) => {
        const message = v.parse(Message, raw);
        if (message.error) finish({ error: message.error }, true);
        else finish({ result: message.result }, true);
      };
      const onExit = () => finish({ error: exited }, false);
      const { timeoutSeconds } = this.#options;
      const errorMessage = `Task timed out after ${timeoutSeconds} seconds`;
      const timer = setTimeout(
        () => finish({ error: { errorType: 'Sandbox.Timedout', errorMessage } }, false),
        timeoutSeconds * 1000,
      );
      child.once('message', onMessage);
      child.once('exit', onExit);
      child.send({ event });
    });
  }

  #start(): ChildProcess {
    const { codeDirectory, handler, memoryMegabytes, environment, onLog } = this.#options;
    const separator = handler.lastIndexOf('.');
    const child = fork(
      bootstrap,
      [join(codeDirectory, `${handler.slice(0, separator)}.js`), handler.slice(separator + 1)],
      {
        cwd: codeDirectory,
        env: { ...environment() },
        execArgv: [`--max-old-space-size=${memoryMegabytes}`],
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => onLog(text.trimEnd()));
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => {
        this.#all.delete(child);
        const index = this.#idle.indexOf(child);
        if (index !== -1) this.#idle.splice(index, 1);
        resolve();
      });
    });
    this.#all.set(child, ended);
    return child;
  }

  /** Ends the idle processes now, and a busy one when it has answered. */
  stop(): void {
    this.#stopped = true;
    for (const child of this.#idle.splice(0)) child.kill('SIGKILL');
  }

  /** Ends the processes that work on an event, as when they run out of memory. */
  crash(): void {
    for (const child of this.#all.keys()) if (!this.#idle.includes(child)) child.kill('SIGKILL');
  }

  /** Ends every process at once, for good. */
  async kill(): Promise<void> {
    this.#stopped = true;
    this.#killed = true;
    const ends = [...this.#all.values()];
    for (const child of this.#all.keys()) child.kill('SIGKILL');
    await Promise.all(ends);
  }
}
