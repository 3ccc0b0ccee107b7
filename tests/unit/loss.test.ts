import fc from 'fast-check';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { findGoodVersion } from '../../workflow/good-version.ts';
import {
  describeLoss,
  findLoss,
  type KnownGoodLook,
  knownGoodIn,
  lostKeysOf,
  lostNames,
  withLostKeys,
} from '../../workflow/loss.ts';
import {
  knownGoodLabel,
  type LabelledVersion,
  lossAcceptedLabel,
  type ParameterRecord,
} from '../../workflow/versions.ts';
import { completeText, rules, unnamedKeys, wiped, without } from '../support/academy-env.ts';
import { textFor } from '../support/generated-texts.ts';
import { expectEqual, runs } from '../support/properties.ts';
import { dayMs, nowMs, versionOf } from '../support/versions.ts';

const { reader, contract } = rules;
const known = { labels: [knownGoodLabel] };
const accepted = { labels: [lossAcceptedLabel] };
const lookAt = (history: readonly LabelledVersion[]): KnownGoodLook => {
  const env = knownGoodIn(history);
  return env ? { kind: 'Found', env } : { kind: 'None' };
};
const lossOf = (...history: ParameterRecord[]) => findLoss(lookAt(history), history, rules)?.loss;
const text = (...keys: string[]) => keys.map((key) => `${key}=1\n`).join('');
const backup = { kind: 'backup' as const, parameterName: '/app/env-backup', version: 7 };

describe('findLoss', () => {
  it('finds the keys that the contract does not name, since when they are gone, and what has them', () => {
    const lossy = versionOf(6, without(unnamedKeys));
    expect(lossOf(versionOf(5, completeText, known), lossy, versionOf(7, `${lossy.text}ADDED=1\n`))).toEqual({
      keys: unnamedKeys,
      hiddenCount: 0,
      source: { kind: 'history', version: 5, isKnownGood: true },
      since: { version: 6, modifiedAt: lossy.modifiedAt?.toISOString() },
    });
  });

  it('takes a value that is gone for a key that is gone', () => {
    expect(lossOf(versionOf(1, text('A', 'B'), known), versionOf(2, 'A=1\nB=\n'))).toMatchObject({
      keys: ['B'],
    });
  });

  it('finds nothing in the known-good version, in one that has more, nor without a known-good one', () => {
    expect(lossOf(versionOf(1, text('A')), versionOf(2, text('B'), known))).toBeUndefined();
    expect(lossOf(versionOf(1, text('A'), known), versionOf(2, text('B', 'A')))).toBeUndefined();
    expect(lossOf(versionOf(1, text('A', 'B')), versionOf(2, text('A')))).toBeUndefined();
    expect(findLoss(lookAt([]), [], rules)).toBeUndefined();
  });

  it('finds nothing where nobody could look', () => {
    const history = [versionOf(1, text('A'))];
    const error = expect.objectContaining({ name: 'AccessDenied' });
    expect(findLoss({ kind: 'Unreadable', error }, history, rules)).toBeUndefined();
  });

  it('finds nothing that was accepted, and whatever else is lost then or later', () => {
    const history = [versionOf(1, text('A', 'B', 'C'), known), versionOf(2, text('A', 'B'), accepted)];
    expect(lossOf(...history)).toBeUndefined();
    expect(lossOf(...history, versionOf(3, text('A')))).toMatchObject({ keys: ['B'], since: { version: 3 } });
  });

  it('goes by no acceptance from before the known-good version', () => {
    expect(
      lossOf(versionOf(1, text('B'), accepted), versionOf(2, text('A', 'B'), known), versionOf(3, text('B'))),
    ).toMatchObject({ keys: ['A'] });
  });

  it('goes by an acceptance only as long as the key has not come back', () => {
    expect(
      lossOf(
        versionOf(1, text('A', 'B'), known),
        versionOf(2, text('A'), accepted),
        versionOf(3, text('A', 'B')),
        versionOf(4, text('A')),
      ),
    ).toMatchObject({ keys: ['B'], since: { version: 4 } });
  });

  it('counts from the version in which the last key of a growing loss went', () => {
    const history = [
      versionOf(1, text('A', 'B', 'C'), known),
      versionOf(2, text('A', 'B')),
      versionOf(3, text('A')),
    ];
    expect(lossOf(...history)).toMatchObject({ keys: ['B', 'C'], since: { version: 3 } });
    expect(lossOf(...history, versionOf(4, text('A', 'B')))).toMatchObject({
      keys: ['C'],
      since: { version: 2 },
    });
  });

  it('goes by the backup where no version has the label, and by any acceptance then', () => {
    const look: KnownGoodLook = { kind: 'Found', env: { source: backup, text: text('A', 'B') } };
    expect(findLoss(look, [versionOf(1, text('A'))], rules)?.loss).toMatchObject({
      keys: ['B'],
      source: backup,
      since: { version: 1 },
    });
    expect(findLoss(look, [versionOf(1, text('A'), accepted)], rules)).toBeUndefined();
  });

  it('takes no version that can not be read for one that lacks everything', () => {
    const unreadable = { text: '', unreadable: 'InvalidKeyId' };
    const [good, lossy] = [versionOf(1, text('A', 'B'), known), versionOf(3, text('A'))];
    const history = [good, { ...versionOf(2, '', accepted), ...unreadable }, lossy];
    const look = lookAt(history);
    expect(findLoss(look, history, rules)?.loss).toMatchObject({ keys: ['B'], since: { version: 3 } });
    expect(knownGoodIn([{ ...good, ...unreadable }])).toBeUndefined();
  });

  it('sees what the reader sees: no key in a comment, nor on a line that it does not take', () => {
    const history = [versionOf(1, 'A=1\n# B=1\nexport C=1\n', known), versionOf(2, text('A'))];
    expect(findLoss(lookAt(history), history, { contract, reader: 'systemd' })).toBeUndefined();
    expect(findLoss(lookAt(history), history, { contract, reader: 'dotenv' })?.keys).toEqual(['C']);
  });

  it('counts a key whose name may be a secret, and does not show it', () => {
    const secret = 'q83vEjRWeJq8wQ9zT4uV7yB2nM5kL8pX';
    const found = lossOf(versionOf(1, `A=1\nB=1\n${secret}==\n`, known), versionOf(2, text('A')));
    expect(found).toMatchObject({ keys: ['B'], hiddenCount: 1 });
    expect(JSON.stringify(found)).not.toContain(secret);
  });

  it('finds what sets of keys say', () => {
    const keys = fc.subarray(['A', 'B', 'C', 'D']);
    fc.assert(
      fc.property(keys, fc.option(keys), keys, fc.boolean(), (good, waived, now, isNewer) => {
        const [goodVersion, acceptedVersion] = isNewer ? [1, 2] : [2, 1];
        const history = [
          versionOf(goodVersion, text(...good), known),
          ...(waived ? [versionOf(acceptedVersion, text(...waived), accepted)] : []),
          versionOf(3, text(...now)),
        ].sort((one, other) => one.version - other.version);
        const wanted = good.filter(
          (key) => !now.includes(key) && (!waived || !isNewer || waived.includes(key)),
        );
        expectEqual(lossOf(...history)?.keys ?? [], wanted);
      }),
      runs(),
    );
  });
});

describe('withLostKeys', () => {
  it('brings back what is lost, with its value, and changes nothing else', () => {
    const history = [versionOf(1, 'A=1\nB=2\nC=3\n', known), versionOf(2, 'A=new\nB=2\n', accepted)];
    const now = 'A=newer\n';
    const env = knownGoodIn(history);
    expect(env && withLostKeys(now, env, history, reader)).toBe('A=newer\nB=2\n');
  });

  it('takes nothing from a text in which nobody can say what a line is', () => {
    const env = { source: backup, text: 'A=1\nB="open\n' };
    expect(withLostKeys('C=1\n', env, [], 'compose')).toBe('C=1\n');
  });

  it('leaves nothing lost, and every value that was there, whatever the texts', () => {
    fc.assert(
      fc.property(textFor('dotenv'), textFor('dotenv'), (good, now) => {
        const env = { source: backup, text: good };
        const whole = withLostKeys(now, env, [], 'dotenv');
        expectEqual(lostKeysOf(whole, env, [], 'dotenv'), []);
        expectEqual(lostKeysOf(whole, { ...env, text: now }, [], 'dotenv'), []);
      }),
      runs(300),
    );
  });
});

describe('a wipe after a loss', () => {
  const history = (days: number) => [
    versionOf(1, completeText, { ...known, modifiedAt: new Date(nowMs - 9 * dayMs) }),
    versionOf(2, without(unnamedKeys).replace('DB_HOST=db.internal', 'DB_HOST=new'), {
      modifiedAt: new Date(nowMs - days * dayMs),
    }),
    versionOf(3, wiped),
  ];

  it.each([0, 5])('is restored with all keys, where the smaller text stood for %p days', (days) => {
    const versions = history(days);
    const good = findGoodVersion(versions, reader, contract, nowMs);
    const env = knownGoodIn(versions);
    if (!good || !env) throw new Error('expected a version to restore');
    const restored = withLostKeys(good.text, env, versions, reader);
    const entries = effectiveEntries(readEnvText(restored, reader));
    expect([...entries.keys()].sort()).toEqual(
      [...completeText.matchAll(/^\w+/gm)].map(([key]) => key).sort(),
    );
    expect(entries.get('DB_HOST')?.value).toBe(days > 0 ? 'new' : 'db.internal');
  });
});

describe('the words for a loss', () => {
  const loss = {
    keys: ['A', 'B'],
    hiddenCount: 0,
    source: { kind: 'history' as const, version: 5, isKnownGood: true },
    since: { version: 6, modifiedAt: null },
  };

  it('name the keys, or count those that may not be shown', () => {
    expect(describeLoss(loss)).toBe('lacks 2 keys of known-good version 5 since version 6: A, B');
    expect(lostNames({ ...loss, hiddenCount: 1 })).toBe('A, B, and 1 whose name may be a secret');
    expect(lostNames({ ...loss, keys: [], hiddenCount: 2 })).toBe('2 whose name may be a secret');
    expect(describeLoss({ ...loss, keys: ['A'], source: backup })).toMatch(/^lacks 1 key of backup \/app/);
  });
});
