import { type EnvReader, readers } from './readers/readers.ts';
import type { Read } from './readers/reading.ts';

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
  /** The first reason why the reader refuses the text, or misreads it. */
  readonly flaw: { readonly line: number; readonly problem: string } | undefined;
}

/**
 * Reads a .env text as its reader does. A byte order mark and CRLF line ends are read as if they were not there
 * and noted. Never throws: what is wrong with the text is part of the answer.
 */
export function readEnvText(text: string, reader: EnvReader): EnvDocument {
  const traits = readers[reader];
  const hadBom = text.startsWith('\uFEFF');
  const withoutBom = hadBom ? text.slice(1) : text;
  const lineEnds = /\r+(?=\n|$)/g;
  const hadCrlf = withoutBom.search(lineEnds) !== -1;
  const normalised = withoutBom.replaceAll(lineEnds, '');
  const { assignments, flaws } = traits.read(normalised);

  const lines = normalised.split('\n');
  // A final line end closes the last line; it does not open another one.
  if (lines.at(-1) === '') lines.pop();
  const starts: number[] = [0];
  for (const line of lines) starts.push((starts.at(-1) ?? 0) + line.length + 1);
  const lineIndexAt = (offset: number) => {
    let [low, high] = [0, Math.max(0, lines.length - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  const problems = flaws.map(({ at, problem }) => ({ line: lineIndexAt(at) + 1, problem }));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no variable can hold the one, every reader takes the other its own way.
  const control = normalised.search(/[\x00\r]/);
  if (control !== -1)
    problems.push({ line: lineIndexAt(control) + 1, problem: 'a NUL or carriage return stands in the line' });

  const blocks: EnvBlock[] = [];
  let next = 0;
  const keepLinesUpTo = (index: number) => {
    for (; next < index; next += 1) blocks.push({ kind: 'other', raw: lines[next] ?? '', line: next + 1 });
  };
  for (const { key, value, start, valueStart, valueEnd } of assignments) {
    const first = lineIndexAt(start);
    const last = lineIndexAt(Math.max(start, valueEnd - 1));
    if (first < next) {
      problems.push({ line: first + 1, problem: 'two assignments stand on one line' });
      continue;
    }
    keepLinesUpTo(first);
    const offset = starts[first] ?? 0;
    const raw = lines.slice(first, last + 1).join('\n');
    if (!endsByItself(raw, valueEnd - offset, traits.read))
      problems.push({ line: first + 1, problem: 'where this value ends depends on the lines after it' });
    blocks.push({
      kind: 'entry',
      key,
      value,
      raw,
      valueSpan: [Math.min(valueStart - offset, raw.length), Math.min(valueEnd - offset, raw.length)],
      line: first + 1,
    });
    next = last + 1;
  }
  keepLinesUpTo(lines.length);

  const hasHarmfulCr =
    hadCrlf &&
    (traits.stumblesOverCrlf === 'always' ||
      (traits.stumblesOverCrlf === 'doubled' && /\r\r(?=\n|$)/.test(text)) ||
      (traits.stumblesOverCrlf === 'quoted' &&
        blocks.some(({ kind, raw }) => kind === 'entry' && raw.includes('\n'))));

  return {
    reader,
    blocks,
    hadBom,
    hadCrlf,
    needsNormalising: (hadBom && traits.stumblesOverBom === true) || hasHarmfulCr,
    duplicates: findDuplicates(blocks),
    flaw: problems.sort((one, other) => one.line - other.line)[0],
  };
}

/**
 * Whether lines mean the same whatever follows them. In some dialects a quote after a backslash closes the value only
 * if no other quote follows, and a merge would put other lines there.
 */
function endsByItself(raw: string, valueEnd: number, read: Read): boolean {
  if (!/["'`\\]|[ \t]$/.test(raw)) return true;
  // The line separator ends a line for some readers and not for others.
  const [first] = read(`${raw}\nP="\u2028p"\nP='\u2028p'\nP=\`\u2028p\`\n`).assignments;
  return first?.valueEnd === valueEnd;
}

function findDuplicates(blocks: readonly EnvBlock[]): EnvDocument['duplicates'] {
  const linesByKey = new Map<string, number[]>();
  for (const block of blocks) {
    if (block.kind === 'entry') linesByKey.set(block.key, [...(linesByKey.get(block.key) ?? []), block.line]);
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
