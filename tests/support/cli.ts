/** The CLI as an operator runs it: a process of its own, against the loopback endpoint. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { systemEnvironment } from '../../sandbox/host/host.ts';
import { region } from '../../sandbox/template.ts';

export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

/** Runs `recover env …`, with the target sandbox and credentials of nobody. */
export const recoverEnv = (
  endpointUrl: string,
  commandLine: readonly string[],
  options?: CliOptions,
): Promise<CliRun> => recover(endpointUrl, ['env', ...commandLine], options);

/** Runs `recover …`. */
export async function recover(
  endpointUrl: string,
  commandLine: readonly string[],
  { input = '', environment = {}, directory }: CliOptions = {},
): Promise<CliRun> {
  const program = join(import.meta.dirname, '..', '..', 'cli', 'recover.ts');
  const child = spawn(process.execPath, [program, ...commandLine], {
    ...(directory === undefined ? {} : { cwd: directory }),
    env: {
      ...systemEnvironment(),
      RECOVER_TARGET: 'sandbox',
      AWS_ENDPOINT_URL: endpointUrl,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...environment,
    },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  child.stdin.end(input);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exitCode, stdout, stderr };
}
