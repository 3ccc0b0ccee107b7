/** Several texts as one. */
import fc from 'fast-check';
import { type EnvEntry, readEnvText, textOf } from '../../env/document.ts';
import { effectiveEntries, isBlank } from '../../env/entries.ts';
import { lostKeys, mergeEnv, unionEnv } from '../../env/merge.ts';
import { joinParts, partLineOf, partsOf, renameParts } from '../../env/parts.ts';
import { envReaders } from '../../env/readers/readers.ts';
import { isNoEnv, salvageEnv } from '../../env/salvage.ts';
import { textFor } from '../support/generated-texts.ts';
import { expectEqual, runs } from '../support/properties.ts';

const join = (one: string, other: string) =>
  joinParts([
    { name: '/one', text: one },
    { name: '/other', text: other },
  ]);
const textIn = (text: string, name: string) => partsOf(text)?.find((part) => part.name === name)?.text;
/** The keys and values of a text, as they count. */
const valuesIn = (text: string) =>
  Object.fromEntries(
    [...effectiveEntries(readEnvText(text, 'dotenv')).values()].map(({ key, value }) => [key, value]),
  );
const closed = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
/** What a part is after a join. */
const own = (text: string) => textIn(joinParts([{ name: '/one', text }]), '/one') ?? '';

describe('several texts', () => {
  it('are one text each again, whatever is in them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (one, other) => {
        expectEqual(partsOf(join(one, other)), [
          { name: '/one', text: closed(one) },
          { name: '/other', text: closed(other) },
        ]);
      }),
      runs(300),
    );
  });

  it('are told apart by what nobody can write into one', () => {
    const line = partLineOf('/other');
    expect(Buffer.from(line, 'utf8').toString()).not.toBe(line);
  });

  it.each([
    '#:parameter /one\nA=1\n#:parameter /one\nB=2\n',
    'A=1\n#:parameter /other\nB=2\n',
    'P="a\n#:parameter /other\nb"\nB=2\n',
    '#:parameter /other\r\nA=1\r\n',
  ])('are no part of one that only looks like several: %j', (text) => {
    const document = readEnvText(text, 'dotenv');
    expect(partsOf(text)).toBeUndefined();
    expect(document.flaw).toBeUndefined();
    expect(unionEnv(text, text, 'dotenv')).toBe(textOf(document.blocks));
    expect(mergeEnv('', text, 'C=3\n', 'dotenv')).toBe(`C=3\n${textOf(document.blocks)}`);
    expect(lostKeys(document, readEnvText(text.replaceAll(/^#.*\n/gm, ''), 'dotenv'))).toEqual([]);
    expect(partsOf(join(text, 'D=4\n'))).toEqual([
      { name: '/one', text },
      { name: '/other', text: 'D=4\n' },
    ]);
  });

  it('get other names in the place of their own', () => {
    expect(renameParts(join('A=1\n', 'B=2\n'), ['/one', '/other'], ['/x', '/y'])).toBe(
      `${partLineOf('/x')}\nA=1\n${partLineOf('/y')}\nB=2\n`,
    );
  });

  it('are read line by line, and of a key that two have the later one counts', () => {
    const document = readEnvText(join('A=1\nA=2\nB=x\n', '\nB=y\n'), 'dotenv');
    expect(document.blocks.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(document.duplicates).toEqual([{ key: 'A', lines: [2, 3] }]);
    expect(effectiveEntries(document).get('B')).toMatchObject({ value: 'y', line: 7 });
    expect(readEnvText(join('A=1\n', 'B="x\n'), 'dotenv').flaw).toMatchObject({ line: 4 });
  });

  it('take from the good ones what a blank in a later one hides, and leave it where it is good', () => {
    const good = join('A=1\nB=1\n', 'B=\n');
    expect(valuesIn(unionEnv(join('A=1\nB=1\n', 'A=\nB=\n'), good, 'dotenv'))).toEqual({ A: '1', B: '' });
  });

  it('lose a key where just one of them loses it', () => {
    const lost = (before: string, after: string) =>
      lostKeys(readEnvText(before, 'dotenv'), readEnvText(after, 'dotenv'));
    expect(lost(join('A=1\n', 'A=2\n'), join('A=1\n', 'B=2\n'))).toEqual(['A']);
    expect(lost(join('A=1\n', 'A=2\n'), join('A=1\n', 'A=\n'))).toEqual(['A']);
    expect(lost(join('A=1\n', 'A=2\n'), 'A=1\n')).toEqual(['A']);
  });
});

it('several texts are no env if none of them is one', () => {
  const page = '<html>\n<body>\n</body>\n</html>\n';
  expect(isNoEnv(join(page, ''), 'docker')).toBe(true);
  expect(isNoEnv(join(page, 'A=1\n'), 'docker')).toBe(false);
});

describe.each(envReaders)('several texts, as %s reads them', (reader) => {
  const anyText = textFor(reader);
  it('are filled, merged, salvaged and kept each as if it stood alone', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, anyText, (one, other, good, better) => {
        const [now, then] = [join(one, other), join(good, better)];
        const [filled, alone] = [
          unionEnv(now, then, reader),
          join(unionEnv(own(one), own(good), reader), unionEnv(own(other), own(better), reader)),
        ];
        const goodEntries = effectiveEntries(readEnvText(then, reader));
        const isHiding = ({ key, value, raw }: EnvEntry) =>
          isBlank(value) && !isBlank(goodEntries.get(key)?.value ?? '') && !raw.includes('$');
        const hiding = [...effectiveEntries(readEnvText(alone, reader)).values()].filter(isHiding);
        // A blank that is written with a $ is a reference for some readers, and gives way only where it is none.
        const isUnclear = ({ value, raw }: EnvEntry) => isBlank(value) && raw.includes('$');
        const entries = [...effectiveEntries(readEnvText(alone, reader)).values()];
        if (hiding.length === 0 && !entries.some(isUnclear)) expectEqual(filled, alone);
        const values = effectiveEntries(readEnvText(filled, reader));
        for (const good of hiding.flatMap(({ key }) => goodEntries.get(key) ?? []))
          if (!good.raw.includes('$')) expectEqual(values.get(good.key)?.value, good.value);
        expectEqual(
          mergeEnv(then, now, then, reader),
          join(
            mergeEnv(own(good), own(one), own(good), reader),
            mergeEnv(own(better), own(other), own(better), reader),
          ),
        );
        expectEqual(
          salvageEnv(now, reader, { requiredKeys: [] }).text,
          join(
            salvageEnv(own(one), reader, { requiredKeys: [] }).text,
            salvageEnv(own(other), reader, { requiredKeys: [] }).text,
          ),
        );
        const document = readEnvText(now, reader);
        expectEqual(
          textOf(document.blocks),
          join(textOf(readEnvText(own(one), reader).blocks), textOf(readEnvText(own(other), reader).blocks)),
        );
        expectEqual(lostKeys(document, readEnvText(unionEnv(now, then, reader), reader)), []);
      }),
      runs(50),
    );
  });
});
