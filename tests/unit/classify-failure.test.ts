import { catalogue, errorNames } from '../../workflow/errors.ts';
import { classifyFailure } from '../../workflow/failure.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';

const last = { name: 'DeployApi', state: {} };
const causeOf = (error: Error) => JSON.stringify({ errorType: error.name, errorMessage: error.message });
const classify = (error: Error, cause: string | undefined = causeOf(error)) =>
  classifyFailure({ status: 'FAILED', error: error.name, cause }, last);

describe('a failure', () => {
  it.each(errorNames)('by %s takes its remedy and its way on from the catalogue', (name) => {
    const { remedy, next = 'Redrive' } = catalogue[name];
    expect(classify(new RecoveryError(name, 'the thing: this was found.'))).toEqual({
      verb: 'FAILED',
      headline: `${name} at DeployApi`,
      cause: 'the thing: this was found.',
      remedy,
      section: name.toLowerCase(),
      next,
      isDone: false,
    });
  });

  it('keeps in its cause what its thrower says to do', () => {
    const error = new RecoveryError('EnvHistoryFull', 'It is full.', { remedy: 'Empty it.' });
    expect(classify(error)).toMatchObject({
      cause: 'It is full. Empty it.',
      remedy: catalogue.EnvHistoryFull.remedy,
    });
  });

  it('says nothing that stands after the first line, such as the output of a command', () => {
    const error = new RecoveryError('DeployFailed', 'It failed.', {
      remedy: `${catalogue.DeployFailed.remedy}\nThe end of the output, redacted:\nsecret`,
    });
    expect(classify(error).cause).toBe('It failed.');
  });

  it.each([undefined, '', 'a text of Step Functions', '{"errorMessage":7}', '{}'])(
    'says that there is no message where the cause is %j',
    (cause) => {
      expect(classifyFailure({ status: 'FAILED', error: 'AwsRejected', cause }, last).cause).toBe(
        'no message',
      );
    },
  );

  it.each(['TypeError', 'Lambda.Unknown', 'Runtime.ExitError', 'States.Runtime'])(
    'by %s, which is not of the catalogue, quotes no message',
    (name) => {
      const cause = JSON.stringify({ errorMessage: 'a secret' });
      const failure = classifyFailure({ status: 'FAILED', error: name, cause }, last);
      expect(failure).toMatchObject({
        headline: `${name} at DeployApi`,
        section: 'any-other-error',
        next: 'Redrive',
      });
      expect(JSON.stringify(failure)).not.toContain('secret');
    },
  );

  it.each(['a secret text', 'x'.repeat(81), '', undefined])(
    'by a name such as %j, which may be anything, has no name',
    (error) => {
      expect(classifyFailure({ status: 'FAILED', error, cause: undefined }, last)).toMatchObject({
        headline: 'an error without a name at DeployApi',
        cause: 'The function of this state ended with an error without a name. Its log group has more.',
      });
    },
  );

  it('names no state where none is known', () => {
    expect(
      classifyFailure({ status: 'FAILED', error: 'AwsRejected', cause: undefined }, undefined).headline,
    ).toBe('AwsRejected');
  });
});

it('is an invalid input where that is too large for the first state, and no other state', () => {
  const ended = { status: 'FAILED', error: 'States.DataLimitExceeded', cause: 'a secret' } as const;
  expect(classifyFailure(ended, { name: 'TakeLease', state: {} })).toMatchObject({
    headline: 'InvalidInput at TakeLease',
    cause: 'The input is too large (States.DataLimitExceeded).',
    section: 'invalidinput',
    next: 'Start',
  });
  expect(classifyFailure(ended, last)).toMatchObject({ headline: 'States.DataLimitExceeded at DeployApi' });
});

describe('an end that is no failure of a function', () => {
  it('was somebody’s, where the execution was aborted, whatever error came with that', () => {
    expect(classifyFailure({ status: 'ABORTED', error: 'DeployFailed', cause: 'a secret' }, last)).toEqual({
      verb: 'stopped',
      headline: 'the execution was stopped at DeployApi',
      cause: 'Somebody stopped the execution.',
      remedy: 'Nothing, if it was on purpose. Otherwise let it go on.',
      section: 'stopped-by-a-person',
      next: 'Redrive',
      isDone: false,
    });
  });

  it.each([
    ['TIMED_OUT', undefined],
    ['FAILED', 'States.Timeout'],
  ] as const)('came for want of time, where it is %s by %s', (status, error) => {
    expect(classifyFailure({ status, error, cause: undefined }, last)).toMatchObject({
      verb: 'ran out of time',
      headline: 'the time ran out at DeployApi',
      section: 'out-of-time',
      next: 'Redrive',
    });
  });
});

it('has done everything, whatever it ended with, once it is decided what is known-good', () => {
  const knownGood = { outcome: 'Marked', version: 4, why: '', backup: null } as const;
  for (const status of ['FAILED', 'TIMED_OUT', 'ABORTED'] as const) {
    const ended = { status, error: undefined, cause: undefined };
    expect(classifyFailure(ended, { name: 'ReportRecovery', state: { knownGood } }).isDone).toBe(true);
    expect(classifyFailure(ended, { name: 'ReportRecovery', state: {} }).isDone).toBe(false);
  }
});
