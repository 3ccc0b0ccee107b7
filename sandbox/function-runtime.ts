/**
 * Runs packaged functions in threads, each with nothing but the environment of the function that runs in it.
 *
 * A thread is kept for the next function. A function that it has loaded stays warm there, for any sandbox that runs it
 * with the same environment: an SDK's first call takes longer than all that follow.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  exited,
  type FunctionConfiguration,
  type FunctionOutcome,
  FunctionThread,
  type Surroundings,
} from './function-thread.ts';

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

/** How long a thread waits for its next event; it keeps no process alive. */
const idleMilliseconds = 10_000;

/** The waiting threads of all sandboxes, each with what ends it. */
const idle = new Map<FunctionThread, NodeJS.Timeout>();

/** So many threads load a function at the same time: more would only keep each other from the processor. */
const maxLoading = 4;
const loading = new Set<FunctionThread>();
/** Those that wait until one is loaded, or until a thread is given back that may be warm for them. */
const waiting = new Set<() => void>();

function wakeAll(): void {
  for (const wake of waiting) wake();
  waiting.clear();
}

/**
 * Waits for a thread: one that has the function loaded, or one that may load it now.
 *
 * @returns it, with what has to be called when it has loaded the function; `undefined` if nobody wants it any more.
 */
async function takeThread(
  configuration: FunctionConfiguration,
  compileCache: string | undefined,
  isWanted: () => boolean,
): Promise<{ readonly thread: FunctionThread; readonly onLoaded: () => void } | undefined> {
  const { memoryMegabytes } = configuration;
  for (; isWanted(); await new Promise<void>((resolve) => waiting.add(resolve))) {
    const fitting = [...idle.keys()].filter(
      (thread) =>
        !thread.isEnding &&
        thread.memoryMegabytes === memoryMegabytes &&
        thread.compileCache === compileCache,
    );
    const warm = fitting.find((one) => one.isWarmFor(configuration));
    if (!warm && loading.size >= maxLoading) continue;
    const thread = warm ?? fitting.at(-1) ?? new FunctionThread(memoryMegabytes, compileCache);
    clearTimeout(idle.get(thread));
    idle.delete(thread);
    if (!warm) loading.add(thread);
    const onLoaded = () => {
      if (loading.delete(thread)) wakeAll();
    };
    return { thread, onLoaded };
  }
  return undefined;
}

function giveBack(thread: FunctionThread): void {
  if (thread.isEnding) return;
  const end = () => {
    idle.delete(thread);
    void thread.end();
  };
  idle.set(thread, setTimeout(end, idleMilliseconds).unref());
  wakeAll();
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
  /** Invocations that have no thread yet. */
  readonly #pending = new Set<{ readonly functionName: string; isCrashed: boolean }>();
  #closed = false;

  constructor(surroundings: Surroundings = {}) {
    this.#surroundings = surroundings;
  }

  async invoke(configuration: FunctionConfiguration, event: unknown): Promise<FunctionOutcome> {
    const { network = {}, certificate, speedUp = 1, compileCache } = this.#surroundings;
    const invocation = { functionName: configuration.name, isCrashed: false };
    this.#pending.add(invocation);
    const isWanted = () => !this.#closed && !invocation.isCrashed;
    const taken = await takeThread(configuration, compileCache, isWanted);
    this.#pending.delete(invocation);
    if (!taken) return { error: exited };
    const { thread, onLoaded } = taken;
    if (!isWanted()) {
      onLoaded();
      giveBack(thread);
      return { error: exited };
    }
    this.#busy.add(thread);
    const surroundings = { sandbox: this.#sandbox, network, certificate, speedUp };
    const outcome = await thread.run(configuration, event, surroundings, onLoaded);
    this.#busy.delete(thread);
    giveBack(thread);
    return outcome;
  }

  /** Ends the threads that handle an event for a function, as when they run out of memory. */
  crash(functionName: string): void {
    for (const thread of this.#busy) if (thread.running === functionName) void thread.end();
    for (const invocation of this.#pending)
      if (invocation.functionName === functionName) invocation.isCrashed = true;
    wakeAll();
  }

  /** Ends everything for good. */
  async close(): Promise<void> {
    this.#closed = true;
    wakeAll();
    await Promise.all([...this.#busy].map((thread) => thread.end()));
  }
}
