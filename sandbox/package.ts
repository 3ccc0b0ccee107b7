/** Packages the stack as `npm run package` does, in a copy of the sources, so that several can do so at once. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const projectDirectory = join(import.meta.dirname, '..');

/** What `serverless package` reads. Its packages are found in the project's node_modules, further up. */
const sources = [
  'functions',
  'env',
  'workflow',
  'aws',
  'stack',
  'resources',
  'statemachines',
  'targets',
  'serverless.yml',
  'package.json',
];

/** It takes half a minute on a slow machine. */
const packagingTimeoutMs = 300_000;

/**
 * @param directory a folder below the project, for the copy and for what the packager leaves behind.
 * @param signal ends the packager; the promise settles when it has ended.
 * @returns the folder with the compiled template and the functions' zips.
 * @throws Error with what the packager printed.
 */
export async function packageTarget(
  target: string,
  directory: string,
  signal?: AbortSignal,
): Promise<string> {
  for (const source of sources)
    cpSync(join(projectDirectory, source), join(directory, source), { recursive: true });
  // The package doesn't export its binary, so that it is found beside its package.json.
  const manifest = createRequire(import.meta.url).resolve('serverless/package.json');
  const temporary = join(directory, 'tmp');
  mkdirSync(temporary);
  const child = spawn(
    process.execPath,
    [join(dirname(manifest), 'bin', 'serverless.js'), 'package', '--param', `target=${target}`],
    {
      cwd: directory,
      // The packager doesn't tidy up its temporary folders.
      env: {
        ...process.env,
        SLS_NOTIFICATIONS_MODE: 'off',
        TMPDIR: temporary,
        TEMP: temporary,
        TMP: temporary,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const end = AbortSignal.any([AbortSignal.timeout(packagingTimeoutMs), ...(signal ? [signal] : [])]);
  const stop = () => child.kill('SIGKILL');
  end.addEventListener('abort', stop);
  if (end.aborted) stop();
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  end.removeEventListener('abort', stop);
  if (code !== 0) throw new Error(`packaging ${target} failed:\n${printed}`);
  return join(directory, '.serverless');
}
