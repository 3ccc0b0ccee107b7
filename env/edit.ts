/** Edits of one key in a .env text. Every other line keeps its bytes, its place and its comments. */
import {
  type EnvBlock,
  type EnvDocument,
  type EnvEntry,
  endsByItself,
  readEnvText,
  textOf,
} from './document.ts';
import { effectiveEntries } from './entries.ts';
import { spellForPath } from './readers/path.ts';
import { type EnvReader, envReaders, readers } from './readers/readers.ts';

/**
 * Whether a reader takes `KEY=spelled` for exactly this key and value, whatever follows it. The same as to read it with
 * `readEnvText`, but that is asked so often that it has to take less time.
 */
export function isReadAs(key: string, spelled: string, value: string, reader: EnvReader): boolean {
  const { read } = readers[reader];
  const line = `${key}=${spelled}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is one of them.
  if (/[\x00\r\uFEFF]/.test(line)) return false;
  const { assignments, flaws } = read(`${line}\n`);
  const [assignment] = assignments;
  return (
    assignment?.key === key &&
    assignment.value === value &&
    assignments.length === 1 &&
    flaws.length === 0 &&
    line.lastIndexOf('\n', assignment.start) === -1 &&
    line.indexOf('\n', assignment.valueEnd) === -1 &&
    endsByItself(line, assignment.valueEnd, read)
  );
}

/** How a value may be spelled in one dialect or another, the plainest first. Which one holds is found by trial. */
function candidates(value: string): ReadonlySet<string> {
  const backslashed = (signs: RegExp) => value.replaceAll(signs, '\\$&');
  const onOneLine = (inner: string) => inner.replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  const forShells = backslashed(/["$\\`]/g);
  const forCompose = backslashed(/["$\\]/g);
  const forPython = backslashed(/["\\]/g);
  return new Set([
    value,
    `'${value}'`,
    `"${value}"`,
    `"${onOneLine(value)}"`,
    `"${forShells}"`,
    `"${forCompose}"`,
    `"${onOneLine(forCompose)}"`,
    `"${forPython}"`,
    `"${onOneLine(forPython)}"`,
    `\`${value}\``,
    `'${backslashed(/'/g)}'`,
    `'${backslashed(/['\\]/g)}'`,
    `'${value.replaceAll("'", "'\\''")}'`,
    // python-dotenv knows no escape for a ${, but takes one as the default of a variable without a name.
    `"${onOneLine(forPython).replaceAll('${', '${:-${}')}"`,
  ]);
}

/** The spellings that hold a value for a reader: first the one that most of the others take for the same. */
function spellings(key: string, value: string, reader: EnvReader): string[] {
  const audience = (spelled: string) =>
    envReaders.filter((other) => isReadAs(key, spelled, value, other)).length;
  if (reader === 'path') return [spellForPath(value)];
  return [...candidates(value)]
    .filter((spelled) => isReadAs(key, spelled, value, reader))
    .map((spelled) => ({ spelled, audience: audience(spelled) }))
    .sort((one, other) => other.audience - one.audience)
    .map(({ spelled }) => spelled);
}

/**
 * What has to follow `KEY=` for a reader to get this value: of the spellings that work, the one that most readers
 * understand alike. `undefined` if none works, as docker has none for a line break.
 */
export function spellValue(key: string, value: string, reader: EnvReader): string | undefined {
  return spellings(key, value, reader)[0];
}

/**
 * The text with another value for a key: in place, where the last line of that key spells it, so that an
 * `export`, the spacing and a comment after it stay; or else in a line of its own at the end. A line that already
 * gives the value keeps its bytes, and a value that refers to the key follows it. A byte order mark and CRLF line
 * ends are not written back.
 *
 * `undefined` if no spelling holds the value there. The result has been read again: the key has the value, every
 * other line is what it was, and the reader sees no flaw except one that another line already had.
 */
export function setKey(text: string, key: string, value: string, reader: EnvReader): string | undefined {
  const before = readEnvText(text, reader);
  const entry = effectiveEntries(before).get(key);
  const position = entry ? before.blocks.indexOf(entry) : before.blocks.length;
  const known = flawsByBlock(before);
  const isSound = !before.flaw?.isHard && !known[position];
  if (entry?.value === value && isSound) return textOf(before.blocks);
  const [prefix, tail] = entry ? around(entry) : [`${key}=`, ''];
  const spelled = spellings(key, value, reader);
  const isOther = (block: EnvBlock | undefined, index: number) =>
    index === position ||
    (block?.kind === before.blocks[index]?.kind && block?.raw === before.blocks[index]?.raw);
  // A comment that rules out every spelling is dropped: the value is what was asked for.
  for (const raw of new Set([tail, ''].flatMap((end) => spelled.map((one) => prefix + one + end)))) {
    const result = textOf(before.blocks.toSpliced(position, 1, { kind: 'other', raw, line: position + 1 }));
    const after = readEnvText(result, reader);
    const set = after.blocks[position];
    const isSet = set?.kind === 'entry' && set.key === key && set.value === value;
    const areOthersKept =
      after.blocks.length === Math.max(before.blocks.length, position + 1) && after.blocks.every(isOther);
    const isAsGood = flawsByBlock(after).every((problems, index) =>
      problems.every((one) => index !== position && known[index]?.includes(one)),
    );
    if (isSet && areOthersKept && isAsGood) return result;
  }
  return undefined;
}

/** What stands on either side of a value. */
function around({ raw, valueSpan: [start, end] }: EnvEntry): readonly [prefix: string, tail: string] {
  const prefix = raw.slice(0, start);
  // Without a value before the comment, it goes right after the sign: white space has to separate it from the #.
  const gap = start === end && end < raw.length ? (/(?<==)[ \t]+$/.exec(prefix)?.[0] ?? '') : '';
  return [prefix.slice(0, start - gap.length), gap + raw.slice(end)];
}

/** What is wrong with each block, by its index; nothing stands at most of them. The number of a line may change. */
function flawsByBlock({ blocks, flaws }: EnvDocument): string[][] {
  const byBlock: string[][] = [];
  let index = 0;
  for (const { line, problem } of flaws) {
    while ((blocks[index + 1]?.line ?? Number.POSITIVE_INFINITY) <= line) index += 1;
    byBlock[index] = [...(byBlock[index] ?? []), problem];
  }
  return byBlock;
}

/** The text without a key: without all of its lines, if there are several. Comments stay. */
export function unsetKey(text: string, key: string, reader: EnvReader): string {
  const { blocks } = readEnvText(text, reader);
  return textOf(blocks.filter((block) => block.kind === 'other' || block.key !== key));
}
