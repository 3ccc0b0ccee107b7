/** Where other readers understand a text differently from the one that it is meant for. */
import {
  type EnvBlock,
  type EnvDocument,
  type EnvEntry,
  type EnvOther,
  readEnvText,
  textOf,
} from './document.ts';
import { isReadAs, spellValue } from './edit.ts';
import { type EnvReader, envReaders } from './readers/readers.ts';

export interface Disagreement {
  /** 1-based. */
  readonly line: number;
  /**
   * Empty for what concerns the text as a whole; undefined for a line that is no assignment to the target's reader,
   * but is one to another reader, or is refused by it.
   */
  readonly key: string | undefined;
  /**
   * In the order of `envReaders`. The target's own reader is among them only for a byte order mark, CRLF and
   * duplicates, which are removed before it is asked.
   */
  readonly readers: readonly EnvReader[];
  /** How to write the line so that all agree. Quotes neither a value nor a key, which may be a misread secret. */
  readonly advice: string;
}

/**
 * Each line that some reader understands differently from the target's own. A line is judged by itself: an error
 * above it doesn't count against it, and the variables that it refers to have the values that the target's own reader
 * gives them. A text in which that reader sees a flaw has to be corrected first.
 */
export function findDisagreements(text: string, reader: EnvReader): Disagreement[] {
  const document = readEnvText(text, reader);
  const others = envReaders.filter((other) => other !== reader).map((other) => readEnvText(text, other));
  const found: Disagreement[] = [];
  const reportWhole = (line: number, sample: string, advice: string) => {
    const readers = envReaders.filter((one) => readEnvText(sample, one).needsNormalising);
    found.push({ line, key: '', readers, advice });
  };
  if (document.hadBom) reportWhole(1, '\uFEFF', 'write the text without a byte order mark');
  if (document.hadCrlf) {
    const line = 1 + text.split('\n').findIndex((one) => one.endsWith('\r'));
    reportWhole(line, text.replace(/^\uFEFF/, ''), 'end each line with LF instead of CRLF');
  }

  const above = new Map<string, string>();
  document.blocks.forEach((block, index) => {
    const below = document.blocks.slice(index + 1);
    const readers = others
      .filter((other) =>
        block.kind === 'entry'
          ? !isTakenAlike(block, above, below, other.reader)
          : !isPassedOver(block, other),
      )
      .map((other) => other.reader);
    if (block.kind === 'entry') above.set(block.key, block.value);
    if (readers.length === 0) return;
    found.push(
      block.kind === 'entry'
        ? { line: block.line, key: block.key, readers, advice: adviceOn(block, reader, readers) }
        : { line: block.line, key: undefined, readers, advice: adviceOnNoKey },
    );
  });

  for (const { key, lines } of document.duplicates)
    found.push({ line: lines.at(-1) ?? 1, key, readers: ['docker'], advice: adviceOnDuplicate });
  return found.sort((one, other) => one.line - other.line);
}

const adviceOnNoKey = 'write KEY=... for a variable, or # as the first character for a comment';
const adviceOnDuplicate =
  'keep one of the lines with this key: docker hands all of them to the program, which takes its pick';

function isTakenAlike(
  entry: EnvEntry,
  above: ReadonlyMap<string, string>,
  below: readonly EnvBlock[],
  other: EnvReader,
): boolean {
  // A key above that is read differently is reported for its own line.
  const context = [...above]
    .filter(([key]) => entry.raw.includes('$') && entry.raw.includes(key))
    .map(([key, value]) => ({ key, spelled: spellValue(key, value, other) }))
    .filter(({ spelled }) => spelled !== undefined)
    .map(({ key, spelled }) => `${key}=${spelled}\n`)
    .join('');
  // Some take the next line as the value if it is empty; no other value depends on what follows it.
  const lines = textOf(entry.value === '' ? [entry, ...below] : [entry]);
  const { blocks, flaw } = readEnvText(context + lines, other);
  const first = context.split('\n').length;
  const last = first + entry.raw.split('\n').length - 1;
  const block = blocks.find(({ line }) => line >= first);
  const isFlawed = flaw !== undefined && flaw.line >= first && flaw.line <= last;
  return !isFlawed && block?.kind === 'entry' && block.key === entry.key && block.value === entry.value;
}

function isPassedOver({ raw, line }: EnvOther, other: EnvDocument): boolean {
  if (raw.trim() === '') return true;
  const holder = other.blocks.findLast((block) => block.line <= line);
  // A part of the value above it is reported for that line.
  if (holder?.kind === 'entry') return holder.line < line;
  return other.flaw?.line !== line && readEnvText(`${raw}\n`, other.reader).flaw === undefined;
}

/** Found by trial: every reader has read what is advised. */
function adviceOn(
  { key, value, raw, valueSpan }: EnvEntry,
  reader: EnvReader,
  readers: readonly EnvReader[],
): string {
  const whoMisreads = (spelled: string, meant = value) =>
    envReaders.filter((one) => !isReadAs(key, spelled, meant, one));
  const strangers = whoMisreads('', '');
  if (strangers.length > 0)
    return `name it with letters of ASCII, digits and _, no digit first, for ${list(strangers)}`;
  if (raw === `${key}=`) return 'begin the next line with # or a key';
  if (whoMisreads(value).length === 0)
    return 'write KEY=... without quotes, escapes, references, spaces, "export" or a comment after it';
  const [best] = [
    { advice: `write KEY='...' in single quotes`, misreaders: whoMisreads(`'${value}'`) },
    { advice: 'write KEY="..." in double quotes', misreaders: whoMisreads(`"${value}"`) },
  ]
    .filter(({ misreaders }) => !misreaders.includes(reader))
    .filter(({ misreaders }) => readers.some((one) => !misreaders.includes(one)))
    .sort((one, other) => one.misreaders.length - other.misreaders.length);
  if (best) return `${best.advice}, which all but ${list(best.misreaders)} read alike`;
  const isVerbatim = raw.slice(...valueSpan) === value && /["'`]|\s#/.test(value);
  return isVerbatim
    ? `no spelling means this to all; to ${reader}, quotes and comments are a part of the value: take them out, or encode it (base64, percent-encoding)`
    : 'no spelling means this to all; change the value or encode it (base64, percent-encoding)';
}

const list = (readers: readonly EnvReader[]) =>
  readers.length < 2 ? readers.join('') : `${readers.slice(0, -1).join(', ')} and ${readers.at(-1)}`;
