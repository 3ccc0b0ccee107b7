import { isNoEnv } from '../../env/salvage.ts';
import { describeSource, findGoodVersion } from '../../workflow/good-version.ts';
import { describeRestore, fillGaps, restoreText } from '../../workflow/restore.ts';
import { knownGoodLabel, type ParameterRecord } from '../../workflow/versions.ts';
import { dayMs, nowMs, versionOf } from '../support/versions.ts';

const reader = 'dotenv';
const contract = { requiredKeys: ['A', 'B'], requiredPrefixes: [], rules: {} };
const rules = { reader, contract } as const;
const known = { labels: [knownGoodLabel] };
const daysOld = (days: number) => ({ modifiedAt: new Date(nowMs - days * dayMs) });
const choose = (...history: ParameterRecord[]) => findGoodVersion(history, reader, contract, nowMs);

describe('findGoodVersion', () => {
  it('finds nothing where no version is complete', () => {
    expect(choose()).toBeUndefined();
    expect(choose(versionOf(1, 'A=1\n', known), versionOf(2, 'A=1\nB=\n'))).toBeUndefined();
  });

  it('takes the newest complete version', () => {
    expect(choose(versionOf(1, 'A=1\nB=1\n'), versionOf(2, 'A=2\nB=2\n'), versionOf(3, 'A=3\n'))).toEqual({
      source: { kind: 'history', version: 2, isKnownGood: false },
      text: 'A=2\nB=2\n',
      supersededKeys: [],
      notes: [],
    });
  });

  it('notes what is odd about the version it takes, by line and key, and takes it all the same', () => {
    const odd = 'A=1\nodd="1" 2\nB=changeme\nN=x\nC=null\n';
    const strict = {
      ...contract,
      rules: { N: { nonEmpty: false, noPlaceholder: false, type: 'integer' } },
    } as const;
    const good = findGoodVersion([versionOf(1, odd), versionOf(2, 'A=3\n')], 'python-dotenv', strict, nowMs);
    expect(good?.notes).toEqual([
      "in version 1: B holds a template's placeholder",
      'in version 1: N is not an integer',
      'in version 1: line 2: python-dotenv drops this line',
      'in version 1: C holds null, which is no value',
    ]);
  });

  it('passes over a version that can not be decrypted', () => {
    const good = choose(versionOf(1, 'A=1\nB=1\n'), versionOf(2, '', { unreadable: 'InvalidKeyId' }));
    expect(good?.source).toMatchObject({ version: 1 });
  });

  it('prefers the known-good one, with the keys that came later, and names the values it takes back', () => {
    expect(
      choose(
        versionOf(1, '# why\nA=1\nB=1\n', known),
        versionOf(2, '# new\nA=2\nB=1\nC=2\n'),
        versionOf(3, 'A=3\n'),
      ),
    ).toEqual({
      source: { kind: 'history', version: 1, isKnownGood: true },
      text: '# why\nA=1\nB=1\nC=2\n',
      supersededKeys: ['A'],
      notes: [],
    });
  });

  it.each([
    [1, 2],
    [0.9, 1],
  ])('goes no further back than a version that has stood for a day: %p', (days, version) => {
    expect(
      choose(
        versionOf(1, 'A=1\nB=1\n', { ...known, ...daysOld(9) }),
        versionOf(2, 'A=2\nB=2\n', daysOld(days)),
        versionOf(3, ''),
      ),
    ).toMatchObject({ source: { version } });
  });
});

describe('describeSource', () => {
  it.each([
    ['version 2', { kind: 'history' as const, version: 2, isKnownGood: false }],
    ['known-good version 2', { kind: 'history' as const, version: 2, isKnownGood: true }],
    ['backup /app/env-backup', { kind: 'backup' as const, parameterName: '/app/env-backup', version: 2 }],
  ])('says %s', (text, source) => {
    expect(describeSource(source)).toBe(text);
  });
});

describe('fillGaps', () => {
  it('fills what is missing or blank, and keeps what is there', () => {
    expect(fillGaps('A=\nC=3\n', 'A=1\nB=2\nC=9\n', rules)).toBe('A=1\nB=2\nC=3\n');
  });

  it.each(['', ' \r\n', 'An error occurred (AccessDenied)\n'])('replaces %j, which is no env', (text) => {
    expect(isNoEnv(text, 'docker')).toBe(true);
    expect(fillGaps(text, 'A=1\n', { reader: 'docker', contract })).toBe('A=1\n');
  });

  it('takes for an env whatever holds a key', () => {
    expect(isNoEnv('An error occurred\nA=1\n', 'docker')).toBe(false);
    expect(isNoEnv('# only a comment\n', reader)).toBe(false);
  });
});

describe('restoreText', () => {
  it('only makes readable what lacks nothing', () => {
    expect(restoreText('\uFEFFA=1\r\n', undefined, { reader: 'shell', contract })).toBe('A=1\n');
  });
});

describe('describeRestore', () => {
  it('names the keys that were missing or blank, and those that are back to an older value', () => {
    const good = {
      source: { kind: 'history' as const, version: 1, isKnownGood: true },
      text: 'A=1\nB=1\nC=1\n',
      supersededKeys: ['B', 'C'],
      notes: ['in version 1: B is not an integer'],
    };
    const found = { keys: ['A', 'C'], blankKeys: ['A'], leftOutLines: [2] };
    const history = [
      versionOf(1, good.text),
      versionOf(2, '', { unreadable: 'InvalidKeyId', keyId: 'key-1' }),
    ];
    expect(describeRestore('A=1\nB=1\nC=live\n', found, good, history, { reader, contract })).toEqual({
      keyCount: 3,
      restoredKeys: ['A', 'B'],
      revertedKeys: ['B'],
      leftOutLines: [2],
      sourceNotes: [
        'in version 1: B is not an integer',
        "version 2 can't be decrypted (InvalidKeyId, key key-1)",
      ],
    });
  });
});
