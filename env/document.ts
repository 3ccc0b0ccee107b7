import { type Part, partLineOf, partsOf } from './parts.ts';
import { type FlawKind, flawKinds } from './readers/flaws.ts';
import { type EnvReader, readers } from './readers/readers.ts';
import { type LookUp, type Read, trimEndOf } from './readers/reading.ts';

/** One `KEY=value`, over as many lines as the reader takes it to span. `line` is 1-based. */
export interface EnvEntry {
  readonly kind: 'entry';
  readonly key: string;
  /** The value as the reader hands it to the program. A secret: never log it. */
  readonly value: string;
  readonly raw: string;
  /** Where in `raw` the value is spelled, with its quotes and without a comment after it. */
  readonly valueSpan: readonly [start: number, end: number];
  readonly line: number;
}

/** A comment, a blank line, or a line that the reader doesn't take for an assignment. */
export interface EnvOther {
  readonly kind: 'other';
  readonly raw: string;
  readonly line: number;
}

export type EnvBlock = EnvEntry | EnvOther;

export interface EnvDocument {
  readonly reader: EnvReader;
  readonly blocks: readonly EnvBlock[];
  readonly hadBom: boolean;
  readonly hadCrlf: boolean;
  /** True if the reader itself would misread the byte order mark or the CRLF line ends that the text had. */
  readonly needsNormalising: boolean;
  /** Keys that occur more than once, with the 1-based lines. The last one counts. */
  readonly duplicates: readonly { key: string; lines: readonly number[] }[];
  /** Each reason why the reader refuses the text, or misreads a line of it; from the first line to the last. */
  readonly flaws: readonly EnvFlaw[];
  /** The first of those that are hard, or else the first of all. */
  readonly flaw: EnvFlaw | undefined;
}

/** `line` is 1-based. */
export interface EnvFlaw extends FlawKind {
  readonly line: number;
}

/**
 * Reads a .env text as its reader does. Byte order marks at its start and CRLF line ends are read as if they were not
 * there and noted. Never throws: what is wrong with the text is part of the answer.
 *
 * @param lookUp tells what variables are set outside the text; none by default.
 */
export function readEnvText(text: string, reader: EnvReader, lookUp?: LookUp): EnvDocument {
  const parts = partsOf(text);
  return parts ? readParts(parts, reader, lookUp) : readOneText(text, reader, lookUp);
}

/** Several texts, each read by itself, so that a quote that is open in one of them swallows nothing of the next. */
function readParts(parts: readonly Part[], reader: EnvReader, lookUp: LookUp | undefined): EnvDocument {
  const blocks: EnvBlock[] = [];
  const documents = parts.map(({ name, text }) => {
    const document = readOneText(text, reader, lookUp);
    let line = 1 + lineCountOf(blocks);
    if (name !== '') blocks.push({ kind: 'other', raw: partLineOf(name), line: line++ });
    const before = line - 1;
    blocks.push(...document.blocks.map((block) => ({ ...block, line: block.line + before })));
    const flaws = document.flaws.map((flaw) => ({ ...flaw, line: flaw.line + before }));
    const duplicates = document.duplicates.map(({ key, lines }) => ({
      key,
      lines: lines.map((one) => one + before),
    }));
    return { ...document, flaws, duplicates };
  });
  const flaws = documents.flatMap((document) => document.flaws);
  return {
    reader,
    blocks,
    hadBom: documents.some(({ hadBom }) => hadBom),
    hadCrlf: documents.some(({ hadCrlf }) => hadCrlf),
    needsNormalising: documents.some(({ needsNormalising }) => needsNormalising),
    duplicates: documents.flatMap(({ duplicates }) => duplicates),
    flaws,
    flaw: firstOf(flaws),
  };
}

const lineCountOf = (blocks: readonly EnvBlock[]): number => {
  const last = blocks.at(-1);
  return last ? last.line + last.raw.split('\n').length - 1 : 0;
};

/** The first flaw that is hard, or else the first of all. */
const firstOf = (flaws: readonly EnvFlaw[]): EnvFlaw | undefined =>
  flaws.find(({ isHard }) => isHard) ?? flaws[0];

function readOneText(text: string, reader: EnvReader, lookUp?: LookUp): EnvDocument {
  const traits = readers[reader];
  const withoutBom = text.replace(/^\uFEFF+/, '');
  const bomCount = text.length - withoutBom.length;
  const hadBom = bomCount > 0;
  const linesAsFound = withoutBom.split('\n');
  const lines = linesAsFound.map((line) => trimEndOf(line, /\r/));
  const normalised = lines.join('\n');
  const hadCrlf = lines.some((line, index) => line !== linesAsFound[index]);
  const { assignments, flaws: found } = traits.read(normalised, lookUp);

  // A final line end closes the last line; it does not open another one.
  if (lines.at(-1) === '') lines.pop();
  const lineIndexAt = lineFinder(lines);
  const flaws: EnvFlaw[] = found.map(({ at, ...kind }) => ({ line: lineIndexAt(at) + 1, ...kind }));
  const hardLines = new Set(flaws.filter(({ isHard }) => isHard).map(({ line }) => line));
  lines.forEach((line, index) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is one of them.
    if (/[\x00\r]/.test(line)) flaws.push({ line: index + 1, ...flawKinds.controlCharacter });
    if (line.includes('\uFEFF')) flaws.push({ line: index + 1, ...flawKinds.byteOrderMark });
  });

  const blocks: EnvBlock[] = [];
  let [next, nextOffset] = [0, 0];
  const keepLinesUpTo = (index: number) => {
    for (; next < index; next += 1) {
      const raw = lines[next] ?? '';
      blocks.push({ kind: 'other', raw, line: next + 1 });
      nextOffset += raw.length + 1;
    }
  };
  for (const { key, value, start, valueStart, valueEnd } of assignments) {
    const first = lineIndexAt(start);
    const last = lineIndexAt(Math.max(start, valueEnd - 1));
    const line = first + 1;
    if (first < next) {
      flaws.push({ line, ...flawKinds.twoOnOneLine });
      continue;
    }
    keepLinesUpTo(first);
    const offset = nextOffset;
    const raw = lines.slice(first, last + 1).join('\n');
    if (!hardLines.has(line) && !endsByItself(raw, valueEnd - offset, traits.read))
      flaws.push({ line, ...flawKinds.openEnd });
    const valueSpan = [
      Math.min(valueStart - offset, raw.length),
      Math.min(valueEnd - offset, raw.length),
    ] as const;
    blocks.push({ kind: 'entry', key, value, raw, valueSpan, line });
    next = last + 1;
    nextOffset = offset + raw.length + 1;
  }
  keepLinesUpTo(lines.length);

  const harmfulCr = {
    always: hadCrlf,
    doubled: linesAsFound.some((line) => line.endsWith('\r\r')),
    quoted: hadCrlf && blocks.some(({ kind, raw }) => kind === 'entry' && raw.includes('\n')),
  };
  flaws.sort((one, other) => one.line - other.line);
  return {
    reader,
    blocks,
    hadBom,
    hadCrlf,
    needsNormalising:
      (hadBom && traits.stumblesOverBom === true) ||
      // Nobody takes off more than one; only to JavaScript's own blanks do others belong.
      (bomCount > 1 && !isReadAlike(traits.read, normalised)) ||
      (traits.stumblesOverCrlf !== undefined && harmfulCr[traits.stumblesOverCrlf]),
    duplicates: findDuplicates(blocks),
    flaws,
    flaw: firstOf(flaws),
  };
}

/** Whether another byte order mark before a text changes nothing in it. */
function isReadAlike(read: Read, text: string): boolean {
  const [marked, plain] = [read(`\uFEFF${text}`), read(text)];
  const [first, own] = [marked.assignments[0], plain.assignments[0]];
  return first?.key === own?.key && marked.flaws.length === plain.flaws.length;
}

/** Gives the index of the line at an offset of the lines' text. */
function lineFinder(lines: readonly string[]): (offset: number) => number {
  const starts: number[] = [];
  let start = 0;
  for (const line of lines) {
    starts.push(start);
    start += line.length + 1;
  }
  return (offset) => {
    let [low, high] = [0, Math.max(0, lines.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
}

/**
 * Whether lines mean the same whatever follows them. In some dialects a quote after a backslash closes the value only
 * if no other quote follows, and a merge would put other lines there.
 */
export function endsByItself(raw: string, valueEnd: number, read: Read): boolean {
  if (!/["'`\\]|[ \t]$/.test(raw)) return true;
  // The line separator ends a line for some readers and not for others.
  const [first] = read(`${raw}\nP="\u2028p"\nP='\u2028p'\nP=\`\u2028p\`\n`).assignments;
  return first?.valueEnd === valueEnd;
}

function findDuplicates(blocks: readonly EnvBlock[]): EnvDocument['duplicates'] {
  const linesByKey = new Map<string, number[]>();
  for (const block of blocks) {
    if (block.kind !== 'entry') continue;
    const lines = linesByKey.get(block.key);
    if (lines) lines.push(block.line);
    else linesByKey.set(block.key, [block.line]);
  }
  return [...linesByKey].filter(([, lines]) => lines.length > 1).map(([key, lines]) => ({ key, lines }));
}

/** The text of blocks: each line with its bytes, followed by LF. */
export function textOf(blocks: readonly EnvBlock[]): string {
  return blocks.map(({ raw }) => `${raw}\n`).join('');
}

/** Without a byte order mark and CRLF, if the reader would misread them. */
export function normaliseEnv(text: string, reader: EnvReader): string {
  const document = readEnvText(text, reader);
  return document.needsNormalising ? textOf(document.blocks) : text;
}
