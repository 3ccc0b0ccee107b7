import fc from 'fast-check';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { envReaders } from '../../env/readers/readers.ts';
import { isOfPlan, withReplaced, writerOf } from '../../workflow/earlier-try.ts';
import { fillGaps } from '../../workflow/restore.ts';
import { textFor } from '../support/generated-texts.ts';
import { expectEqual, runs } from '../support/properties.ts';
import { versionOf } from '../support/versions.ts';

const functionName = 'app-uploadEnv';
const own = { modifiedBy: `arn:aws:sts::111122223333:assumed-role/app-upload-role/${functionName}` };
const unknown = { modifiedBy: undefined };
const contract = { requiredKeys: ['A', 'B'], requiredPrefixes: [], rules: {} };
const good = 'A=1\nB=2\n';
type Written = [text: string, part?: Parameters<typeof versionOf>[2]];
/** Version 1 is what the run has seen. */
const historyOf = (...written: Written[]) =>
  written.map(([text, part], index) => versionOf(index + 1, text, part));
const replay = (...written: Written[]) =>
  withReplaced(historyOf(...written), {
    seenVersion: 1,
    seenAt: null,
    functionName,
    reader: 'docker',
    contract,
  });

describe('writerOf', () => {
  it.each([
    ['own', own.modifiedBy],
    ['own', `arn:aws-cn:sts::111122223333:assumed-role/r/${functionName}`],
    ['other', 'arn:aws:sts::111122223333:assumed-role/app-upload-role/app-other'],
    ['other', `arn:aws:iam::111122223333:user/${functionName}`],
    ['other', `arn:aws:sts::111122223333:assumed-role/${functionName}/session`],
    ['other', 'arn:aws:iam::111122223333:root'],
    ['unknown', undefined],
    ['unknown', ''],
    ['unknown', 'N/A'],
  ])('is %s for %p', (writer, modifiedBy) => {
    expect(writerOf({ modifiedBy }, functionName)).toBe(writer);
  });

  it('knows of nobody else where no function runs', () => {
    expect(writerOf(own, undefined)).toBe('unknown');
  });
});

describe('withReplaced', () => {
  it('is the newest text where no earlier try has written', () => {
    expect(replay(['A=1\n'], ['A=2\nX=1\n'], ['A=3\n'])).toBe('A=3\n');
    expect(replay(['A=1\n'])).toBe('A=1\n');
    expect(replay()).toBe('');
  });

  it('is what an earlier try has written, if that had seen everything', () => {
    expect(replay(['A=1\n'], [good, own])).toBe(good);
    expect(replay(['A=1\n'], ['A=3\n'], ['A=3\nB=2\n', own])).toBe('A=3\nB=2\n');
  });

  it('takes the first version since then as it is, whoever wrote it: there was nothing to replace', () => {
    for (const writer of [own, unknown, {}]) expect(replay(['A=1\nX=1\n'], [good, writer])).toBe(good);
  });

  it('brings back what an earlier try has replaced unseen: the keys, and the newer values', () => {
    expect(replay(['A=1\n'], ['A=3\nX=1\n'], [good, own])).toBe('A=3\nB=2\nX=1\n');
  });

  it('brings back the last word of several writers whom it had not seen', () => {
    expect(replay(['A=1\n'], ['A=3\n'], ['A=1\nX=1\n'], [good, own])).toBe('A=1\nB=2\nX=1\n');
    expect(replay(['A=1\n'], ['A=3\n'], ['A=1\nX=1\n'], ['A=3\nB=2\n', own])).toBe('A=1\nB=2\nX=1\n');
  });

  it('brings nothing back twice', () => {
    const merged = 'A=3\nB=2\nX=1\n';
    expect(replay(['A=1\n'], ['A=3\nX=1\n'], [good, own], [merged, own])).toBe(merged);
  });

  it('leaves out what somebody has removed who had seen it', () => {
    expect(replay(['A=1\nX=1\n'], ['A=1\nB=2\nX=1\n', own], [good])).toBe(good);
    const merged = 'A=3\nB=2\nX=1\n';
    expect(replay(['A=1\n'], ['A=3\nX=1\n'], [good, own], [merged, own], [good])).toBe(good);
  });

  it('keeps what somebody has changed after the earlier try, and brings back the rest', () => {
    expect(replay(['A=1\n'], ['A=3\nX=1\n'], [good, own], ['A=1\nB=9\n'])).toBe('A=3\nB=9\nX=1\n');
    expect(replay(['A=1\n'], ['A=3\nX=1\n'], [good, own], ['A=9\nB=2\n'])).toBe('A=9\nB=2\nX=1\n');
  });

  it.each(['', ' \n', 'An error occurred (AccessDenied)\n'])('brings back nothing of %j', (noEnv) => {
    expect(replay(['A=1\n'], [noEnv], [good, own])).toBe(good);
    expect(replay(['A=1\n'], ['A=1\n'], [noEnv], [good, unknown])).toBe(good);
    expect(replay(['A=1\n'], ['X=1\n'], [good, own], [noEnv])).toBe('A=1\nB=2\nX=1\n');
  });

  it('loses no key of a complete version whose writer is not told, nor of one before it', () => {
    expect(replay(['A=1\n'], ['A=3\nX=1\n', unknown], [good, unknown])).toBe('A=3\nX=1\nB=2\n');
    expect(replay(['A=1\n'], ['A=3\nX=1\n', unknown], ['A=4\nB=2\n', unknown])).toBe('A=4\nX=1\nB=2\n');
    expect(replay(['A=1\n'], ['A=1\nX=1\n'], [good, unknown])).toBe('A=1\nX=1\nB=2\n');
  });

  it('takes no incomplete version for one of ours', () => {
    expect(replay(['A=1\n'], ['A=3\nX=1\n', unknown], ['A=1\n', unknown])).toBe('A=1\n');
  });

  it('replays all there is if the version that the run has seen is no longer kept', () => {
    const history = [versionOf(7, 'A=3\nX=1\n'), versionOf(8, good, own)];
    expect(
      withReplaced(history, { seenVersion: 1, seenAt: null, functionName, reader: 'dotenv', contract }),
    ).toBe('A=3\nB=2\nX=1\n');
  });

  it.each(envReaders)(
    'is to the byte what an earlier try has written that had seen everything, for %s',
    (reader) => {
      fc.assert(
        fc.property(
          textFor(reader),
          textFor(reader),
          fc.constantFrom('', 'not an assignment\n'),
          (text, full, odd) => {
            const found = odd + text;
            const written = fillGaps(found, full, { reader, contract });
            const history = historyOf(['A=1\n'], [found], [written, own]);
            expectEqual(
              withReplaced(history, { seenVersion: 1, seenAt: null, functionName, reader, contract }),
              written,
            );
          },
        ),
        runs(200),
      );
    },
  );

  it('loses nothing that anybody has set, however writers and tries that end in the middle mix', () => {
    const key = fc.constantFrom('A', 'B', 'C', 'D', 'E');
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ set: key }) },
      // A try reads, others write meanwhile, and it writes: over theirs, and without a merge after it.
      { weight: 2, arbitrary: fc.record({ missed: fc.array(key, { maxLength: 3 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const history = historyOf(['A=seen\nX=kept\n']);
        const expected = new Map([
          ['A', 'seen'],
          ['X', 'kept'],
        ]);
        const found = () =>
          withReplaced(history, { seenVersion: 1, seenAt: null, functionName, reader: 'dotenv', contract });
        const add = (text: string, part = {}) => history.push(versionOf(history.length + 1, text, part));
        const set = (name: string) => {
          const value = `set-${history.length + 1}`;
          const lines = (history.at(-1)?.text ?? '').split('\n').filter((line) => line !== '');
          add(
            `${[...lines.filter((line) => !line.startsWith(`${name}=`)), `${name}=${value}`].join('\n')}\n`,
          );
          expected.set(name, value);
        };
        for (const one of steps) {
          if ('set' in one) {
            set(one.set);
          } else {
            const text = fillGaps(found(), good, {
              reader: 'dotenv',
              contract: { requiredKeys: [], requiredPrefixes: [], rules: {} },
            });
            for (const name of one.missed) set(name);
            add(text, own);
          }
        }
        const entries = effectiveEntries(readEnvText(found(), 'dotenv'));
        expectEqual(
          [...expected.keys()].map((name) => [name, entries.get(name)?.value]),
          [...expected],
        );
      }),
      runs(),
    );
  });
});

describe('isOfPlan', () => {
  const history = (...written: Written[]) => historyOf(['A=1\n'], ...written);
  it.each<[boolean, string, string | undefined, Written[]]>([
    [true, 'the planned version', undefined, []],
    [true, 'what an earlier try has made of it', undefined, [[good, own]]],
    [true, 'the same over what it had not seen', 'A=3\nB=2\n', [['A=3\n'], [good, own]]],
    [
      true,
      'what replaced that, which still has to come back',
      'A=3\nB=9\n',
      [['A=3\n'], [good, own], ['A=1\nB=9\n']],
    ],
    [false, 'what somebody has written after an earlier try', undefined, [[good, own], ['A=9\nB=9\n']]],
    [false, 'what somebody has written', undefined, [[good]]],
    [false, 'what somebody unknown has written', undefined, [[good, unknown]]],
    [
      false,
      'the same, with something to bring back',
      'A=3\nB=2\n',
      [
        ['A=3\n', unknown],
        [good, unknown],
      ],
    ],
  ])('says %p of %s', (isAllowed, _what, text, written) => {
    const versions = history(...written);
    expect(isOfPlan(versions, 1, functionName, text ?? versions.at(-1)?.text ?? '')).toBe(isAllowed);
  });

  it('takes a parameter that is missing for planned if it was missing in the plan', () => {
    expect(isOfPlan([], 0, functionName, '')).toBe(true);
    expect(isOfPlan([], 3, functionName, '')).toBe(false);
  });

  it('takes no version of a parameter that was recreated for one of ours', () => {
    expect(isOfPlan([versionOf(1, good, own)], 3, functionName, good)).toBe(false);
  });
});
