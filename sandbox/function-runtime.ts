/**
 * Runs packaged functions in threads, each with nothing but the environment of the function that runs in it.
 *
 * A thread is kept for the next function. A function that it has loaded stays warm there, for any sandbox that runs it
 * with the same environment: an SDK's first call takes longer than all that follow.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
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

/** A function's configuration at one time. */
export interface FunctionConfiguration {
  readonly name: string;
  readonly modulePath: string;
  readonly exportName: string;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  /** Read at each invocation. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly onLog: (line: string) => void;
}

/** Of the modules that Lambda loads for Node. */
export const moduleExtensions = ['.js', '.mjs', '.cjs'];

/** @param handler as in the template: `path/to/module.export`. */
export function configurationOf({
  codeDirectory,
  handler,
  ...rest
}: Omit<FunctionConfiguration, 'modulePath' | 'exportName'> & {
  readonly codeDirectory: string;
  readonly handler: string;
}): FunctionConfiguration {
  const separator = handler.lastIndexOf('.');
  const path = join(codeDirectory, handler.slice(0, separator));
  const extension = moduleExtensions.find((one) => existsSync(`${path}${one}`)) ?? '.js';
  return {
    ...rest,
    modulePath: `${path}${extension}`,
    exportName: handler.slice(separator + 1),
  };
}

/** The surroundings of the functions. */
export interface Surroundings {
  readonly network?: Network;
  /** Is trusted besides those of Node, as PEM. */
  readonly certificate?: string | undefined;
  /** How many times faster than in reality the functions' own waits pass; by default 1. */
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

/** Lambda's words for a function that ends before it has answered. */
const exited: FunctionError = {
  errorType: 'Runtime.ExitError',
  errorMessage: 'Error: Runtime exited without providing a reason',
};

const bootstrap = join(import.meta.dirname, 'function-bootstrap.cjs');

/** A thread that handles one event at a time, each with the function that it is for. */
class FunctionThread {
  readonly memoryMegabytes: number;
  readonly compileCache: string | undefined;
  readonly #worker: Worker;
  /** What is warm here: each module, with the configuration that it was loaded with. */
  readonly #loaded = new Map<string, string>();
  #isEnding = false;
  #configuration: FunctionConfiguration | undefined;
  #answer: (outcome: FunctionOutcome) => void = () => undefined;

  constructor(memoryMegabytes: number, compileCache: string | undefined) {
    this.memoryMegabytes = memoryMegabytes;
    this.compileCache = compileCache;
    this.#worker = new Worker(bootstrap, {
      workerData: { compileCache },
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
    this.#worker.once('exit', () => {
      this.#isEnding = true;
      this.#answer({ error: exited });
    });
  }

  #log(text: string): void {
    this.#configuration?.onLog(text.trimEnd());
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** The function that is handling an event. */
  get running(): string | undefined {
    return this.#configuration?.name;
  }

  isWarmFor(configuration: FunctionConfiguration): boolean {
    return this.#loaded.get(configuration.modulePath) === keyOf(configuration);
  }

  /** Ends the thread if the function takes too long. */
  async run(
    configuration: FunctionConfiguration,
    event: unknown,
    surroundings: Omit<Surroundings, 'compileCache'> & { readonly sandbox: string },
  ): Promise<FunctionOutcome> {
    const { modulePath, exportName, timeoutSeconds } = configuration;
    const { promise, resolve } = Promise.withResolvers<FunctionOutcome>();
    this.#worker.ref();
    this.#configuration = configuration;
    this.#answer = resolve;
    const timer = setTimeout(() => {
      const errorMessage = `Task timed out after ${timeoutSeconds} seconds`;
      resolve({ error: { errorType: 'Sandbox.Timedout', errorMessage } });
      void this.end();
    }, timeoutSeconds * 1000);
    const key = keyOf(configuration);
    this.#loaded.set(modulePath, key);
    this.#worker.postMessage({
      surroundings,
      configuration: { key, modulePath, exportName, environment: configuration.environment() },
      event: JSON.stringify(event ?? null),
    });
    const outcome = await promise;
    clearTimeout(timer);
    this.#configuration = undefined;
    this.#worker.unref();
    return outcome;
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }
}

/** A function with the same key doesn't have to be loaded again. */
function keyOf({ modulePath, exportName, environment }: FunctionConfiguration): string {
  return JSON.stringify([modulePath, exportName, environment()]);
}

/** How long a thread waits for its next event; it keeps no process alive. */
const idleMilliseconds = 10_000;

/** The waiting threads of all sandboxes, each with what ends it. */
const idle = new Map<FunctionThread, NodeJS.Timeout>();

function takeThread(configuration: FunctionConfiguration, compileCache: string | undefined): FunctionThread {
  const fitting = [...idle.keys()].filter(
    (thread) =>
      !thread.isEnding &&
      thread.memoryMegabytes === configuration.memoryMegabytes &&
      thread.compileCache === compileCache,
  );
  const thread = fitting.find((one) => one.isWarmFor(configuration)) ?? fitting.at(-1);
  if (!thread) return new FunctionThread(configuration.memoryMegabytes, compileCache);
  clearTimeout(idle.get(thread));
  idle.delete(thread);
  return thread;
}

function giveBack(thread: FunctionThread): void {
  if (thread.isEnding) return;
  const end = () => {
    idle.delete(thread);
    void thread.end();
  };
  idle.set(thread, setTimeout(end, idleMilliseconds).unref());
}

/** Ends the waiting threads; the next invocation starts another one. */
export async function endIdleThreads(): Promise<void> {
  const threads = [...idle.keys()];
  for (const timer of idle.values()) clearTimeout(timer);
  idle.clear();
  await Promise.all(threads.map((thread) => thread.end()));
}

/** The functions that run in one sandbox. */
export class FunctionRuntime {
  readonly #sandbox = randomUUID();
  readonly #surroundings: Surroundings;
  readonly #busy = new Set<FunctionThread>();
  #closed = false;

  constructor(surroundings: Surroundings = {}) {
    this.#surroundings = surroundings;
  }

  async invoke(configuration: FunctionConfiguration, event: unknown): Promise<FunctionOutcome> {
    if (this.#closed) return { error: exited };
    const { network = {}, certificate, speedUp = 1, compileCache } = this.#surroundings;
    const thread = takeThread(configuration, compileCache);
    this.#busy.add(thread);
    const outcome = await thread.run(configuration, event, {
      sandbox: this.#sandbox,
      network,
      certificate,
      speedUp,
    });
    this.#busy.delete(thread);
    giveBack(thread);
    return outcome;
  }

  /** Ends the threads that handle an event for a function, as when they run out of memory. */
  crash(functionName: string): void {
    for (const thread of this.#busy) if (thread.running === functionName) void thread.end();
  }

  /** Ends everything for good. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#busy].map((thread) => thread.end()));
  }
}
