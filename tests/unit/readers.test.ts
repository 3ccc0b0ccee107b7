import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import dotenv from 'dotenv';
import fc from 'fast-check';
import * as v from 'valibot';
import { type EnvDocument, readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { flawKinds } from '../../env/readers/flaws.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { expectEqual, runs } from '../support/properties.ts';
import { portableTextCount, texts } from './readers/texts.ts';

const Golden = v.object({
  origin: v.string(),
  answers: v.array(
    v.object({
      text: v.string(),
      values: v.optional(v.record(v.string(), v.string())),
      complained: v.boolean(),
    }),
  ),
});
const golden = (reader: EnvReader) =>
  v.parse(Golden, JSON.parse(readFileSync(join(import.meta.dirname, 'readers', `${reader}.json`), 'utf8')));

const readValues = (text: string, reader: EnvReader) =>
  Object.fromEntries(
    [...effectiveEntries(readEnvText(text, reader))].map(([key, { value }]) => [key, value]),
  );
/** A name of no characters is one that no program can ask for. */
const named = (values: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(Object.entries(values).filter(([key]) => key !== ''));

/** Those of a line in which the text itself doesn't tell what the real one makes of it. */
const untellable: readonly string[] = [
  flawKinds.shellValue,
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

describe.each(envReaders)('the reader %s', (reader) => {
  const { answers } = golden(reader);

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

  it('sees no flaw in a text that all readers read alike', () => {
    for (const text of texts.slice(0, portableTextCount))
      expect({ text, flaw: readEnvText(text, reader).flaw }).toEqual({ text, flaw: undefined });
  });

  it('says of a byte order mark and of CRLF whether the real one stumbles over them', () => {
    for (const { text, values, complained } of answers.filter(({ text }) =>
      /^\uFEFF(?!\uFEFF)|\r/.test(text),
    )) {
      const { needsNormalising } = readEnvText(text, reader);
      const isReadWell = !complained && JSON.stringify(values) === JSON.stringify(readValues(text, reader));
      expect({ text, needsNormalising }).toEqual({ text, needsNormalising: !isReadWell });
    }
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
