import { AwsError } from '../../sandbox/endpoint.ts';
import { knownGoodLabel, lossAcceptedLabel } from '../../workflow/versions.ts';
import { backupName, complete, oneKey, parameterName, useOperator } from '../support/operator.ts';

const { aws, file, latest, put, run } = useOperator();
/** Keys that the target doesn't ask for. */
const unnamed = ['DB_PORT', 'LOG_LEVEL', 'SENTRY_DSN', 'WORKERS'];
const extra = (names: readonly string[] = unnamed) => names.map((name) => `${name}=1\n`).join('');
const label = (version: number, ...labels: string[]) =>
  aws().parameters.label(parameterName, version, labels);
const acceptedVersion = () =>
  aws()
    .parameters.history(parameterName)
    .find(({ Labels }) => Labels.includes(lossAcceptedLabel))?.Version;
/** A known-good version with all keys, after which somebody has written a text without the four. */
const lose = (): string => {
  const text = complete();
  put(`${text}${extra()}`);
  label(1, knownGoodLabel);
  put(text);
  return text;
};

describe('recover env check, after keys were lost', () => {
  it('names them, what has them, and both ways on', async () => {
    lose();
    const { exitCode, stdout } = await run(['check']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      `NOT FINE: it lacks 4 keys of known-good version 1 since version 2: ${unnamed.join(', ')}\n`,
    );
    expect(stdout).toMatch(/`recover env restore`[\s\S]*`recover env accept`/);
    expect(stdout).not.toContain('Fine:');
    const { stdout: json } = await run(['check', '--json']);
    expect(JSON.parse(json)).toMatchObject({
      complete: true,
      loss: { keys: unnamed, hiddenCount: 0 },
    });
  });

  it('names them in an incomplete text, where only a restore helps', async () => {
    lose();
    put(oneKey());
    const { stdout } = await run(['check']);
    expect(stdout).toMatch(/NOT FINE: DB_HOST is missing[\s\S]*NOT FINE: it lacks 10 keys/);
    expect(stdout).not.toContain('recover env accept');
  });

  it('goes by the backup where no version is known-good, and says so if that can not be read', async () => {
    put(complete());
    put(`${complete()}${extra()}`, backupName);
    expect((await run(['check'])).stdout).toContain(`lacks 4 keys of backup ${backupName}`);
    aws().fail('GetParameter', new AwsError('AccessDeniedException', ''));
    expect(await run(['check'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/note: whether keys are lost could not be seen: .*env-backup/),
    });
  });

  it('is fine once they are back or accepted', async () => {
    lose();
    expect(await run(['accept', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(await run(['check'])).toMatchObject({ exitCode: 0 });
  });
});

describe('recover env restore, after keys were lost', () => {
  it('brings them back, and keeps every value that is there', async () => {
    const text = lose();
    expect(await run(['restore', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(`${text}${extra()}`);
    expect(await run(['check'])).toMatchObject({ exitCode: 0 });
  });

  it('asks on a terminal, once', async () => {
    lose();
    expect(await run(['restore'], { typed: ['y', 'y'] })).toMatchObject({ exitCode: 0 });
    expect(latest().Version).toBe(3);
  });

  it('brings back nothing that may go', async () => {
    lose();
    label(2, lossAcceptedLabel);
    expect(await run(['restore', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Version).toBe(2);
  });
});

describe('recover env accept', () => {
  it('names the keys, asks, and marks the version that was shown', async () => {
    lose();
    const ran = await run(['accept'], { typed: ['y'] });
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(unnamed.join(', ')) });
    expect(acceptedVersion()).toBe(2);
  });

  it('marks nothing where the person says no, nor without anybody to ask', async () => {
    lose();
    expect(await run(['accept'], { typed: ['n'] })).toMatchObject({ exitCode: 1 });
    expect(await run(['accept'])).toMatchObject({ exitCode: 2 });
    expect(acceptedVersion()).toBeUndefined();
  });

  it('has nothing to accept where nothing is lost', async () => {
    put(complete());
    label(1, knownGoodLabel);
    const { exitCode, stdout } = await run(['accept', '--yes', '--json']);
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({ exitCode: 0, accepted: false, loss: null });
    expect(acceptedVersion()).toBeUndefined();
  });

  it('accepts no wipe, and nothing that it can not see', async () => {
    expect(await run(['accept', '--yes'])).toMatchObject({ exitCode: 1 });
    put(complete());
    aws().fail('GetParameter', new AwsError('AccessDeniedException', ''));
    expect(await run(['accept', '--yes'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(backupName),
    });
    label(1, knownGoodLabel);
    put(oneKey());
    expect(await run(['accept', '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('`recover env restore`'),
    });
    expect(acceptedVersion()).toBeUndefined();
  });
});

describe('a key that is dropped by name', () => {
  /** A known-good version with all keys. */
  const begin = (): string => {
    const text = complete();
    put(`${text}${extra()}`);
    label(1, knownGoodLabel);
    return text;
  };

  it('is accepted as lost by unset', async () => {
    begin();
    expect(await run(['unset', 'WORKERS', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(acceptedVersion()).toBe(2);
    expect(await run(['check'])).toMatchObject({ exitCode: 0 });
  });

  it('is accepted as lost one after the other, and by push --drop', async () => {
    const text = begin();
    await run(['unset', 'WORKERS', '--yes']);
    const drops = ['LOG_LEVEL', 'SENTRY_DSN'].flatMap((key) => ['--drop', key]);
    expect(await run(['push', file(`${text}DB_PORT=1\n`), '--yes', ...drops])).toMatchObject({ exitCode: 0 });
    expect(acceptedVersion()).toBe(3);
    expect(await run(['check'])).toMatchObject({ exitCode: 0 });
  });

  it('needs no mark if the known-good version does not have it, or if nothing was dropped', async () => {
    const text = begin();
    put(`${text}${extra()}LATER=canary\n`);
    await run(['unset', 'LATER', '--yes']);
    await run(['push', file(`${text}${extra()}MORE=canary\n`), '--yes', '--drop', 'NOBODY']);
    expect(latest().Version).toBe(4);
    expect(aws().countCalls('LabelParameterVersion')).toBe(0);
  });

  it('accepts no other loss with it, and the person is told', async () => {
    const text = begin();
    put(`${text}${extra(['LOG_LEVEL', 'WORKERS'])}`);
    expect(await run(['unset', 'WORKERS', '--yes'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/NOT FINE: version 3 is written, but it lacks 2 other keys.*env accept/),
    });
    expect(acceptedVersion()).toBeUndefined();
    expect((await run(['check'])).stdout).toContain('lacks 3 keys');
  });

  it('stays dropped where the mark fails, and the person is told how to repeat it', async () => {
    begin();
    aws().fail('LabelParameterVersion', new AwsError('AccessDeniedException', ''));
    expect(await run(['unset', 'WORKERS', '--yes'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(
        /version 1 -> 2[\s\S]*NOT FINE.*ssm:LabelParameterVersion.*`recover env accept`/,
      ),
    });
    expect(latest().Value).not.toContain('WORKERS');
    expect(await run(['accept', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(acceptedVersion()).toBe(2);
  });

  it('stays dropped where nobody can see whether others are lost, and the person is told', async () => {
    put(`${complete()}${extra()}`);
    aws().fail('GetParameter', new AwsError('AccessDeniedException', ''));
    expect(await run(['unset', 'WORKERS', '--yes'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/NOT FINE: version 2 is written, but .*could not be seen.*env-backup/),
    });
    expect(acceptedVersion()).toBeUndefined();
  });

  it('is lost again if a later version has had it', async () => {
    begin();
    await run(['unset', 'WORKERS', '--yes']);
    put(`${complete()}${extra()}`);
    put(`${complete()}${extra(['DB_PORT', 'LOG_LEVEL', 'SENTRY_DSN'])}`);
    expect((await run(['check'])).stdout).toContain('since version 4: WORKERS\n');
  });
});
