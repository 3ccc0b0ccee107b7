/** Serverless, with a temporary directory of its own: it doesn't remove what it writes there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface ServerlessOptions {
  /** Where serverless.yml is, and where `.serverless/` is created. */
  readonly directory: string;
  /** The caller can remove it afterwards. */
  readonly temporaryDirectory: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly stdio: 'inherit' | ['ignore', 'pipe', 'pipe'];
}

/** Runs `serverless <command line>` on the Node of this process. */
export function spawnServerless(
  commandLine: readonly string[],
  { directory, temporaryDirectory, environment = process.env, stdio }: ServerlessOptions,
): ChildProcess {
  // The package doesn't export its binary, so it is found next to its package.json.
  const manifest = createRequire(import.meta.url).resolve('serverless/package.json');
  return spawn(process.execPath, [join(dirname(manifest), 'bin', 'serverless.js'), ...commandLine], {
    cwd: directory,
    env: {
      ...environment,
      SLS_NOTIFICATIONS_MODE: 'off',
      TMPDIR: temporaryDirectory,
      TEMP: temporaryDirectory,
      TMP: temporaryDirectory,
    },
    stdio,
  });
}
