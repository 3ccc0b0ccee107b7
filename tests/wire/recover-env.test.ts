import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { knownGoodLabel } from '../../workflow/versions.ts';
import { openAws, secret, type TestAws } from '../support/aws.ts';
import { type CliOptions, type CliRun, recoverEnv, startRecover } from '../support/cli.ts';

const parameterName = '/sandbox/api/env';
const backupName = '/sandbox/api/env-backup';
let aws: TestAws;
let directory: string;
let runs: CliRun[];
beforeEach(async () => {
  aws = await openAws();
  directory = mkdtempSync(join(tmpdir(), 'env 복구 '));
  runs = [];
});
/** No command shows a value, whatever it does. */
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

const versionsOf = (name: string) => {
  try {
    return aws.parameters.history(name);
  } catch {
    return [];
  }
};
const latest = () => aws.parameters.get(parameterName);
const put = (Value: string, Name = parameterName) =>
  aws.parameters.put({ Name, Value, Type: 'SecureString', Overwrite: true });
const run = async (commandLine: readonly string[], options?: CliOptions) => {
  const result = await recoverEnv(aws.endpoint.url, commandLine, options);
  runs.push(result);
  return result;
};
const file = (content: string | Uint8Array, name = '새 설정 .env') => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

const keys = [
  'DB_HOST',
  'DB_NAME',
  'DB_USER',
  'DB_PASSWORD',
  'LAMBDA_INTERNAL_API_KEY',
  'R2_KEY',
  'REDIS_TOKEN',
];
/** A complete env of the target sandbox, with a comment in Korean. */
const complete = () => `# 데이터베이스\n${keys.map((key) => `${key}=${secret()}\n`).join('')}`;
const oneKey = () => `# 한 줄\nLAMBDA_INTERNAL_API_KEY=${secret()}\n`;
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');
/** 한글 in the code page of a Korean Windows. */
const cp949 = Buffer.concat([
  Buffer.from('# '),
  Buffer.from([0xc7, 0xd1, 0xb1, 0xdb]),
  Buffer.from('\nA=1\n'),
]);

describe('recover env push', () => {
  it.each<[string, (text: string) => string | Uint8Array]>([
    ['UTF-8', (text) => text],
    ['UTF-8 with a byte order mark and CRLF', (text) => `\uFEFF${text.replaceAll('\n', '\r\n')}`],
    ['UTF-16 with CRLF and Korean comments', (text) => utf16(text.replaceAll('\n', '\r\n'))],
  ])('refuses a file with one key over a full parameter, in %s', async (_encoding, encode) => {
    put(complete());
    const { exitCode, stderr } = await run(['push', file(encode(oneKey())), '--yes']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('EnvWouldShrink');
    for (const key of keys.filter((key) => key !== 'LAMBDA_INTERNAL_API_KEY')) expect(stderr).toContain(key);
    expect(latest().Version).toBe(1);
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('refuses a file in cp949 with the remedy, and does not mangle it', async () => {
    put(complete());
    const { exitCode, stderr } = await run(['push', file(cp949), '--yes']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/neither UTF-8 nor UTF-16.*\n?.*(iconv|PowerShell|GetEncoding)/is);
    expect(latest().Version).toBe(1);
  });

  it('writes a file from a Windows editor as UTF-8 with LF, as a SecureString', async () => {
    put(complete());
    const text = complete();
    const { exitCode, stdout } = await run(['push', file(utf16(text.replaceAll('\n', '\r\n'))), '--yes']);
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('version 1 -> 2'),
    });
    expect(latest()).toMatchObject({ Value: text, Type: 'SecureString' });
  });

  it('creates a parameter that is not there yet', async () => {
    const text = complete();
    expect(await run(['push', file(text), '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest()).toMatchObject({ Version: 1, Value: text, Type: 'SecureString' });
  });

  it('asks first, and without a terminal to ask on writes nothing', async () => {
    put(complete());
    const { exitCode, stderr } = await run(['push', file(complete())]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') });
    expect(latest().Version).toBe(1);
  });

  it('drops a key that is waived by name, and no other', async () => {
    const text = complete();
    put(`${text}OLD=canary-1\nOLDER=canary-2\n`);
    const path = file(text);
    const refused = await run(['push', path, '--yes', '--drop', 'OLD']);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/1 key: OLDER\./) });
    expect(await run(['push', path, '--yes', '--drop', 'OLD', '--drop', 'OLDER'])).toMatchObject({
      exitCode: 0,
    });
    expect(latest().Value).toBe(text);
  });

  it('refuses duplicate keys with their lines', async () => {
    const { exitCode, stderr } = await run(['push', file(`${complete()}DB_HOST=canary\n`), '--yes']);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('lines 2, 9'),
    });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('refuses an env that is not complete, with all that is wrong', async () => {
    const text = complete()
      .replace(/^DB_HOST=.*$/m, 'DB_HOST={{ host }}')
      .replace(/^DB_NAME=.*\n/m, '');
    const { exitCode, stderr } = await run(['push', file(`${text}DB_PORT=canary\n`), '--yes']);
    expect(exitCode).toBe(1);
    for (const problem of ['DB_NAME is missing', "DB_HOST holds a template's", 'DB_PORT is not an integer'])
      expect(stderr).toContain(problem);
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('merges in what somebody has written meanwhile', async () => {
    put(complete());
    aws.meanwhile('PutParameter', () => put(`${latest().Value}THEIRS=canary-theirs\n`));
    expect(await run(['push', file(`${complete()}OURS=canary-ours\n`), '--yes'])).toMatchObject({
      exitCode: 0,
    });
    expect(latest().Value).toContain('THEIRS=canary-theirs\n');
    expect(latest().Value).toContain('OURS=canary-ours\n');
  });

  it('keeps what others have changed since the version that was pulled, and takes the rest from the file', async () => {
    const text = complete();
    put(text);
    const changed = text.replace(/^DB_USER=.*$/m, 'DB_USER=canary-ours');
    put(`${text.replace(/^DB_HOST=.*$/m, 'DB_HOST=canary-theirs')}THEIRS=canary\n`);
    const path = file(changed);
    expect(await run(['push', path, '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('1 key: THEIRS.'),
    });
    expect(await run(['push', path, '--yes', '--since', '1'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(
      `${changed.replace(/^DB_HOST=.*$/m, 'DB_HOST=canary-theirs')}THEIRS=canary\n`,
    );
    expect(await run(['push', path, '--yes', '--since', '9'])).toMatchObject({ exitCode: 2 });
  });

  it('refuses a key that the file and somebody else have both changed since, and names it', async () => {
    const text = complete();
    put(text);
    put(text.replace(/^DB_HOST=.*$/m, 'DB_HOST=canary-theirs'));
    const path = file(text.replace(/^DB_HOST=.*$/m, 'DB_HOST=canary-ours'));
    expect(await run(['push', path, '--yes', '--since', '1'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/EnvWriteConflict.*DB_HOST/),
    });
    expect(latest().Version).toBe(2);
  });

  it('writes nothing that is there already', async () => {
    const text = complete();
    put(text);
    const { exitCode, stdout } = await run(['push', file(text), '--yes', '--json']);
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({ exitCode: 0, written: false, version: 1 });
  });
});

describe('recover env set', () => {
  it('changes one key in place, with a value from standard input, and no other byte', async () => {
    const text = complete();
    put(text);
    expect(await run(['set', 'DB_PASSWORD'], { input: 'canary #n3w "값"\n' })).toMatchObject({ exitCode: 0 });
    const lines = (one: string) => one.split('\n').filter((line) => !line.startsWith('DB_PASSWORD='));
    expect(lines(latest().Value)).toEqual(lines(text));
    expect(effectiveEntries(readEnvText(latest().Value, 'dotenv')).get('DB_PASSWORD')?.value).toBe(
      'canary #n3w "값"',
    );
  });

  it('adds a key in a line of its own', async () => {
    const text = complete();
    put(text);
    expect(await run(['set', 'ADDED'], { input: 'canary\r\n' })).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(`${text}ADDED=canary\n`);
  });

  it('mends a required key of an env that lacks others as well', async () => {
    put(oneKey());
    expect(await run(['set', 'DB_HOST'], { input: 'canary' })).toMatchObject({ exitCode: 0 });
    expect(latest().Version).toBe(2);
  });

  it.each<[string, string[], string, number]>([
    ['an empty value, such as of a pipe that broke', ['set', 'DB_PASSWORD'], '\n', 1],
    ['a value on the command line', ['set', 'DB_PASSWORD=x'], '', 2],
    ['a value that breaks a rule', ['set', 'DB_PORT'], 'canary', 1],
    ['a placeholder', ['set', 'DB_PASSWORD'], '<changeme>', 1],
  ])('refuses %s', async (_what, commandLine, input, exitCode) => {
    put(complete());
    expect(await run(commandLine, { input })).toMatchObject({ exitCode });
    expect(latest().Version).toBe(1);
  });

  it('says so where somebody else has set the same key in the same moment', async () => {
    put(complete());
    aws.meanwhile('PutParameter', () =>
      put(latest().Value.replace(/^DB_PASSWORD=.*$/m, 'DB_PASSWORD=canary-theirs')),
    );
    expect(await run(['set', 'DB_PASSWORD'], { input: 'canary-ours' })).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('DB_PASSWORD was changed by somebody else'),
    });
    expect(latest().Value).toContain('DB_PASSWORD=canary-theirs\n');
  });

  it('mends the line of an open quote, but does not write past one in another line', async () => {
    put(`${complete()}OPEN="canary\n`);
    expect(await run(['set', 'DB_HOST'], { input: 'canary' })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('line 9: a quote is opened and never closed'),
    });
    expect(await run(['set', 'OPEN'], { input: 'canary' })).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toMatch(/^OPEN=canary$/m);
  });

  it('creates no parameter', async () => {
    expect(await run(['set', 'DB_PASSWORD'], { input: 'canary' })).toMatchObject({ exitCode: 1 });
    expect(versionsOf(parameterName)).toEqual([]);
  });
});

describe('recover env unset', () => {
  it('takes one key out, and no other', async () => {
    const text = complete();
    put(`OLD=canary\n${text}`);
    expect(await run(['unset', 'OLD', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(text);
  });

  it('asks first, refuses a required key, and one that is not there', async () => {
    put(`${complete()}OLD=canary\n`);
    expect(await run(['unset', 'OLD'])).toMatchObject({ exitCode: 2 });
    expect(await run(['unset', 'DB_HOST', '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('required by targets/sandbox.yml'),
    });
    expect(await run(['unset', 'R2_KEY', '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no key that begins with R2_ has a value'),
    });
    expect(await run(['unset', 'NOBODY', '--yes'])).toMatchObject({ exitCode: 1 });
    expect(latest().Version).toBe(1);
  });
});

describe('recover env pull', () => {
  it('writes the text, byte for byte, to a file that only its owner can read', async () => {
    const text = complete();
    put(text);
    const path = join(directory, '받은 설정 .env');
    expect(await run(['pull', path])).toMatchObject({ exitCode: 0 });
    expect(readFileSync(path, 'utf8')).toBe(text);
    // Windows has no such modes: there the folder's own rights count.
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('does not overwrite a file without asking', async () => {
    put(complete());
    const path = file('mine');
    expect(await run(['pull', path])).toMatchObject({ exitCode: 2 });
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(await run(['pull', path, '--yes'])).toMatchObject({ exitCode: 0 });
    expect(readFileSync(path, 'utf8')).toBe(latest().Value);
  });

  it('gives a file that pushes back without a change', async () => {
    put(complete());
    const path = join(directory, 'pulled.env');
    await run(['pull', path]);
    expect(await run(['diff', path])).toMatchObject({ exitCode: 0 });
  });
});

describe('recover env diff', () => {
  it('shows what would change by name, length and fingerprint, and ends with 1', async () => {
    const text = complete();
    put(`${text}SAME_1=canary\nSAME_2=canary\nOLD=canary\n`);
    const path = file(`${text}SAME_1=canary\nSAME_2=\nNEW=canary\n`);
    const { exitCode, stdout } = await run(['diff', path, '--json']);
    const { changes } = JSON.parse(stdout);
    expect(exitCode).toBe(1);
    expect(changes).toMatchObject([
      { key: 'SAME_2', kind: 'blanked', before: { length: 6 }, after: { length: 0 } },
      { key: 'OLD', kind: 'removed', after: null },
      { key: 'NEW', kind: 'added', before: null },
    ]);
    const [blanked, removed, added] = changes;
    expect(blanked.before.fingerprint).toBe(removed.before.fingerprint);
    expect(added.after.fingerprint).toBe(removed.before.fingerprint);
    expect(added.after.fingerprint).not.toBe(blanked.after.fingerprint);
  });

  it('fingerprints with a key of its own, so that nobody can try values; with a given one, alike each time', async () => {
    put(complete());
    const path = file('DB_HOST=canary\n');
    const fingerprints = async (environment: Record<string, string>) =>
      (await run(['check', path], { environment })).stdout.match(/[0-9a-f]{12}/)?.[0];
    expect(await fingerprints({})).not.toBe(await fingerprints({}));
    const environment = { RECOVER_FINGERPRINT_KEY: '0123456789abcdef' };
    expect(await fingerprints(environment)).toBe(await fingerprints(environment));
    const short = { environment: { RECOVER_FINGERPRINT_KEY: 'short' } };
    expect(await run(['check', path], short)).toMatchObject({ exitCode: 2 });
  });
});

describe('recover env check', () => {
  it('finds a complete parameter fine, and says what is wrong with another', async () => {
    put(complete());
    expect(await run(['check'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('everything that targets/sandbox.yml asks for is there'),
    });
    put(oneKey());
    const { exitCode, stdout } = await run(['check']);
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('DB_HOST is missing'),
    });
  });

  it('reads a local file without a call to AWS, in UTF-16 with CRLF and Korean comments', async () => {
    const path = file(utf16(complete().replaceAll('\n', '\r\n')));
    const { exitCode, stdout } = await run(['check', path, '--json'], {
      environment: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      complete: true,
      keyCount: keys.length,
      hasBom: true,
      hasCrlf: true,
    });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('names by key and line what other readers would read differently, with the portable spelling', async () => {
    const { exitCode, stdout } = await run(['check', file(`${complete()}QUOTED="canary"\n`), '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).disagreements).toEqual([
      { line: 9, key: 'QUOTED', readers: ['docker'], advice: expect.stringContaining('without quotes') },
    ]);
  });

  it('says that there is no parameter', async () => {
    expect(await run(['check'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('no such parameter'),
    });
  });
});

describe('recover env history', () => {
  it('shows each version by key names, newest first', async () => {
    const text = complete();
    put(text);
    put(`${text}ADDED=canary\n`);
    put(oneKey());
    aws.parameters.label(parameterName, 2, [knownGoodLabel]);
    const { exitCode, stdout } = await run(['history', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).versions).toMatchObject([
      { version: 3, complete: false, keyCount: 1, labels: [] },
      { version: 2, complete: true, labels: [knownGoodLabel], changes: [{ key: 'ADDED', kind: 'added' }] },
      { version: 1, complete: true, changes: [] },
    ]);
    expect((await run(['history'])).stdout).toMatch(
      /version 3 .*INCOMPLETE[\s\S]*removed: .*DB_HOST[\s\S]*version 2 .*known-good/,
    );
  });
});

describe('recover env restore', () => {
  it('fills what is missing from the newest complete version, and keeps the values that are there', async () => {
    put(complete().replace(/^DB_HOST=.*$/m, 'DB_HOST=canary-older'));
    put(complete().replace(/^DB_HOST=.*$/m, 'DB_HOST=canary-newest'));
    const last = oneKey();
    put(last);
    expect(await run(['restore', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toContain('DB_HOST=canary-newest\n');
    expect(latest().Value).toContain(last.split('\n')[1]);
  });

  it('goes back to the values of a version, and keeps keys that came later', async () => {
    const old = complete();
    put(old);
    put(`${complete()}LATER=canary\n`);
    expect(await run(['restore', '--version', '1', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(`${old}LATER=canary\n`);
  });

  it('goes back to the known-good version, or without its label to the backup', async () => {
    const [first, copy] = [complete(), complete()];
    put(first);
    put(complete());
    aws.parameters.label(parameterName, 1, [knownGoodLabel]);
    expect(await run(['restore', '--known-good', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(first);
    aws.parameters.unlabel(parameterName, 1, [knownGoodLabel]);
    put(copy, backupName);
    expect(await run(['restore', '--known-good', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(copy);
  });

  it('fills a text that is a message and no env, and keeps what is written meanwhile', async () => {
    put(complete());
    put('An error occurred (AccessDenied) when calling GetParameter: request_id=1\n');
    aws.meanwhile('GetParameterHistory', () => put('DB_PASSWORD=canary-rotated\n'), 2);
    expect(await run(['restore', '--yes'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('DB_PASSWORD was changed by somebody else'),
    });
    expect(latest().Value).toContain('DB_PASSWORD=canary-rotated\n');
    expect(effectiveEntries(readEnvText(latest().Value, 'dotenv')).size).toBe(keys.length);
  });

  it('has nothing to do where nothing is missing', async () => {
    put(complete());
    expect(await run(['restore', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Version).toBe(1);
  });

  it('fails without a source, and on a version that is not there', async () => {
    put(oneKey());
    for (const commandLine of [['restore'], ['restore', '--version', '7'], ['restore', '--known-good']])
      expect(await run([...commandLine, '--yes'])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('EnvRestoreFailed'),
      });
    expect(latest().Version).toBe(1);
  });
});

describe('recover env', () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['an unknown command', ['wipe'], {}, /unknown command/],
    ['a missing file name', ['push'], {}, /missing required argument/],
    ['a file that is not there', ['check', 'nowhere.env'], {}, /nowhere\.env: there is no such file/],
    ['an unknown target', ['check', '--target', 'nobody'], {}, /targets\/nobody\.yml.*sandbox/],
    ['no target', ['check'], { RECOVER_TARGET: '' }, /--target <name>.*There are: .*sandbox/],
    ['an endpoint that is no URL', ['check', '--endpoint-url', 'localhost:4566'], {}, /expected a URL/],
    ['two versions to restore', ['restore', '--version', '1', '--known-good'], {}, /either/],
    ['a version that is no number', ['restore', '--version', 'last'], {}, /number of a version/],
  ])('ends with 2 on %s, and says so in one line', async (_what, commandLine, environment, message) => {
    const { exitCode, stdout, stderr } = await run(commandLine, { environment });
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('gives machines a mistake in the command line as an object, too', async () => {
    const { exitCode, stdout } = await run(['push', '--json']);
    expect({ exitCode, ...JSON.parse(stdout) }).toEqual({
      exitCode: 2,
      error: 'UsageError',
      message: "missing required argument 'file'",
    });
  });

  it('ends with 2 where access is denied, and gives machines the error by name', async () => {
    aws.fail('GetParameterHistory', new AwsError('AccessDeniedException', 'canary'));
    const { exitCode, stdout } = await run(['check', '--json']);
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({ exitCode: 2, error: 'AccessDenied' });
  });

  it('helps, and ends with 0', async () => {
    expect(await run(['push', '--help'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('--drop'),
      stderr: '',
    });
  });
});

describe('the program recover', () => {
  const start = async (commandLine: readonly string[], options?: Parameters<typeof startRecover>[2]) => {
    const result = await startRecover(aws.endpoint.url, commandLine, {
      ...options,
      // Without the config files and the instance role of the machine it runs on.
      environment: {
        HOME: directory,
        USERPROFILE: directory,
        AWS_EC2_METADATA_DISABLED: 'true',
        ...options?.environment,
      },
    });
    runs.push(result);
    return result;
  };

  it('takes a value from standard input, and ends with the exit code', async () => {
    put(complete());
    expect(await start(['env', 'set', 'ADDED'], { input: 'canary\n' })).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toContain('ADDED=canary\n');
    expect(await start(['env', 'set', 'DB_PORT'], { input: 'canary' })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('DB_PORT is not an integer'),
    });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['region', { AWS_DEFAULT_REGION: '' }, /which region: --region <region>/],
    ['credentials', { AWS_ACCESS_KEY_ID: '' }, /credentials are missing.*aws sso login.*--profile <name>/],
  ])('ends with 2 without %s, and says in one line what to do', async (_what, environment, message) => {
    const { exitCode, stderr } = await start(['env', 'check'], { environment });
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(message) });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('is quiet when nobody reads on', async () => {
    put(complete());
    expect(await start(['env', 'history'], { closesOutput: true })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
  });
});
