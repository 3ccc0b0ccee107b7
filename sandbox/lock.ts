/** A lock between the processes of one machine: a file that whoever has it has made. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LockOptions {
  /** Nobody has the lock for longer than this. */
  readonly timeoutMs: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** @throws AbortError if it is told to wait no longer. */
export async function withLock<T>(
  path: string,
  { timeoutMs, signal }: LockOptions,
  run: () => Promise<T>,
): Promise<T> {
  while (!tryMake(path)) {
    if (isLeftBehind(path, timeoutMs)) rmSync(path, { force: true });
    else await sleep(50, undefined, { ...(signal ? { signal } : {}) });
  }
  try {
    return await run();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryMake(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Is the process no more that has made it? */
function isLeftBehind(path: string, timeoutMs: number): boolean {
  const made = statSync(path, { throwIfNoEntry: false });
  if (!made) return false;
  if (Date.now() - made.mtimeMs > timeoutMs) return true;
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // Between its making and its writing there is no number in it.
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
