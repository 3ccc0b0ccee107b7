/** Runs packaged functions in threads, which have nothing but the environment of the function that runs in them. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import type { Network } from './network.ts';

/** How Lambda reports a failed invocation. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}
export type FunctionOutcome = { readonly result: unknown } | { readonly error: FunctionError };

/** A function as it is configured at one time; after an update it is another one. */
export interface FunctionConfiguration {
  readonly id: string;
  readonly name: string;
  readonly modulePath: string;
  readonly exportName: string;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  /** Asked for with each invocation. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly onLog: (line: string) => void;
}

/** @param handler as in the template: `path/to/module.export`. */
export function configurationOf({
  codeDirectory,
  handler,
  ...rest
}: Omit<FunctionConfiguration, 'id' | 'modulePath' | 'exportName'> & {
  readonly codeDirectory: string;
  readonly handler: string;
}): FunctionConfiguration {
  const separator = handler.lastIndexOf('.');
  return {
    ...rest,
    id: randomUUID(),
    modulePath: join(codeDirectory, `${handler.slice(0, separator)}.js`),
    exportName: handler.slice(separator + 1),
  };
}

/** What the functions find around them. */
export interface Surroundings {
  readonly network?: Network;
  /** How many times faster than real the functions' own waits pass; 1 if not given. */
  readonly speedUp?: number | undefined;
  /** A folder for compiled code; any number of processes can share it. */
  readonly compileCache?: string;
}

const Outcome = v.object({
  result: v.optional(v.unknown(), null),
  error: v.optional(
    v.object({ errorType: v.string(), errorMessage: v.string(), trace: v.optional(v.array(v.string()), []) }),
  ),
});
const FromThread = v.union([
  v.object({ log: v.string() }),
  v.object({ answer: v.pipe(v.string(), v.parseJson(), Outcome) }),
]);

/** As Lambda puts it when a function ends before it has answered. */
const exited: FunctionError = {
  errorType: 'Runtime.ExitError',
  errorMessage: 'Error: Runtime exited without providing a reason',
};

const bootstrap = join(import.meta.dirname, 'function-bootstrap.cjs');

/** A thread that runs one event at a time, each with whatever function it is for. */
class FunctionThread {
  readonly memoryMegabytes: number;
  /** Resolves when the thread is no more. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  #isEnding = false;
  #configuration: FunctionConfiguration | undefined;
  #answer: (outcome: FunctionOutcome) => void = () => undefined;

  constructor(memoryMegabytes: number, { network = {}, speedUp = 1, compileCache }: Surroundings) {
    this.memoryMegabytes = memoryMegabytes;
    this.#worker = new Worker(bootstrap, {
      workerData: { network, speedUp, compileCache },
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memoryMegabytes },
      stdout: true,
      stderr: true,
    });
    this.#worker.on('message', (raw: unknown) => {
      const message = v.parse(FromThread, raw);
      if ('log' in message) this.#log(message.log);
      else if (message.answer.error) this.#answer({ error: message.answer.error });
      else this.#answer({ result: message.answer.result });
    });
    this.#worker.on('error', (error) => this.#log(String(error instanceof Error ? error.stack : error)));
    this.ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#isEnding = true;
        this.#answer({ error: exited });
        resolve();
      });
    });
  }

  #log(text: string): void {
    this.#configuration?.onLog(text.trimEnd());
  }

  /** The function that an event is being handled by. */
  get running(): string | undefined {
    return this.#configuration?.name;
  }

  /** Ends the thread if the function takes too long. */
  async run(configuration: FunctionConfiguration, event: unknown): Promise<FunctionOutcome> {
    const { id, modulePath, exportName, timeoutSeconds } = configuration;
    const { promise, resolve } = Promise.withResolvers<FunctionOutcome>();
    this.#configuration = configuration;
    this.#answer = resolve;
    const timer = setTimeout(() => {
      const errorMessage = `Task timed out after ${timeoutSeconds} seconds`;
      resolve({ error: { errorType: 'Sandbox.Timedout', errorMessage } });
      void this.end();
    }, timeoutSeconds * 1000);
    this.#worker.postMessage({
      configuration: { id, modulePath, exportName, environment: configuration.environment() },
      event: JSON.stringify(event ?? null),
    });
    const outcome = await promise;
    clearTimeout(timer);
    this.#configuration = undefined;
    return outcome;
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }
}

export class FunctionRuntime {
  readonly #surroundings: Surroundings;
  readonly #idle: FunctionThread[] = [];
  readonly #all = new Set<FunctionThread>();
  #closed = false;

  constructor(surroundings: Surroundings = {}) {
    this.#surroundings = surroundings;
  }

  /** Takes an idle thread with the function's memory, or starts one. */
  async invoke(configuration: FunctionConfiguration, event: unknown): Promise<FunctionOutcome> {
    if (this.#closed) return { error: exited };
    const { memoryMegabytes } = configuration;
    const index = this.#idle.findLastIndex((thread) => thread.memoryMegabytes === memoryMegabytes);
    const [idle] = index === -1 ? [] : this.#idle.splice(index, 1);
    const thread = idle ?? this.#start(memoryMegabytes);
    const outcome = await thread.run(configuration, event);
    if (!thread.isEnding) this.#idle.push(thread);
    return outcome;
  }

  #start(memoryMegabytes: number): FunctionThread {
    const thread = new FunctionThread(memoryMegabytes, this.#surroundings);
    this.#all.add(thread);
    void thread.ended.then(() => {
      this.#all.delete(thread);
      const index = this.#idle.indexOf(thread);
      if (index !== -1) this.#idle.splice(index, 1);
    });
    return thread;
  }

  /** Ends the threads that work on an event for a function, as when they run out of memory. */
  crash(functionName: string): void {
    for (const thread of this.#all) if (thread.running === functionName) void thread.end();
  }

  /** Ends every thread at once, for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map((thread) => thread.end()));
  }
}
