/** Where other readers understand a text differently from the one that it is meant for. */
import {
  type EnvBlock,
  type EnvDocument,
  type EnvEntry,
  type EnvOther,
  readEnvText,
  textOf,
} from './document.ts';
import { isReadAs } from './edit.ts';
import { type EnvReader, envReaders, readers as traits } from './readers/readers.ts';
import type { LookUp } from './readers/reading.ts';

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
  const others = envReaders
    .filter((other) => other !== reader)
    .map((other) => byLine(readEnvText(text, other)));
  const problems = problemsByLine(document);
  const found: Disagreement[] = [];
  const reportWhole = (line: number, sample: string, advice: string) => {
    const readers = envReaders.filter((one) => readEnvText(sample, one).needsNormalising);
    found.push({ line, key: '', readers, advice });
  };
  const [marks = ''] = /^\uFEFF*/.exec(text) ?? [];
  if (document.hadBom) reportWhole(1, `${marks}A=1`, 'write the text without a byte order mark');
  if (document.hadCrlf) {
    const line = 1 + text.split('\n').findIndex((one) => one.endsWith('\r'));
    reportWhole(line, text.slice(marks.length), 'end each line with LF instead of CRLF');
  }

  const above = new Map<string, string>();
  const adviceOn = adviser(reader);
  document.blocks.forEach((block, index) => {
    const known = problems.get(block.line) ?? [];
    const linesFrom = () => textOf([block, ...followers(document.blocks, index)]);
    const readers = others
      .filter((other) =>
        block.kind === 'entry'
          ? !isTakenAlike(block, linesFrom, known, other, above)
          : !isPassedOver(block, known, other),
      )
      .map((other) => other.reader);
    if (block.kind === 'entry') above.set(block.key, block.value);
    if (readers.length === 0) return;
    found.push(
      block.kind === 'entry'
        ? { line: block.line, key: block.key, readers, advice: adviceOn(block, readers) }
        : { line: block.line, key: undefined, readers, advice: adviceOnNoKey },
    );
  });

  for (const { key, lines } of document.duplicates)
    found.push({
      line: lines.at(-1) ?? 1,
      key,
      readers: envReaders.filter((one) => traits[one].handsOnDuplicates),
      advice: adviceOnDuplicate,
    });
  return found.sort((one, other) => one.line - other.line);
}

/** What one reader sees, to be asked line by line. */
interface ByLine {
  readonly reader: EnvReader;
  /** Whether what is wrong with a line may change how others are read. */
  readonly hasHardFlaw: boolean;
  /** The block that a line belongs to. */
  readonly blockAt: (line: number) => EnvBlock | undefined;
  readonly problems: ReadonlyMap<number, readonly string[]>;
  /** What it makes of lines by themselves, which are often the same. */
  readonly readAlone: (lines: string, lookUp: LookUp) => EnvDocument;
}

function byLine(document: EnvDocument): ByLine {
  const { reader } = document;
  const readings = new Map<string, EnvDocument>();
  const readAlone = (lines: string, lookUp: LookUp) => {
    const reading = readings.get(lines) ?? readEnvText(lines, reader, lookUp);
    if (!lines.includes('$')) readings.set(lines, reading);
    return reading;
  };
  const blocks: EnvBlock[] = [];
  for (const block of document.blocks) for (const _line of block.raw.split('\n')) blocks.push(block);
  return {
    reader,
    hasHardFlaw: document.flaw?.isHard === true,
    blockAt: (line) => blocks[line - 1],
    problems: problemsByLine(document),
    readAlone,
  };
}

function problemsByLine({ flaws }: EnvDocument): Map<number, string[]> {
  const problems = new Map<number, string[]>();
  for (const { line, problem } of flaws) problems.set(line, [...(problems.get(line) ?? []), problem]);
  return problems;
}

/**
 * What some readers take for the value of an entry that has none: the next line that isn't blank, and if that opens
 * a quote, the lines up to its end. No other value depends on what follows it.
 */
function followers(blocks: readonly EnvBlock[], index: number): readonly EnvBlock[] {
  const entry = blocks[index];
  if (entry?.kind !== 'entry' || entry.value !== '') return [];
  let end = index + 1;
  while (end < blocks.length && blocks[end]?.raw.trim() === '') end += 1;
  const quote = /^\s*(["'`])/.exec(blocks[end]?.raw ?? '')?.[1];
  const isOpen = quote !== undefined && blocks[end]?.raw.trim().lastIndexOf(quote) === 0;
  const isClosing = ({ raw }: EnvBlock) => quote !== undefined && raw.includes(quote);
  if (isOpen)
    end = Math.max(
      end,
      blocks.findIndex((block, at) => at > end && isClosing(block)),
    );
  return blocks.slice(index + 1, end + 1);
}

const adviceOnNoKey = 'write KEY=... for a variable, or # as the first character for a comment';
const adviceOnDuplicate =
  'keep one of the lines with this key: docker hands all of them to the program, which takes its pick';

/**
 * @param linesFrom gives the entry, and what else may count.
 * @param known what is wrong with it for the target's own reader as well.
 */
function isTakenAlike(
  entry: EnvEntry,
  linesFrom: () => string,
  known: readonly string[],
  other: ByLine,
  above: ReadonlyMap<string, string>,
): boolean {
  const isNew = (problem: string) => !known.includes(problem);
  const isSame = (block: EnvBlock | undefined) =>
    block?.kind === 'entry' && block.key === entry.key && block.value === entry.value;
  const inPlace = other.blockAt(entry.line);
  if (inPlace?.kind === 'entry' && inPlace.raw === entry.raw) {
    if (isSame(inPlace) && !other.problems.get(entry.line)?.some(isNew)) return true;
    // Nothing above it can be the reason: by itself it is read in the same way.
    if (!other.hasHardFlaw && !(traits[other.reader].expands && entry.raw.includes('$'))) return false;
  }
  const lineCount = entry.raw.split('\n').length;
  const { blocks, flaws } = other.readAlone(linesFrom(), (name) => above.get(name));
  return isSame(blocks[0]) && !flaws.some(({ line, problem }) => line <= lineCount && isNew(problem));
}

function isPassedOver({ raw, line }: EnvOther, known: readonly string[], other: ByLine): boolean {
  if (/^[ \t]*$/.test(raw)) return true;
  // A part of the value above it is reported for that line.
  const holder = other.blockAt(line);
  if (holder?.kind === 'entry') return holder.line < line;
  const isKnown = (problem: string) => known.includes(problem);
  if (other.problems.get(line)?.every(isKnown) === false) return false;
  const isFine = () =>
    other.readAlone(`${raw}\n`, () => undefined).flaws.every(({ problem }) => isKnown(problem));
  return !other.hasHardFlaw || isFine();
}

/** Gives advice on entries. Found by trial: every reader has read what is advised. */
function adviser(reader: EnvReader): (entry: EnvEntry, readers: readonly EnvReader[]) => string {
  const tried = new Map<string, readonly EnvReader[]>();
  const strangers = new Map<string, readonly EnvReader[]>();
  // One name that is a name for all readers is as good as another, and many keys have the same value.
  const whoMisreads = (spelled: string, meant: string) => {
    const trial = `${spelled}\0${meant}`;
    const misreaders = tried.get(trial) ?? envReaders.filter((one) => !isReadAs('KEY', spelled, meant, one));
    tried.set(trial, misreaders);
    return misreaders;
  };
  const strangersTo = (key: string) => {
    // A plain name is one for all but the shell, which keeps some for itself.
    const asked = /^[A-Za-z_]\w*$/.test(key) ? (['shell'] as const) : envReaders;
    const found = strangers.get(key) ?? asked.filter((one) => !isReadAs(key, '', '', one));
    strangers.set(key, found);
    return found;
  };
  return ({ key, value, raw, valueSpan }, readers) => {
    const whoKnowsNot = strangersTo(key);
    if (whoKnowsNot.length > 0)
      return `name it with letters of ASCII, digits and _, no digit first, for ${list(whoKnowsNot)}`;
    if (raw === `${key}=`) return 'begin the next line with # or a key';
    if (whoMisreads(value, value).length === 0)
      return 'write KEY=... without quotes, escapes, references, spaces, "export" or a comment after it';
    const inSingleQuotes = whoMisreads(`'${value}'`, value);
    const [best] = [
      { advice: `write KEY='...' in single quotes`, misreaders: inSingleQuotes },
      // docker misreads all quotes: there is no better than that it alone does.
      ...(inSingleQuotes.length <= 1
        ? []
        : [{ advice: 'write KEY="..." in double quotes', misreaders: whoMisreads(`"${value}"`, value) }]),
    ]
      .filter(({ misreaders }) => !misreaders.includes(reader))
      .filter(({ misreaders }) => readers.some((one) => !misreaders.includes(one)))
      .sort((one, other) => one.misreaders.length - other.misreaders.length);
    if (best) return `${best.advice}, which all but ${list(best.misreaders)} read alike`;
    const isVerbatim = raw.slice(...valueSpan) === value && /["'`]|\s#/.test(value);
    return isVerbatim
      ? `no spelling means this to all; to ${reader}, quotes and comments are a part of the value: take them out, or encode it (base64, percent-encoding)`
      : 'no spelling means this to all; change the value or encode it (base64, percent-encoding)';
  };
}

const list = (readers: readonly EnvReader[]) =>
  readers.length < 2 ? readers.join('') : `${readers.slice(0, -1).join(', ')} and ${readers.at(-1)}`;
