/** `recover env` with the target sandbox, but for its env: one parameter for each key below a path. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keys, useOperator } from '../support/operator.ts';

jest.mock('../../targets/load.ts', () => {
  const actual = jest.requireActual<typeof import('../../targets/load.ts')>('../../targets/load.ts');
  const loadTarget = (name: string) => {
    const { parameter, ...target } = actual.loadTarget(name);
    const { requiredKeys, requiredPrefixes, rules } = parameter;
    return actual.readTarget(`targets/${name}.yml`, {
      ...target,
      parameter: { path: '/sandbox/prod/', requiredKeys, requiredPrefixes, rules },
      restore: { backupPath: '/sandbox/prod-copy/' },
    });
  };
  return { ...actual, loadTarget };
});

const path = '/sandbox/prod/';
const copy = '/sandbox/prod-copy/';
const { aws, directory, file, put, run } = useOperator();
const complete = Object.fromEntries(keys.map((key) => [key, `canary-${key}`]));
const putAll = (values: Readonly<Record<string, string>>, root = path) => {
  for (const [key, value] of Object.entries(values)) put(value, `${root}${key}`);
};
const remove = (key: string, root = path) => aws().parameters.delete(`${root}${key}`);
const values = () =>
  Object.fromEntries(
    aws()
      .parameters.names()
      .filter((name) => name.startsWith(path))
      .map((name) => [name.slice(path.length), aws().parameters.get(name).Value]),
  );
const textOf = (entries: Readonly<Record<string, string>>) =>
  Object.entries(entries)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

describe('recover env, with one parameter for each key', () => {
  it('checks what is there, and says what to do where nothing is', async () => {
    expect(await run(['check'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(`${path}: there is no such parameter in 111122223333`),
    });
    putAll(complete);
    const { exitCode, stdout } = await run(['check']);
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^\/sandbox\/prod\/, version 7, SecureString: 7 keys, \d+ bytes\n/),
    });
    remove('DB_HOST');
    expect(await run(['check'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('NOT FINE: DB_HOST is missing'),
    });
  });

  it('pushes a .env file, one write for each key that it adds or changes, and asks first', async () => {
    const text = `# 데이터베이스\n${textOf(complete)}PEM="canary\nb"\n`;
    expect(await run(['diff', file(text)])).toMatchObject({ exitCode: 1 });
    expect(await run(['push', file(text), '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/version 0 -> 8\.[\s\S]*list-executions/),
    });
    expect(values()).toEqual({ ...complete, PEM: 'canary\nb' });
    expect(await run(['push', file(text), '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Nothing was written'),
    });
    await run(['push', file(text.replace('canary-DB_HOST', 'canary-other')), '--yes']);
    expect(aws().countCalls('PutParameter')).toBe(9);
    expect(values()).toMatchObject({ DB_HOST: 'canary-other' });
  });

  it.each<[string, string, string]>([
    ['a key that it lacks', textOf(complete).replace(/^DB_HOST.*\n/m, ''), 'DB_HOST is missing'],
    ['a key twice', `${textOf(complete)}DB_HOST=canary\n`, 'lines 1, 8'],
    ['a line that is no assignment', `${textOf(complete)}canary\n`, 'line 8'],
    ['a quote that is never closed', `${textOf(complete)}X="canary\n`, 'line 8'],
    ['an empty value', `${textOf(complete)}EMPTY=\n`, `${path}EMPTY: the text to write is empty`],
    ['what SSM takes for a reference', `${textOf(complete)}X={{ canary }}\n`, `${path}X: SSM refuses`],
    [
      'a value of more than 8 KB',
      `${textOf(complete)}X=${'canary'.repeat(2000)}\n`,
      `${path}X: the text has 12000`,
    ],
  ])('pushes no file with %s, and writes none of its keys', async (_name, text, told) => {
    expect(await run(['push', file(text), '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(told),
    });
    expect(values()).toEqual({});
  });

  it('deletes no parameter, and gives the command for it', async () => {
    putAll({ ...complete, OLD: 'canary-old' });
    const command = `aws ssm delete-parameters --names ${path}OLD`;
    for (const commandLine of [
      ['unset', 'OLD', '--yes'],
      ['push', file(textOf(complete)), '--yes'],
      ['push', file(textOf(complete)), '--yes', '--drop', 'OLD'],
      ['push', file(textOf(complete)), '--replace', path],
    ])
      expect(await run(commandLine)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining(command),
      });
    expect(values()).toHaveProperty('OLD');
    expect(aws().countCalls('DeleteParameter') + aws().countCalls('PutParameter')).toBe(0);
  });

  it('pulls a .env file that holds the same, and pushes it back with one change', async () => {
    putAll({ ...complete, PEM: 'canary "a"\nb #c', SPACED: ' canary ' });
    const target = join(directory(), 'pulled.env');
    expect(await run(['pull', target])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('--since 9'),
    });
    const text = readFileSync(target, 'utf8');
    expect((await run(['diff', target])).exitCode).toBe(0);
    const edited = file(text.replace('canary-DB_HOST', 'canary-mine'));
    putAll({ DB_USER: 'canary-theirs' });
    expect(await run(['push', edited, '--yes', '--since', '9'])).toMatchObject({ exitCode: 0 });
    expect(values()).toEqual({
      ...complete,
      PEM: 'canary "a"\nb #c',
      SPACED: ' canary ',
      DB_HOST: 'canary-mine',
      DB_USER: 'canary-theirs',
    });
  });

  it('pulls nothing of which a .env file would say something else, and names the parameter', async () => {
    putAll({ ...complete, ODD: `canary ' " \` \n\\n` });
    const target = join(directory(), 'pulled.env');
    expect(await run(['pull', target])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`aws ssm get-parameter --with-decryption --name ${path}ODD`),
    });
    expect(() => readFileSync(target)).toThrow();
  });

  it('sets a key to any value, and keeps what somebody else writes meanwhile', async () => {
    putAll(complete);
    aws().meanwhile('PutParameter', () => putAll({ DB_NAME: 'canary-theirs' }));
    expect(await run(['set', 'DB_HOST', '--as-is'], { input: `canary '"\`` })).toMatchObject({ exitCode: 0 });
    expect(values()).toEqual({ ...complete, DB_HOST: `canary '"\``, DB_NAME: 'canary-theirs' });
  });

  it('shows each change with its keys, and which state was copied', async () => {
    putAll(complete);
    putAll(complete, copy);
    putAll({ DB_HOST: 'canary-new' });
    const { stdout } = await run(['history']);
    expect(stdout).toMatch(
      /^version 8 .*7 keys, complete .*\n {4}changed: DB_HOST\nversion 7 .*complete, known-good /,
    );
  });

  it('fills in what is missing, from the copy after a deletion, and goes back to a version', async () => {
    putAll({ ...complete, MORE: 'canary' });
    putAll({ ...complete, MORE: 'canary' }, copy);
    putAll({ DB_HOST: 'canary-new' });
    for (const key of ['DB_NAME', 'MORE']) remove(key);
    expect(await run(['restore', '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`From backup ${copy}:`),
    });
    expect(values()).toEqual({ ...complete, MORE: 'canary', DB_HOST: 'canary-new' });
    expect(await run(['restore', '--known-good', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(values()).toEqual({ ...complete, MORE: 'canary' });
  });

  it('finds a key lost that only the copy has, and says how to give it up', async () => {
    putAll(complete);
    putAll({ ...complete, OLD: 'canary' }, copy);
    expect(await run(['check'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(`lacks 1 key of backup ${copy} since version`),
    });
    expect(await run(['accept', '--yes'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining(`\n  aws ssm delete-parameters --names ${copy}OLD\n`),
    });
    remove('OLD', copy);
    expect((await run(['check'])).exitCode).toBe(0);
  });
});
