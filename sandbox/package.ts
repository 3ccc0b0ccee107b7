/** Packages the stack as `npm run package` does, into a folder of its own. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

const projectDirectory = join(import.meta.dirname, '..');

/**
 * @param directory an empty folder below the project; it gets the compiled template and the functions' zips.
 * @throws Error with what the packager printed.
 */
export async function packageTarget(target: string, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  // The package doesn't export its binary, so that it is found beside its package.json.
  const serverless = join(
    dirname(createRequire(import.meta.url).resolve('serverless/package.json')),
    'bin/serverless.js',
  );
  const child = spawn(
    process.execPath,
    [
      serverless,
      'package',
      '--param',
      `target=${target}`,
      '--package',
      relative(projectDirectory, directory),
    ],
    {
      cwd: projectDirectory,
      env: {
        ...process.env,
        ESBUILD_WORK_FOLDER: relative(projectDirectory, join(directory, '.esbuild')),
        SLS_NOTIFICATIONS_MODE: 'off',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`packaging ${target} failed:\n${printed}`);
}
