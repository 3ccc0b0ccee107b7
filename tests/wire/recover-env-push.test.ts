import { complete, keys, oneKey, useOperator, utf16 } from '../support/operator.ts';

const { aws, file, latest, put, run } = useOperator();

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
    expect(aws().countCalls('PutParameter')).toBe(0);
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
    expect(aws().countCalls('PutParameter')).toBe(0);
  });

  it('refuses an env that is not complete, with all that is wrong', async () => {
    const text = complete()
      .replace(/^DB_HOST=.*$/m, 'DB_HOST={{ host }}')
      .replace(/^DB_NAME=.*\n/m, '');
    const { exitCode, stderr } = await run(['push', file(`${text}DB_PORT=canary\n`), '--yes']);
    expect(exitCode).toBe(1);
    for (const problem of ['DB_NAME is missing', "DB_HOST holds a template's", 'DB_PORT is not an integer'])
      expect(stderr).toContain(problem);
    expect(aws().countCalls('PutParameter')).toBe(0);
  });

  it('merges in what somebody has written meanwhile', async () => {
    put(complete());
    aws().meanwhile('PutParameter', () => put(`${latest().Value}THEIRS=canary-theirs\n`));
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
