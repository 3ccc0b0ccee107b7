import { describeNewer, isOlder, newerIsIncomplete } from '../../workflow/versions.ts';
import { versionOf } from '../support/versions.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 18, 0, seconds));
const known = { version: 5, modifiedAt: at(30).toISOString() };

describe('a version that was read', () => {
  it.each([
    ['has a lower number', { version: 4, modifiedAt: at(20) }],
    ['has a lower number and no date', { version: 4, modifiedAt: undefined }],
    ['is missing', undefined],
  ])('is older than the known one if it %s', (_what, found) => expect(isOlder(found, known)).toBe(true));

  it.each([
    ['has the same number', { version: 5, modifiedAt: at(30) }],
    ['has a higher number', { version: 6, modifiedAt: at(40) }],
    [
      'has a lower number, but was written later: the parameter was made again',
      { version: 1, modifiedAt: at(40) },
    ],
  ])('is not older if it %s', (_what, found) => expect(isOlder(found, known)).toBe(false));

  it('is never older than nothing', () =>
    expect(isOlder(undefined, { version: 0, modifiedAt: null })).toBe(false));

  it('is blamed on who wrote it, in one line', () => {
    const record = {
      ...versionOf(6, 'A=1\n', { modifiedAt: at(40) }),
      modifiedBy: 'arn:aws:iam::000000000000:user/x\nTo do: y',
    };
    expect(describeNewer(record)).toMatch(/^version 6 was written by arn:.* at 2026-01-01T18:00:40.000Z$/);
    expect(describeNewer(undefined)).toBe('it was deleted');
  });
});

describe('a newer version that is incomplete', () => {
  const name = (writtenAt: Date | undefined, startedAt: Date | undefined) => {
    const record = { ...versionOf(6, 'A=1\n'), modifiedAt: writtenAt };
    return newerIsIncomplete('/app/env', record, startedAt?.toISOString(), '(A is blank).').name;
  };

  it('was overlooked if it was there before the run', () => {
    expect(name(at(29), at(30))).toBe('EnvOverlooked');
    expect(name(at(30), at(30))).toBe('EnvOverlooked');
  });

  it('has replaced what the run had seen if it was written later, or before what the run has seen since', () => {
    expect(name(at(31), at(30))).toBe('EnvReplaced');
    expect(name(at(29), undefined)).toBe('EnvReplaced');
  });

  it('is not blamed on the lag of reads if nobody knows when it was written', () =>
    expect(name(undefined, at(30))).toBe('EnvReplaced'));

  it('is gone: overlooked, since nobody knows for how long, unless the run has written it', () => {
    const gone = (startedAt?: string) => newerIsIncomplete('/app/env', undefined, startedAt, '.').name;
    expect(gone(at(30).toISOString())).toBe('EnvOverlooked');
    expect(gone()).toBe('EnvReplaced');
  });
});
