/** A thread in which a function runs as on Lambda: with its own memory, for as long as it may. */
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
  v.object({ loaded: v.literal(true) }),
  v.object({ answer: v.pipe(v.string(), v.parseJson(), Outcome) }),
]);

/** Lambda's words for a function that ends before it has answered. */
export const exited: FunctionError = {
  errorType: 'Runtime.ExitError',
  errorMessage: 'Error: Runtime exited without providing a reason',
};

const bootstrap = join(import.meta.dirname, 'function-bootstrap.cjs');

/** How long a function may take to load; Lambda gives it ten seconds, on a machine that is never busy. */
const loadSeconds = 60;

/** A thread that handles one event at a time, each with the function that it is for. */
export class FunctionThread {
  readonly memoryMegabytes: number;
  readonly compileCache: string | undefined;
  readonly #worker: Worker;
  /** What is warm here: each module, with the configuration that it was loaded with. */
  readonly #loaded = new Map<string, string>();
  #isEnding = false;
  #configuration: FunctionConfiguration | undefined;
  #answer: (outcome: FunctionOutcome) => void = () => undefined;
  #onLoaded: () => void = () => undefined;

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
      else if ('loaded' in message) this.#onLoaded();
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

  /**
   * Ends the thread if the function takes too long. Its time begins when it is loaded, as on Lambda.
   *
   * @param onLoaded called when it is, or when it has ended without.
   */
  async run(
    configuration: FunctionConfiguration,
    event: unknown,
    surroundings: Omit<Surroundings, 'compileCache'> & { readonly sandbox: string },
    onLoaded: () => void,
  ): Promise<FunctionOutcome> {
    const { modulePath, exportName, timeoutSeconds } = configuration;
    const { promise, resolve } = Promise.withResolvers<FunctionOutcome>();
    this.#worker.ref();
    this.#configuration = configuration;
    this.#answer = resolve;
    const timeOut = () => {
      const errorMessage = `Task timed out after ${timeoutSeconds} seconds`;
      resolve({ error: { errorType: 'Sandbox.Timedout', errorMessage } });
      void this.end();
    };
    let timer = setTimeout(timeOut, loadSeconds * 1000);
    this.#onLoaded = () => {
      clearTimeout(timer);
      timer = setTimeout(timeOut, timeoutSeconds * 1000);
      onLoaded();
    };
    const key = keyOf(configuration);
    this.#loaded.set(modulePath, key);
    this.#worker.postMessage({
      surroundings,
      configuration: { key, modulePath, exportName, environment: configuration.environment() },
      event: JSON.stringify(event ?? null),
    });
    const outcome = await promise;
    this.#onLoaded = () => undefined;
    clearTimeout(timer);
    onLoaded();
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
