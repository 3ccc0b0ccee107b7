/**
 * A .env text as a list of blocks, so that it can be edited without being re-serialised: a block keeps the
 * bytes of its lines, whatever they hold.
 */

/** Which program reads the text on the host. Readers differ on quotes, comments and line breaks in values. */
export const envReaders = ['dotenv', 'docker'] as const;
export type EnvReader = (typeof envReaders)[number];

/** One `KEY=value`, over as many lines as its quotes span. `line` is 1-based. */
export interface EnvEntry {
  readonly kind: 'entry';
  readonly key: string;
  /** The value as the reader hands it to the program. A secret: never log it. */
  readonly value: string;
  readonly raw: string;
  readonly line: number;
}

/** A comment, a blank line, or a line that no reader takes for an assignment. */
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
  /** Keys that occur more than once, with the 1-based lines. Readers take the last one. */
  readonly duplicates: readonly { key: string; lines: readonly number[] }[];
  /** The first thing for which the reader may refuse the text or misread what follows. */
  readonly flaw: { readonly line: number; readonly problem: string } | undefined;
}

/** Everything up to the first `=` that readers take for a name, whatever characters are in it. */
const assignment = /^\s*(export\s+)?([^\s=#'"`]+)(\s*)=([^\n]*)$/;
const quotes = ['"', "'", '`'];

/**
 * Reads a .env text. A byte order mark and CRLF line ends are read as if they were not there and noted.
 * Never throws: what is wrong with the text is part of the answer.
 */
export function readEnvText(text: string, reader: EnvReader): EnvDocument {
  const hadBom = text.startsWith('\uFEFF');
  const withoutBom = hadBom ? text.slice(1) : text;
  const lineEnds = /\r+(?=\n|$)/g;
  const hadCrlf = withoutBom.search(lineEnds) !== -1;
  const lines = withoutBom.replaceAll(lineEnds, '').split('\n');
  // A final line end closes the last line; it does not open another one.
  if (lines.at(-1) === '') lines.pop();

  const blocks: EnvBlock[] = [];
  let flaw: EnvDocument['flaw'];
  for (let index = 0; index < lines.length; ) {
    const first = lines[index] ?? '';
    const line = index + 1;
    const match = assignment.exec(first);
    if (!match) {
      if (reader === 'docker' && isRefusedByDocker(first))
        flaw ??= { line, problem: 'docker refuses a line without a name, or with white space in it' };
      blocks.push({ kind: 'other', raw: first, line });
      index += 1;
      continue;
    }
    const [, exported, key = '', space, rest = ''] = match;
    const span = reader === 'docker' ? 1 : quotedLineCount(rest, lines, index);
    if (span === 'unclosed') flaw ??= { line, problem: 'a quote is opened and never closed' };
    if (reader === 'docker' && (exported || space))
      flaw ??= { line, problem: 'docker refuses a name with white space or "export"' };
    const lineCount = span === 'unclosed' ? 1 : span;
    const raw = lines.slice(index, index + lineCount).join('\n');
    const value = readValue(raw.slice(raw.indexOf('=') + 1), reader);
    blocks.push({ kind: 'entry', key, value, raw, line });
    index += lineCount;
  }
  return { reader, blocks, hadBom, hadCrlf, duplicates: findDuplicates(blocks), flaw };
}

/** `docker run --env-file` takes comments, and names alone, which stand for the caller's own variables. */
function isRefusedByDocker(line: string): boolean {
  const [name = ''] = line.trimStart().split('=');
  return (
    !line.trimStart().startsWith('#') && line.trim() !== '' && (name === '' || /\s/.test(name.trimEnd()))
  );
}

/** How many lines the value takes: 1, or more when its quote is closed further down. */
function quotedLineCount(rest: string, lines: readonly string[], index: number): number | 'unclosed' {
  const start = rest.trimStart();
  const quote = quotes.find((candidate) => start.startsWith(candidate));
  if (quote === undefined || closingQuote(start.slice(1), quote) !== -1) return 1;
  for (let next = index + 1; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    const end = closingQuote(line, quote);
    if (end === -1) continue;
    // Text behind the quote that closes it means that the quote belongs to another value.
    return /^\s*(?:#.*)?$/.test(line.slice(end + 1)) ? next - index + 1 : 'unclosed';
  }
  return 'unclosed';
}

function closingQuote(text: string, quote: string): number {
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\' && quote === '"') at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}

function readValue(rest: string, reader: EnvReader): string {
  // `docker run --env-file` hands over everything behind the first "=", quotes and comments included.
  if (reader === 'docker') return rest;
  const text = rest.trim();
  const quote = quotes.find((candidate) => text.startsWith(candidate));
  if (quote !== undefined) {
    const end = closingQuote(text.slice(1), quote);
    if (end !== -1 && /^\s*(?:#.*)?$/.test(text.slice(end + 2))) {
      const inner = text.slice(1, end + 1);
      return quote === '"' ? inner.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : inner;
    }
  }
  // A # right behind the "=" may be the first character of a secret: only white space makes it a comment.
  return rest.replace(/\s#.*$/s, '').trim();
}

function findDuplicates(blocks: readonly EnvBlock[]): EnvDocument['duplicates'] {
  const linesByKey = new Map<string, number[]>();
  for (const block of blocks) {
    if (block.kind === 'entry') linesByKey.set(block.key, [...(linesByKey.get(block.key) ?? []), block.line]);
  }
  return [...linesByKey].filter(([, lines]) => lines.length > 1).map(([key, lines]) => ({ key, lines }));
}

/** The entry that counts for each key: the last one, as all readers take it. */
export function effectiveEntries(document: EnvDocument): ReadonlyMap<string, EnvEntry> {
  return new Map(
    document.blocks.filter((block) => block.kind === 'entry').map((entry) => [entry.key, entry]),
  );
}

/** True when a value is empty, white space, or a pair of quotes around nothing. */
export function isBlank(value: string): boolean {
  const text = value.trim();
  return text === '' || text === '""' || text === "''" || text === '``';
}

/**
 * The keys of a text that may be shown. A line such as the last one of a PEM file reads like a key with nothing
 * behind its `=`, and is a secret itself: such a name is shown only if it is expected to be there.
 */
export function shownKeys(document: EnvDocument, isExpected: (key: string) => boolean): string[] {
  return [...effectiveEntries(document).values()]
    .filter(
      ({ key, value }) =>
        isExpected(key) ||
        (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key) && key.length <= 128 && !/^[=\s]*$/.test(value)),
    )
    .map(({ key }) => key);
}
