import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { knownGoodLabel } from '../../workflow/versions.ts';
import { complete, keys, oneKey, parameterName, useOperator, utf16 } from '../support/operator.ts';

const { aws, directory, file, latest, put, run } = useOperator();

describe('recover env pull', () => {
  it('writes the text, byte for byte, to a file that only its owner can read', async () => {
    const text = complete();
    put(text);
    const path = join(directory(), '받은 설정 .env');
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
    const path = join(directory(), 'pulled.env');
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
    expect(aws().endpoint.calls).toEqual([]);
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
    aws().parameters.label(parameterName, 2, [knownGoodLabel]);
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
