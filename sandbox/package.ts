/** Packages the stack as `npm run package` does, but only once for the same sources, whichever process asks for it. */
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { spawnServerless } from '../stack/serverless.ts';
import { loadTarget, ownTargets } from '../targets/load.ts';
import { copyAll } from './copy.ts';
import { withLock } from './lock.ts';

const projectDirectory = join(import.meta.dirname, '..');
const packagesDirectory = join(projectDirectory, '.sandbox', 'packages');

/** What the packager doesn't read. It finds its packages in the project's node_modules, further up. */
const isNoSource = (name: string) =>
  name.startsWith('.') ||
  name.endsWith('.md') ||
  ['node_modules', 'coverage', 'tests', 'docs', 'cli', 'sandbox'].includes(name);

/** It takes half a minute on a slow machine. */
const packagingTimeoutMs = 300_000;

/** How many packages of other sources are kept, besides those that may still be in use. */
const keptCount = 3;
const inUseMilliseconds = 3_600_000;

export interface PackageOptions {
  /** Where the target's file is, if not with those of the project. */
  readonly targets?: string | undefined;
  /** Ends the packager; the promise settles when it has ended. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * @returns the folder with the compiled template and the functions' zips. It is kept, so that others can use it too.
 * @throws Error with what the packager printed.
 */
export async function packageTarget(
  target: string,
  { targets = ownTargets, signal }: PackageOptions = {},
): Promise<string> {
  const sources = readdirSync(projectDirectory).filter((name) => !isNoSource(name));
  const hash = hashOf(projectDirectory, sources);
  const parent = join(packagesDirectory, hash);
  const directory = join(
    parent,
    targets === ownTargets ? target : `${target}-${hashOfTarget(target, targets)}`,
  );
  mkdirSync(parent, { recursive: true });
  const now = new Date();
  utimesSync(parent, now, now);
  removeOld();
  if (existsSync(directory)) return directory;
  return withLock(`${directory}.lock`, { timeoutMs: packagingTimeoutMs, signal }, async () => {
    // Whoever had the lock may have packaged it.
    if (existsSync(directory)) return directory;
    const copy = join(parent, randomUUID());
    try {
      for (const name of sources) copyAll(join(projectDirectory, name), join(copy, name));
      if (hashOf(copy, sources) !== hash) throw new Error('the sources have changed while they were copied');
      await runPackager(target, targets, copy, signal);
      renameSync(join(copy, '.serverless'), directory);
    } finally {
      rmSync(copy, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    }
    return directory;
  });
}

/** Two folders may have different files of the same name. */
function hashOfTarget(target: string, targets: string): string {
  const { caFile } = loadTarget(target, targets).endpoint;
  return hashOf(targets, [`${target}.yml`, ...(caFile === undefined ? [] : [caFile])]);
}

/** A hash over everything that a package depends on. */
function hashOf(root: string, sources: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const name of sources) {
    const path = join(root, name);
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
      : [path];
    for (const file of files) hash.update(`\0${file.slice(root.length)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}

function removeOld(): void {
  const lastUsed = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const old = readdirSync(packagesDirectory)
    .filter((name) => name !== compiledName)
    .map((name) => join(packagesDirectory, name))
    .sort((one, other) => lastUsed(other) - lastUsed(one))
    .slice(keptCount + 1)
    .filter((path) => Date.now() - lastUsed(path) > inUseMilliseconds);
  for (const path of old) rmSync(path, { recursive: true, force: true });
}

/** Where Node keeps the packager's compiled code; compiling is a quarter of its work. */
const compiledName = 'compiled';

async function runPackager(
  target: string,
  targets: string,
  directory: string,
  signal?: AbortSignal,
): Promise<void> {
  const temporaryDirectory = join(directory, 'tmp');
  mkdirSync(temporaryDirectory);
  // Variables about other stacks don't concern this one.
  const { AWS_REGION: _, AWS_DEFAULT_REGION: __, RECOVER_TARGETS: ___, ...environment } = process.env;
  const child = spawnServerless(['package', '--param', `target=${target}`], {
    directory,
    temporaryDirectory,
    environment: {
      ...environment,
      ...(targets === ownTargets ? {} : { RECOVER_TARGETS: targets }),
      NODE_COMPILE_CACHE: join(packagesDirectory, compiledName),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = AbortSignal.any([AbortSignal.timeout(packagingTimeoutMs), ...(signal ? [signal] : [])]);
  const stop = () => child.kill('SIGKILL');
  end.addEventListener('abort', stop);
  if (end.aborted) stop();
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  end.removeEventListener('abort', stop);
  if (code !== 0) throw new Error(`packaging ${target} failed:\n${printed}`);
}
