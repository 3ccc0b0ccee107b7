import { parseEnv } from 'node:util';
import dotenv from 'dotenv';
import fc from 'fast-check';
import { type EnvDocument, readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { type FlawKind, flawKinds } from '../../env/readers/flaws.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { expectEqual, runs } from '../support/properties.ts';
import { answersOf, recordingsOf } from './readers/recordings.ts';
import { portableTextCount, texts } from './readers/texts.ts';

const readValues = (text: string, reader: EnvReader) =>
  Object.fromEntries(
    [...effectiveEntries(readEnvText(text, reader))].map(([key, { value }]) => [key, value]),
  );
/** A name of no characters is one that no program can ask for. */
const named = (values: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.entries(values).filter(([key]) => key !== ''));

/** Those of a line in which the text itself doesn't tell what the real one makes of it. */
const untellable: readonly string[] = [
  ...Object.values<FlawKind>(flawKinds).filter(({ isUntold }) => isUntold),
  flawKinds.shellName,
  flawKinds.djangoReference,
  flawKinds.decoupleName,
].map(({ problem }) => problem);
const isUntold = ({ flaws }: EnvDocument, text: string, key: string) =>
  flaws.some(
    ({ line, problem }) => untellable.includes(problem) && text.split('\n')[line - 1]?.includes(key),
  );
const without = (isOut: (key: string) => boolean, values: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.entries(values).filter(([key]) => !isOut(key)));

const recordings = envReaders.flatMap((reader) =>
  recordingsOf(reader).map((recording) => [recording, reader] as const),
);

describe.each(recordings)('beside %s, the reader %s', (recording, reader) => {
  const answers = answersOf(recording);

  it('has an answer of the real one to every text', () => {
    expect(answers.map(({ text }) => text)).toEqual(texts);
  });

  it('reads each text as the real one does, or sees a flaw in it for which nobody could', () => {
    for (const { text, values, complained } of answers) {
      const document = readEnvText(text, reader);
      // What the real one misreads is not read, but refused or written in another form.
      if (document.flaw?.isHard || document.needsNormalising) continue;
      const untold = (key: string) => isUntold(document, text, key);
      expect({ text, complained, values: without(untold, readValues(text, reader)) }).toEqual({
        text,
        complained: complained && document.flaws.length > 0,
        values: values && without(untold, named(values)),
      });
    }
  });
});

describe.each(envReaders)('the reader %s', (reader) => {
  it('sees no flaw in a text that all readers read alike', () => {
    for (const text of texts.slice(0, portableTextCount))
      expect({ text, flaw: readEnvText(text, reader).flaw }).toEqual({ text, flaw: undefined });
  });

  it('says of a byte order mark and of CRLF whether a version of the real one stumbles over them', () => {
    const versions = recordingsOf(reader).map(answersOf);
    texts.forEach((text, index) => {
      if (!/^\uFEFF(?!\uFEFF)|\r/.test(text)) return;
      const { needsNormalising } = readEnvText(text, reader);
      const isReadWell = versions.every((answers) => {
        const { values, complained } = answers[index] ?? {};
        return !complained && JSON.stringify(values) === JSON.stringify(readValues(text, reader));
      });
      expect({ text, needsNormalising }).toEqual({ text, needsNormalising: !isReadWell });
    });
  });
});

describe('the reader python-dotenv', () => {
  it('takes no comment for a value, and says that older versions do', () => {
    const { blocks, flaws } = readEnvText('A= # b\nC=x${A}\n', 'python-dotenv');
    expect(blocks).toMatchObject([
      { key: 'A', value: '' },
      { key: 'C', value: 'x' },
    ]);
    expect(flaws).toMatchObject([
      { line: 1, problem: flawKinds.pythonComment.problem },
      { line: 2, problem: flawKinds.untoldReference.problem },
    ]);
  });

  it('refuses a value that its versions end at different quotes', () => {
    for (const text of ['A="b\\\\" c"\n', "A='b\\\\'c'\n", 'A="b\\\\"\nC="d"\n', "A='b\\'\n"])
      expect({ text, isHard: readEnvText(text, 'python-dotenv').flaw?.isHard }).toEqual({
        text,
        isHard: true,
      });
  });
});

const piece = fc.constantFrom(
  ...[
    'A',
    'B',
    '=',
    '\n',
    '"',
    "'",
    '`',
    '#',
    ' ',
    '\\',
    '\\n',
    'x',
    '$',
    '{',
    '}',
    'export ',
    ':',
    '\t',
    '가',
  ],
);
const anyText = fc.array(piece, { maxLength: 24 }).map((pieces) => `A=${pieces.join('')}\nB=1\n`);

describe.each<[EnvReader, (text: string) => Readonly<Record<string, string | undefined>>]>([
  ['dotenv', (text) => dotenv.parse(text)],
  ['node', (text) => parseEnv(text)],
])('the reader %s, beside the real one', (reader, readForReal) => {
  it('reads any text in which it sees no flaw as the real one does', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        if (readEnvText(text, reader).flaw) return;
        expectEqual(readValues(text, reader), named({ ...readForReal(text) }));
      }),
      runs(),
    );
  });
});

describe.each(envReaders)('a flaw, as %s sees it', (reader) => {
  const secretPart = fc.constantFrom(
    'canary',
    '$canary',
    '${canary',
    '}',
    '"',
    "'",
    '`',
    '#',
    ' ',
    '\\',
    '(',
    '=',
    ';',
  );
  it('quotes no part of a value', () => {
    fc.assert(
      fc.property(fc.array(secretPart, { maxLength: 8 }), (parts) => {
        const { flaw } = readEnvText(`A=${parts.join('')}\nB=1\n`, reader);
        expect(flaw?.problem ?? '').not.toContain('canary');
      }),
      runs(),
    );
  });
});
