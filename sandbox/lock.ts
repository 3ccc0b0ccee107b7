/** A lock between the processes of one machine: a file made by whoever has the lock. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LockOptions {
  /** Nobody has the lock for longer than this. */
  readonly timeoutMs: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws AbortError if the signal ends the waiting. */
export async function withLock<T>(
  path: string,
  { timeoutMs, signal }: LockOptions,
  run: () => Promise<T>,
): Promise<T> {
  while (!tryMake(path)) {
    if (isLeftBehind(path, timeoutMs)) rmSync(path, { force: true });
    else await sleep(50, undefined, { signal });
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

/** Whether the process that made it no longer exists. */
function isLeftBehind(path: string, timeoutMs: number): boolean {
  const made = statSync(path, { throwIfNoEntry: false });
  if (!made) return false;
  if (Date.now() - made.mtimeMs > timeoutMs) return true;
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // Right after it was made, it doesn't hold the number yet.
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
