/** An operator with a folder of files and an env parameter of the target sandbox, for tests of the CLI. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { openAws, secret, type TestAws } from './aws.ts';
import { type CliOptions, type CliRun, recoverEnv, type StartOptions, startRecover } from './cli.ts';

export const parameterName = '/sandbox/api/env';
export const backupName = '/sandbox/api/env-backup';

/** Of a complete env of the target sandbox. */
export const keys = [
  'DB_HOST',
  'DB_NAME',
  'DB_USER',
  'DB_PASSWORD',
  'LAMBDA_INTERNAL_API_KEY',
  'R2_KEY',
  'REDIS_TOKEN',
];
/** A complete env of the target sandbox, with a comment in Korean. */
export const complete = () => `# 데이터베이스\n${keys.map((key) => `${key}=${secret()}\n`).join('')}`;
export const oneKey = () => `# 한 줄\nLAMBDA_INTERNAL_API_KEY=${secret()}\n`;
export const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

/** Gives each test of a file a new operator, and holds each to it that no command shows a value, whatever it does. */
export function useOperator() {
  let aws: TestAws;
  let directory: string;
  let runs: CliRun[];
  beforeEach(async () => {
    aws = await openAws();
    directory = mkdtempSync(join(tmpdir(), 'env 복구 '));
    runs = [];
  });
  afterEach(async () => {
    const values = [parameterName, backupName]
      .flatMap((name) => versionsOf(name))
      .flatMap(({ Value }) => [...effectiveEntries(readEnvText(Value, 'dotenv')).values()])
      .map(({ value }) => value)
      .filter((value) => value.includes('canary'));
    const shown = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    await aws.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    expect(shown).not.toContain('canary');
    for (const value of values) expect(shown).not.toContain(value);
  });

  const keep = async (run: Promise<CliRun>) => {
    const result = await run;
    runs.push(result);
    return result;
  };
  /** The backup of the target sandbox is in another region. */
  const storeOf = (name: string) => (name === backupName ? aws.elsewhere : aws.parameters);
  /** All versions of a parameter, oldest first; none if there is no such parameter. */
  const versionsOf = (name: string) => {
    try {
      return storeOf(name).history(name);
    } catch {
      return [];
    }
  };
  return {
    aws: () => aws,
    directory: () => directory,
    versionsOf,
    latest: () => aws.parameters.get(parameterName),
    put: (Value: string, Name = parameterName) =>
      storeOf(Name).put({ Name, Value, Type: 'SecureString', Overwrite: true }),
    /** Calls `recover env …` in this process. */
    run: (commandLine: readonly string[], options?: CliOptions) =>
      keep(recoverEnv(aws.endpoint.url, commandLine, options)),
    /** Starts `recover …`, without the config files and the instance role of the machine it runs on. */
    start: (commandLine: readonly string[], { environment, ...options }: StartOptions = {}) => {
      const home = { HOME: directory, USERPROFILE: directory, AWS_EC2_METADATA_DISABLED: 'true' };
      return keep(
        startRecover(aws.endpoint.url, commandLine, {
          ...options,
          environment: { ...home, ...environment },
        }),
      );
    },
    /** Writes a file into the operator's folder. */
    file: (content: string | Uint8Array, name = '새 설정 .env') => {
      const path = join(directory, name);
      writeFileSync(path, content);
      return path;
    },
  };
}
