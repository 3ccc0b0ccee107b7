/** What several sandboxes share in the file system: a lock, and what is in the functions' zips. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { withLock } from '../../sandbox/lock.ts';
import { unpack } from '../../sandbox/unpack.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a lock', () => {
  const path = () => join(directory, 'lock');
  const options = { timeoutMs: 60_000 };

  it('lets one in at a time, and the next one also when that one has failed', async () => {
    const seen: string[] = [];
    const enter = (name: string) =>
      withLock(path(), options, async () => {
        seen.push(`${name} in`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        seen.push(`${name} out`);
        if (name === 'first') throw new Error('failed');
      });
    const first = enter('first');
    await Promise.all([expect(first).rejects.toThrow('failed'), enter('second')]);
    expect(seen).toEqual(['first in', 'first out', 'second in', 'second out']);
    expect(existsSync(path())).toBe(false);
  });

  it('is no obstacle when its process has ended', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(path(), String(pid));
    expect(await withLock(path(), options, async () => 'in')).toBe('in');
  });

  it('is no obstacle when it is older than anybody may have it, though there is a process of that number', async () => {
    writeFileSync(path(), String(process.pid));
    const longAgo = new Date(Date.now() - 61_000);
    utimesSync(path(), longAgo, longAgo);
    expect(await withLock(path(), options, async () => 'in')).toBe('in');
  });

  it('is waited for until told otherwise', async () => {
    writeFileSync(path(), String(process.pid));
    const signal = AbortSignal.timeout(10);
    await expect(withLock(path(), { ...options, signal }, async () => 'in')).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(readFileSync(path(), 'utf8')).toBe(String(process.pid));
  });
});

describe('a zip', () => {
  const zip = (name: string, text: string) => {
    const file = join(directory, name);
    writeFileSync(file, zipSync({ 'functions/one.js': strToU8(text) }, { mtime: '2026-01-01T00:00:00' }));
    return file;
  };

  it('is unpacked once for the same content', () => {
    const parent = join(directory, 'unpacked');
    const first = unpack(zip('one.zip', 'exports.one = 1'), parent);
    const file = join(first, 'functions', 'one.js');
    const { ino, mtimeMs } = statSync(file);
    expect(readFileSync(file, 'utf8')).toBe('exports.one = 1');
    expect(unpack(zip('same.zip', 'exports.one = 1'), parent)).toBe(first);
    expect(statSync(file)).toMatchObject({ ino, mtimeMs });
    expect(unpack(zip('other.zip', 'exports.one = 2'), parent)).not.toBe(first);
    expect(readdirSync(parent)).toHaveLength(2);
  });
});
