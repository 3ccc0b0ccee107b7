import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { knownGoodLabel } from '../../workflow/versions.ts';
import { readCase } from '../support/cases.ts';
import { backupName, complete, keys, oneKey, parameterName, useOperator } from '../support/operator.ts';

const { aws, latest, put, run, versionsOf } = useOperator();

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

  it('corrects a required key of an env that lacks others as well', async () => {
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

  it.each([
    ['a blank at its end, as of echo in cmd', 'canary \r\n'],
    ['a character that cannot be seen', 'can\u200bary'],
    ['letters that a console has lost', 'canary????'],
    ['quotes that were typed', '"canary"'],
  ])('refuses a value from a pipe that has %s, unless it is to be taken as it is', async (_what, input) => {
    put(complete());
    const refused = await run(['set', 'DB_PASSWORD'], { input });
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--as-is') });
    expect(refused.stdout + refused.stderr).not.toMatch(/can.?ary/);
    expect(latest().Version).toBe(1);
    expect(await run(['set', 'DB_PASSWORD', '--as-is'], { input })).toMatchObject({ exitCode: 0 });
    expect(effectiveEntries(readEnvText(latest().Value, 'dotenv')).get('DB_PASSWORD')?.value).toBe(
      input.replace(/\r\n$/, ''),
    );
  });

  it.each([
    ['from echo in cmd', readCase('19-trailing-space.txt')],
    ['with a blank before it', ' pw-22222\n'],
    ['with a tab after it', 'pw-22222\t\n'],
    ['with a blank of an input method after it', 'pw-22222\u3000\r\n'],
    ['with a blank that does not break after it', 'pw-22222\u00a0'],
    ['with several blanks, without a line end', 'pw-22222   '],
  ])('refuses a value from a pipe, %s', async (_what, input) => {
    put(complete());
    const refused = await run(['set', 'DB_PASSWORD'], { input });
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--as-is') });
    expect(refused.stdout + refused.stderr).not.toContain('pw-2');
    expect(latest().Version).toBe(1);
  });

  it.each([
    ['y', 0, 2],
    ['n', 1, 1],
  ])(
    'asks on a terminal about a value that nobody would type, and takes %j',
    async (answer, exitCode, version) => {
      put(complete());
      const ran = await run(['set', 'DB_PASSWORD'], { typed: ['canary ', answer] });
      expect(ran).toMatchObject({
        exitCode,
        stderr: expect.stringContaining('has a blank at its beginning or end'),
      });
      expect(ran.stderr).not.toContain('canary');
      expect(latest().Version).toBe(version);
    },
  );

  it('says so where somebody else has set the same key in the same moment', async () => {
    put(complete());
    aws().meanwhile('PutParameter', () =>
      put(latest().Value.replace(/^DB_PASSWORD=.*$/m, 'DB_PASSWORD=canary-theirs')),
    );
    expect(await run(['set', 'DB_PASSWORD'], { input: 'canary-ours' })).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('DB_PASSWORD was changed by somebody else'),
    });
    expect(latest().Value).toContain('DB_PASSWORD=canary-theirs\n');
  });

  it('corrects the line of an open quote, writes before one in another line, and not after it', async () => {
    put(`${complete()}OPEN="canary\n`);
    const told = expect.stringContaining('line 9: a quote is opened and never closed');
    expect(await run(['set', 'ADDED'], { input: 'canary' })).toMatchObject({ exitCode: 1, stderr: told });
    expect(await run(['set', 'DB_HOST'], { input: 'canary' })).toMatchObject({ exitCode: 0, stdout: told });
    expect(latest().Value).toMatch(/^DB_HOST=canary$/m);
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
    aws().parameters.label(parameterName, 1, [knownGoodLabel]);
    expect(await run(['restore', '--known-good', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(first);
    aws().parameters.unlabel(parameterName, 1, [knownGoodLabel]);
    put(copy, backupName);
    expect(await run(['restore', '--known-good', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(copy);
  });

  it('fills a text that is a message and no env, and keeps what is written meanwhile', async () => {
    put(complete());
    put('An error occurred (AccessDenied) when calling GetParameter: request_id=1\n');
    aws().meanwhile('GetParameterHistory', () => put('DB_PASSWORD=canary-rotated\n'), 2);
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
