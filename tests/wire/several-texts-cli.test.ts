/** `recover env` with the target sandbox, but for its env: two texts that make one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keys, useOperator } from '../support/operator.ts';

jest.mock('../../targets/load.ts', () => {
  const actual = jest.requireActual<typeof import('../../targets/load.ts')>('../../targets/load.ts');
  const loadTarget = (name: string) => {
    const { parameter, ...target } = actual.loadTarget(name);
    return actual.readTarget(`targets/${name}.yml`, {
      ...target,
      parameter: { ...parameter, name: undefined, names: ['/sandbox/common', '/sandbox/api'] },
      restore: { backupNames: ['/copy/common', '/copy/api'] },
    });
  };
  return { ...actual, loadTarget };
});

const [common, api] = ['/sandbox/common', '/sandbox/api'];
const { aws, directory, file, put, run } = useOperator();
const text = (name: string) => aws().parameters.get(name).Value;
const [first = '', ...others] = keys;
const commonText = `# 공통\n${first}=canary-db\nLEVEL=canary-info\n`;
const apiText = `# API\n${others.map((key) => `${key}=canary-${key}\n`).join('')}LEVEL=canary-debug\n`;
const both = `#:parameter ${common}\n${commonText}#:parameter ${api}\n${apiText}`;
const putBoth = () => {
  put(commonText, common);
  put(apiText, api);
};
const copyBoth = () => {
  put(commonText, '/copy/common');
  put(apiText, '/copy/api');
};

describe('recover env, with several texts', () => {
  it('pushes a file that says of each line whose it is, and pulls one', async () => {
    expect(await run(['push', file(both.replaceAll('\n', '\r\n')), '--yes'])).toMatchObject({ exitCode: 0 });
    expect([text(common), text(api)]).toEqual([commonText, apiText]);
    const pulled = join(directory(), 'pulled.env');
    expect(await run(['pull', pulled])).toMatchObject({ exitCode: 0 });
    expect(readFileSync(pulled, 'utf8')).toBe(both);
    expect((await run(['check'])).exitCode).toBe(0);
    expect((await run(['diff', pulled])).exitCode).toBe(0);
    await run(['push', file(both.replace('canary-db', 'canary-new')), '--yes']);
    expect(aws().countCalls('PutParameter')).toBe(3);
    expect([text(common), text(api)]).toEqual([commonText.replace('canary-db', 'canary-new'), apiText]);
  });

  it('pulls and pushes back a text with a line that looks like a name, byte for byte', async () => {
    const odd = `#:parameter ${api}\n##:parameter x\n${apiText}PEM="a\n#:parameter ${common}\nb"\n`;
    putBoth();
    put(odd, api);
    const pulled = join(directory(), 'pulled.env');
    expect(await run(['pull', pulled])).toMatchObject({ exitCode: 0 });
    expect((await run(['diff', pulled])).exitCode).toBe(0);
    expect(await run(['push', pulled, '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Nothing was written'),
    });
    for (const name of [common, api]) aws().parameters.delete(name);
    expect(await run(['push', pulled, '--yes'])).toMatchObject({ exitCode: 0 });
    expect([text(common), text(api)]).toEqual([commonText, odd]);
  });

  it('makes no parameter of a text that is not there', async () => {
    const one = `#:parameter ${api}\n${first}=canary-db\n${apiText}`;
    expect(await run(['push', file(one), '--yes'])).toMatchObject({ exitCode: 0 });
    expect(aws().parameters.names()).toEqual([api]);
  });

  it.each([
    ['one text', commonText + apiText],
    ['a line before the first name', `LEVEL=canary\n${both}`],
    ['another name', both.replace(api, '/sandbox/apo')],
    ['a name twice', `${both}#:parameter ${common}\n`],
  ])('pushes no file with %s, and says how to write one', async (_name, content) => {
    expect(await run(['push', file(content), '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`#:parameter ${common}, #:parameter ${api}`),
    });
    expect(aws().countCalls('PutParameter')).toBe(0);
  });

  it('refuses to lose a key in one of them, whatever the others say of it', async () => {
    putBoth();
    const less = file(both.replace('LEVEL=canary-debug\n', ''));
    expect(await run(['push', less, '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/EnvWouldShrink.*1 key: LEVEL\./),
    });
    expect(text(api)).toBe(apiText);
  });

  it('takes out what is dropped by name, in the copy as well', async () => {
    putBoth();
    copyBoth();
    const less = file(both.replace('LEVEL=canary-debug\n', ''));
    expect(await run(['push', less, '--yes', '--drop', 'LEVEL'])).toMatchObject({ exitCode: 0 });
    expect(text(api)).not.toContain('LEVEL');
    expect([text('/copy/common'), text('/copy/api')]).toEqual([
      commonText,
      apiText.replace('LEVEL=canary-debug\n', ''),
    ]);
    expect((await run(['check'])).exitCode).toBe(0);
  });

  it('sets a key where it counts, and unsets it everywhere', async () => {
    putBoth();
    expect(await run(['set', 'LEVEL'], { input: 'canary-warn' })).toMatchObject({ exitCode: 0 });
    expect([text(common), text(api)]).toEqual([commonText, apiText.replace('canary-debug', 'canary-warn')]);
    expect(await run(['unset', 'LEVEL', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(text(common) + text(api)).not.toContain('LEVEL');
  });

  it('fills in each of them, and accepts a loss by name', async () => {
    putBoth();
    copyBoth();
    put(apiText.replace('LEVEL=canary-debug\n', ''), api);
    expect(await run(['check'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/lacks 1 key of known-good version 2 since version 3: LEVEL/),
    });
    expect(await run(['restore', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(text(api)).toBe(apiText);
    put(apiText.replace('LEVEL=canary-debug\n', ''), api);
    expect(await run(['accept', '--yes'])).toMatchObject({ exitCode: 0 });
    expect((await run(['check'])).exitCode).toBe(0);
    expect(text('/copy/common')).toBe(commonText);
  });

  it('says what to delete where a text would have nothing left', async () => {
    const [one, whole] = ['LEVEL=canary\n', keys.map((key) => `${key}=canary-${key}\n`).join('')];
    put(one, common);
    put(whole, api);
    put(one, '/copy/common');
    put(whole, '/copy/api');
    expect(await run(['unset', 'LEVEL', '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`aws ssm delete-parameter --name ${common}`),
    });
    aws().parameters.delete(common);
    expect(await run(['accept', '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('aws ssm delete-parameter --name /copy/common'),
    });
    aws().parameters.delete('/copy/common');
    expect((await run(['check'])).exitCode).toBe(0);
  });

  it('shows what each change did to the env, as it counts', async () => {
    putBoth();
    put(apiText.replace('canary-debug', 'canary-warn'), api);
    expect((await run(['history'])).stdout).toMatch(
      /^version 3 .*8 keys, complete .*\n {4}changed: LEVEL\nversion 2 /,
    );
  });
});
