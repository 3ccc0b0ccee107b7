/** An env of one parameter for each key, as versions of a text. */
import fc from 'fast-check';
import { readEnvText } from '../../env/document.ts';
import { setKey } from '../../env/edit.ts';
import { effectiveEntries, shownKeys } from '../../env/entries.ts';
import { unionEnv } from '../../env/merge.ts';
import { pathText } from '../../env/readers/path.ts';
import { valueWithOthers } from '../../workflow/concurrent-writes.ts';
import { envOf, historyOf } from '../../workflow/spread-env.ts';
import type { ParameterRecord } from '../../workflow/versions.ts';
import { expectEqual, runs } from '../support/properties.ts';

const me = 'arn:aws:iam::111122223333:user/me';
const record = (version: number, text: string, seconds: number, part: Partial<ParameterRecord> = {}) =>
  ({
    text,
    version,
    type: 'SecureString',
    modifiedAt: new Date(Date.UTC(2026, 0, 1) + seconds * 1000),
    keyId: undefined,
    description: undefined,
    allowedPattern: undefined,
    tier: undefined,
    labels: [],
    modifiedBy: me,
    ...part,
  }) satisfies ParameterRecord;

const valuesIn = (text: string) =>
  Object.fromEntries(
    [...effectiveEntries(readEnvText(text, 'path')).values()].map(({ key, value }) => [key, value]),
  );
/** Each state as its version and values. */
const statesOf = (histories: Readonly<Record<string, readonly ParameterRecord[]>>) =>
  historyOf('/app/', new Map(Object.entries(histories))).map(({ version, text }) => [
    version,
    valuesIn(text),
  ]);

/** Any characters, and often those that a text or a line takes for its own. */
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\uFEFF', '\u0000', '\u0001', '\t', '\r', '\n', '\u2028', '"', "'", '\\', '$', 'a'),
  }),
);
const env = fc.dictionary(fc.stringMatching(/^[A-Za-z0-9_.-]{1,9}$/), value);

describe('the text of an env below a path', () => {
  it('holds any value under any name that a parameter can have, and is the same for the same env', () => {
    fc.assert(
      fc.property(env, (values) => {
        const document = readEnvText(pathText(Object.entries(values)), 'path');
        expectEqual(document.flaws, []);
        expectEqual(document.needsNormalising, false);
        expectEqual({ ...valuesIn(pathText(Object.entries(values))) }, { ...values });
        expectEqual(pathText(Object.entries(values).reverse()), pathText(Object.entries(values)));
        expectEqual(shownKeys(document, () => false).sort(), Object.keys(values).sort());
      }),
      runs(),
    );
  });

  it('stays what it is spelled like when it is filled or edited', () => {
    fc.assert(
      fc.property(env, env, value, (current, restored, given) => {
        const [text, good] = [pathText(Object.entries(current)), pathText(Object.entries(restored))];
        const union = unionEnv(text, good, 'path');
        expectEqual(union, pathText(Object.entries(valuesIn(union))));
        expectEqual(
          Object.keys(valuesIn(union)).sort(),
          [...new Set([...Object.keys(current), ...Object.keys(restored)])].sort(),
        );
        expectEqual(valuesIn(setKey(text, 'KEY', given, 'path') ?? ''), { ...current, KEY: given });
      }),
      runs(300),
    );
  });
});

describe('the history of an env below a path', () => {
  it('has a state after each change, whose version is the sum of those of its parameters', () => {
    expect(statesOf({ A: [record(1, 'a', 0), record(2, 'b', 60)], B: [record(1, 'x', 30)] })).toEqual([
      [1, { A: 'a' }],
      [2, { A: 'a', B: 'x' }],
      [3, { A: 'b', B: 'x' }],
    ]);
  });

  it('takes what one hand writes to several keys in a row for one change, and nothing else', () => {
    const others = { modifiedBy: `${me}2` };
    const unknown = { modifiedBy: undefined };
    expect(statesOf({ A: [record(1, 'a', 0)], B: [record(1, 'b', 9)], C: [record(1, 'c', 18)] })).toEqual([
      [3, { A: 'a', B: 'b', C: 'c' }],
    ]);
    const first = [1, { A: 'a' }];
    expect(statesOf({ A: [record(1, 'a', 0)], B: [record(1, 'b', 11)] })[0]).toEqual(first);
    expect(statesOf({ A: [record(1, 'a', 0)], B: [record(1, 'b', 1, others)] })[0]).toEqual(first);
    expect(statesOf({ A: [record(1, 'a', 0), record(2, ' ', 1)] })[0]).toEqual(first);
    expect(statesOf({ A: [record(1, 'a', 0, unknown)], B: [record(1, 'b', 1, unknown)] })[0]).toEqual(first);
  });

  it('puts what was made before what was changed, of the same moment', () => {
    expect(statesOf({ A: [record(1, 'a', 0), record(2, ' ', 0)], B: [record(1, 'b', 0)] })[0]).toEqual([
      2,
      { A: 'a', B: 'b' },
    ]);
  });

  it('takes the oldest version that is left for the time before it', () => {
    expect(
      statesOf({
        A: [record(101, 'a', 60), record(102, 'b', 90)],
        B: [record(1, 'x', 0), record(2, 'y', 30)],
      }),
    ).toEqual([
      [101, { A: 'a' }],
      [102, { A: 'a', B: 'x' }],
      [103, { A: 'a', B: 'y' }],
      [104, { A: 'b', B: 'y' }],
    ]);
  });

  it('has no state for a value that was written again, but counts it', () => {
    expect(statesOf({ A: [record(1, 'a', 0), record(2, 'a', 60), record(3, 'a', 120)] })).toEqual([
      [3, { A: 'a' }],
    ]);
  });

  it('says of one state that a version could not be read, and has that key in none that had it', () => {
    const states = historyOf(
      '/app/',
      new Map([
        ['A', [record(1, '', 0, { unreadable: 'InvalidKeyId', keyId: 'key-1' }), record(2, 'a', 60)]],
        ['B', [record(1, 'b', 30)]],
      ]),
    );
    expect(states.map(({ text, unreadable }) => [valuesIn(text), unreadable])).toEqual([
      [{}, 'InvalidKeyId'],
      [{ B: 'b' }, undefined],
      [{ A: 'a', B: 'b' }, undefined],
    ]);
  });

  it('ends with the env as it is, and its versions rise, whatever was written when and by whom', () => {
    const write = fc.record({
      key: fc.constantFrom('A', 'B', 'C'),
      text: fc.constantFrom('1', '2', ' '),
      seconds: fc.integer({ min: 0, max: 8 }),
      modifiedBy: fc.constantFrom(me, `${me}2`, undefined),
    });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 20 }), fc.integer({ min: 1, max: 3 }), (writes, kept) => {
        const histories = new Map<string, ParameterRecord[]>();
        let at = 0;
        for (const { key, text, seconds, modifiedBy } of writes) {
          at += seconds;
          const history = histories.get(key) ?? [];
          histories.set(key, [...history, record(history.length + 1, text, at, { modifiedBy })]);
        }
        for (const [key, history] of histories) histories.set(key, history.slice(-kept));
        const newest = new Map(
          [...histories].flatMap(([key, history]) => history.slice(-1).map((one) => [key, one] as const)),
        );
        const states = historyOf('/app/', histories);
        expectEqual(states.at(-1)?.text, envOf('/app/', newest)?.text);
        expectEqual(states.at(-1)?.version, envOf('/app/', newest)?.version);
        const versions = states.map(({ version }) => version);
        expectEqual(
          versions,
          [...new Set(versions)].sort((one, other) => one - other),
        );
      }),
      runs(300),
    );
  });

  it('goes back no further than 300 states', () => {
    const histories = Object.fromEntries(
      Array.from({ length: 5 }, (_, key) => [
        `K${key}`,
        Array.from({ length: 100 }, (_, index) => record(index + 1, String(index), index * 100 + key * 20)),
      ]),
    );
    expect(statesOf(histories)).toHaveLength(300);
  });
});

describe('a value that somebody else has written as well', () => {
  const madeFrom = record(1, 'old', 0);
  const write = { madeFrom, text: 'ours' };
  it.each<[string, readonly string[], number[], string]>([
    ['ours, if nobody has', ['old'], [], 'ours'],
    ['theirs, which is newer', ['old', 'theirs'], [], 'theirs'],
    ['theirs, if ours has replaced it unseen', ['old', 'theirs', 'ours'], [3], 'theirs'],
    ['ours, if theirs is blank', ['old', ' '], [], 'ours'],
    ['ours, if theirs is what it was before', ['old', 'old'], [], 'ours'],
    ['what it was before, if somebody has undone ours', ['old', 'theirs', 'ours', 'old'], [3], 'old'],
  ])('is %s', (_name, texts, own, expected) => {
    const history = texts.map((text, index) => record(index + 1, text, index));
    expect(valueWithOthers(write, history, new Set(own))).toBe(expected);
  });
});
