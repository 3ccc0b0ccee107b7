import { CommanderError } from '@commander-js/extra-typings';
import { failureOf, UsageError } from '../../cli/failure.ts';
import { readTextFile } from '../../cli/text-file.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';

/** What is thrown by `act`. */
function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('failureOf', () => {
  it.each<[string, unknown, object]>([
    ['a mistake in the command', new UsageError('say which'), { name: 'UsageError', exitCode: 2 }],
    ['what commander finds', new CommanderError(1, 'x', 'error: no'), { name: 'UsageError', message: 'no' }],
    [
      'a file that is not there',
      thrown(() => readTextFile('nowhere.env')),
      { name: 'FileError', exitCode: 2 },
    ],
    ['missing rights', new RecoveryError('AccessDenied', 'no'), { name: 'AccessDenied', exitCode: 2 }],
    ['a text that is refused', new RecoveryError('EnvInvalid', 'no'), { name: 'EnvInvalid', exitCode: 1 }],
  ])('has a name and an exit code for %s', (_what, error, expected) => {
    expect(failureOf(error)).toMatchObject(expected);
  });

  it.each(['EBUSY', 'EPERM'])('names the file that another program has open on Windows, for %s', (code) => {
    const error = Object.assign(new Error(code), {
      code,
      path: 'C:\\app\\.env.0a1b2c',
      dest: 'C:\\app\\.env',
    });
    const { name, message, exitCode } = failureOf(error);
    expect({ name, exitCode }).toEqual({ name: 'FileError', exitCode: 2 });
    expect(message).toMatch(/^C:\\app\\\.env: .*close/);
  });

  it('says of a defect its kind and where in this project it happened, and quotes nothing of it', () => {
    class OddError extends Error {
      override readonly name = 'OddError';
      override readonly stack = [
        'OddError: canary',
        '    at canary (canary:1:1)',
        `    at JSON.parse (<anonymous>)`,
        `    at Object.read (${import.meta.dirname}/../../env/merge.ts:31:5)`,
        `    at file://${import.meta.dirname}/../../cli/env/write.ts:7:9`,
        `    at async send (${import.meta.dirname}/../../node_modules/canary/index.js:1:1)`,
      ].join('\n');
    }
    expect(failureOf(new OddError('canary'))).toEqual({
      name: 'InternalError',
      message:
        'unexpected OddError at env/merge.ts:31:5, called from cli/env/write.ts:7:9; please report it with this output.',
      exitCode: 1,
    });
  });

  it.each<[unknown, string]>([
    ['canary', 'unexpected string; please'],
    [
      Object.assign(new Error('canary'), { name: 'canary = 1', stack: undefined }),
      'unexpected object; please',
    ],
    [Object.assign(new Error('canary'), { code: 'ENOENT', stack: '' }), 'unexpected Error; please'],
  ])('survives a thrown thing that is no usual error', (error, expected) => {
    expect(failureOf(error).message).toContain(expected);
    expect(failureOf(error).message).not.toContain('canary');
  });
});
