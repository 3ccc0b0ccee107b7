/** Where the target files are: with the project, or in a folder of their owner's. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { loadTarget, targetsDirectory } from '../../targets/load.ts';
import { programEnvironment } from '../support/program.ts';

const targets = join(import.meta.dirname, '..', '..', 'targets');

describe('a folder of its owner', () => {
  const directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
  const empty = mkdtempSync(join(tmpdir(), 'env-recovery-'));
  writeFileSync(join(directory, 'mine.yml'), readFileSync(join(targets, 'academy-api.yml')));
  afterAll(() => {
    for (const path of [directory, empty]) rmSync(path, { recursive: true });
  });

  it('is the one on the command line, then RECOVER_TARGETS, then that of the project', () => {
    const environment = { RECOVER_TARGETS: directory };
    expect(targetsDirectory(empty, environment)).toBe(empty);
    expect(targetsDirectory(undefined, environment)).toBe(directory);
    expect(targetsDirectory('', { RECOVER_TARGETS: '' })).toBe(targets);
    expect(targetsDirectory('docs', environment)).toBe(resolve('docs'));
  });

  it('has to be there', () => {
    const missing = join(directory, 'missing');
    expect(() => targetsDirectory(missing, {})).toThrow(
      `${missing}: there is no such folder with target files; check the path`,
    );
    expect(() => targetsDirectory(undefined, { RECOVER_TARGETS: join(directory, 'mine.yml') })).toThrow(
      /mine\.yml: there is no such folder/,
    );
  });

  it('is where a target is read, and where messages look for its file and for others', () => {
    expect(loadTarget('mine', directory).parameter.name).toBe('/academy/api/env');
    expect(() => loadTarget('other', directory)).toThrow(
      `${join(directory, 'other.yml')}: there is no such file. Targets: mine`,
    );
    expect(() => loadTarget('other', empty)).toThrow(`Targets: none in ${empty}`);
  });

  /** What Serverless makes of serverless.yml, before it packages anything. */
  const resolveStack = (commandLine: readonly string[], environment: Readonly<Record<string, string>>) =>
    promisify(execFile)(process.execPath, [join('stack', 'run-serverless.ts'), 'print', ...commandLine], {
      cwd: join(targets, '..'),
      env: programEnvironment(environment),
      maxBuffer: 1e7,
    });

  it('is what gets packaged', async () => {
    // By `--param targets=<folder>` too: so the examples are packaged for the tests of whole runs.
    const { stdout } = await resolveStack(['--param', 'target=mine'], { RECOVER_TARGETS: directory });
    expect(stdout).toContain('stackName: env-recovery-mine\n');
  });

  it('is told by its path in a mistake that packaging finds', async () => {
    await expect(
      resolveStack(['--param', 'target=other'], { RECOVER_TARGETS: directory }),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `${join(directory, 'other.yml')}: there is no such file. Targets: mine`,
      ),
    });
  });
});
