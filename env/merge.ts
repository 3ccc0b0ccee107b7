import { type EnvBlock, type EnvDocument, type EnvEntry, readEnvText, textOf } from './document.ts';
import { effectiveEntries, isBlank } from './entries.ts';
import { byPart, type Part, partsOf } from './parts.ts';
import { sortedLines } from './readers/path.ts';
import { type EnvReader, readers } from './readers/readers.ts';
import type { LookUp } from './readers/reading.ts';

/**
 * The union of two .env texts, as text. Every line of `current` keeps its bytes and its place, except that a
 * blank value gives way to a restored one; keys and comments that only `restored` holds are put next to the
 * neighbours they have there.
 *
 * Of a key that `restored` holds more than once, all lines are put there, unless the last one says it all.
 *
 * Nothing is lost: each key of either side is in the result, a non-blank current value always wins, and
 * merging the result again changes nothing. A byte order mark and CRLF line ends are not written back.
 *
 * @param givesWay says of a key that both hold whether the current line gives way to the restored one: by default,
 *   if that one alone has a value.
 */
function unionDocuments(
  current: EnvDocument,
  restored: EnvDocument,
  givesWay = (now: EnvEntry, then: EnvEntry) => isBlank(now.value) && !isBlank(then.value),
): string {
  const currentEntries = effectiveEntries(current);
  const restoredEntries = effectiveEntries(restored);
  const currentLines = new Set(current.blocks.filter((block) => block.kind === 'other').map(lineOf));

  const isLastEnough = restored.duplicates.length === 0 || readsAlikeWithout(restored);
  const isLastAlone = isLastEnough && readers[restored.reader].handsOnDuplicates !== true;
  const currentRaws = new Set(current.blocks.map(({ raw }) => raw));
  const result: EnvBlock[] = current.blocks.flatMap((block) => {
    if (block.kind === 'other' || block !== currentEntries.get(block.key)) return [block];
    const replacement = restoredEntries.get(block.key);
    if (!replacement || !givesWay(block, replacement)) return [block];
    if (isLastEnough) return [replacement];
    return restored.blocks.filter(
      (one) => isOf(one, block.key) && (one === replacement || !currentRaws.has(one.raw)),
    );
  });

  let position = 0;
  let pendingBlankLine: EnvBlock | undefined;
  const insert = (block: EnvBlock) => {
    if (pendingBlankLine) {
      const before = result[position - 1];
      if (before && lineOf(before) !== '') result.splice(position++, 0, pendingBlankLine);
      pendingBlankLine = undefined;
    }
    result.splice(position++, 0, block);
  };
  for (const block of restored.blocks) {
    if (block.kind === 'entry') {
      const isLast = block === restoredEntries.get(block.key);
      if (!isLast && (isLastAlone || currentEntries.has(block.key))) continue;
      const { key } = block;
      const afterIt = 1 + result.findLastIndex((candidate) => isOf(candidate, key));
      if (!currentEntries.has(key)) {
        position = Math.max(position, afterIt);
        insert(block);
        continue;
      }
      position = afterIt;
      pendingBlankLine = undefined;
    } else if (lineOf(block) === '') {
      pendingBlankLine = block;
    } else if (!currentLines.has(lineOf(block))) {
      insert(block);
    } else {
      // A comment that both have is a neighbour too: what follows it belongs after it.
      const line = lineOf(block);
      const found = result.findIndex((candidate, index) => index >= position && lineOf(candidate) === line);
      if (found !== -1) position = found + 1;
      pendingBlankLine = undefined;
    }
  }
  return current.reader === 'path' ? sortedLines(textOf(result)) : textOf(result);
}

/** Whether a text with duplicates has the same values with the last one of each key alone: no reference needs others. */
function readsAlikeWithout(document: EnvDocument): boolean {
  const { reader, blocks, flaws } = document;
  const entries = effectiveEntries(document);
  const kept = blocks.filter((block) => block.kind === 'other' || block === entries.get(block.key));
  const reduced = readEnvText(textOf(kept), reader);
  const values = effectiveEntries(reduced);
  return (
    reduced.flaws.length <= flaws.length &&
    [...entries].every(([key, { value }]) => values.get(key)?.value === value)
  );
}

const isOf = (block: EnvBlock, key: string): boolean => block.kind === 'entry' && block.key === key;

function lineOf(block: EnvBlock): string {
  return block.raw.trim();
}

/**
 * Keys of `before` that `after` does not hold, or holds with nothing in them where `before` has a value. What the reader
 * doesn't see in either of them is not lost.
 */
export function lostKeys(before: EnvDocument, after: EnvDocument): string[] {
  const [old, now] = [before, after].map(({ blocks }) => partsOf(textOf(blocks)));
  if (!old && !now) return lostOfOne(before, after);
  // A key that only one of several texts has lost may have had another value there.
  const textIn = (parts: readonly Part[] | undefined, { blocks }: EnvDocument, name: string) =>
    (parts ? parts.find((part) => part.name === name)?.text : name === '' ? textOf(blocks) : undefined) ?? '';
  const names = old ? old.map(({ name }) => name) : [''];
  return [
    ...new Set(
      names.flatMap((name) =>
        lostOfOne(
          readEnvText(textIn(old, before, name), before.reader),
          readEnvText(textIn(now, after, name), after.reader),
        ),
      ),
    ),
  ];
}

function lostOfOne(before: EnvDocument, after: EnvDocument): string[] {
  const kept = effectiveEntries(after);
  const lost = [...effectiveEntries(before).values()]
    .filter((entry) => {
      const counterpart = kept.get(entry.key);
      return counterpart === undefined || (holdsNothing(counterpart) && !isBlank(entry.value));
    })
    .map((entry) => entry.key);
  const stillSwallowed = new Set(swallowedKeys(after));
  const isGone = (key: string) => isBlank(kept.get(key)?.value ?? '') && !stillSwallowed.has(key);
  return [...new Set([...lost, ...swallowedKeys(before).filter(isGone)])];
}

/**
 * Keys that the author wrote but the reader doesn't see, in a text that has a flaw: on the lines that an open quote
 * has swallowed, or after another assignment. Text between quotes that close on their line is no key, nor is the end
 * of a base64 text, which is `=` and nothing after it.
 */
function swallowedKeys(document: EnvDocument): string[] {
  // A text without a key is a message, and what looks like one in it is not.
  if (!document.flaw || effectiveEntries(document).size === 0) return [];
  return document.blocks
    .flatMap(({ raw }) => raw.split('\n'))
    .filter((line) => !/^\s*[#;]/.test(line))
    .map((line) => line.replaceAll(/"[^"]*"|'[^']*'/g, '""'))
    .flatMap((line) => [...line.matchAll(/(?:^|[\s;])(?:export\s+)?([A-Za-z_]\w*)=(?=[^=\s])/g)])
    .map(([, key = '']) => key);
}

/** The union of two texts, in which every non-blank current value wins. */
export function unionEnv(current: string, restored: string, reader: EnvReader): string {
  const text = byPart('', current, restored, (_, now, then) =>
    unionDocuments(readEnvText(now, reader), readEnvText(then, reader)),
  );
  return partsOf(text) ? fillHiding(text, restored, reader) : text;
}

/**
 * Of several texts, a later one may leave blank what an earlier one says. As long as that hides a value, it gives way to
 * the one that counts in the restored texts. One that refers to others says something else in another text.
 */
function fillHiding(text: string, restored: string, reader: EnvReader): string {
  const { blocks, ...document } = readEnvText(text, reader);
  const entries = effectiveEntries({ blocks, ...document });
  const restoredEntries = effectiveEntries(readEnvText(restored, reader));
  const filled = blocks.map((block) => {
    if (block.kind === 'other' || block !== entries.get(block.key) || !holdsNothing(block)) return block;
    const good = restoredEntries.get(block.key);
    return good && !isBlank(good.value) && !good.raw.includes('$') ? good : block;
  });
  return textOf(filled);
}

/**
 * A merge of what two writers made of one text. What only one of them changed is taken from that one; where both
 * changed a key, `theirs` wins, because it is newer. Like a union, it loses no key of either, except those that `ours`
 * means to drop.
 *
 * @param waivedKeys keys that go, or go blank, if `ours` made them so and `theirs` left them as they were.
 */
export function mergeEnv(
  base: string,
  theirs: string,
  ours: string,
  reader: EnvReader,
  waivedKeys: readonly string[] = [],
): string {
  return byPart(base, theirs, ours, (...texts) => mergeTexts(...texts, reader, waivedKeys));
}

function mergeTexts(
  base: string,
  theirs: string,
  ours: string,
  reader: EnvReader,
  waivedKeys: readonly string[],
): string {
  const before = effectiveEntries(readEnvText(base, reader));
  const their = readEnvText(theirs, reader);
  const our = readEnvText(ours, reader);
  const ourEntries = effectiveEntries(our);
  const isTheirChange = (entry: EnvEntry) => isChanged(before.get(entry.key), entry, reader);
  const isDropped = (entry: EnvEntry) =>
    waivedKeys.includes(entry.key) && !ourEntries.has(entry.key) && !isTheirChange(entry);
  const remaining = their.blocks.filter((block) => block.kind === 'other' || !isDropped(block));
  return unionDocuments({ ...their, blocks: remaining }, our, (theirEntry, ourEntry) => {
    const isOurChangeAlone = () =>
      !isTheirChange(theirEntry) && isChanged(before.get(ourEntry.key), ourEntry, reader);
    if (holdsNothing(ourEntry) && !waivedKeys.includes(ourEntry.key)) return false;
    return (holdsNothing(theirEntry) && !holdsNothing(ourEntry)) || isOurChangeAlone();
  });
}

/** Whether a line gives its key no value, not even one that is set elsewhere. */
function holdsNothing({ value, raw, valueSpan }: EnvEntry): boolean {
  return isBlank(value) && !raw.slice(...valueSpan).includes('$');
}

/**
 * Whether the line of a key says something else than before: not if it is quoted otherwise, nor if only what it
 * refers to has another value, for that was changed in another line.
 */
export function isChanged(
  before: EnvEntry | undefined,
  after: EnvEntry | undefined,
  reader: EnvReader,
): boolean {
  if (!before || !after) return before !== after;
  if (!before.raw.includes('$') && !after.raw.includes('$')) return before.value !== after.value;
  const lookUps: LookUp[] = [(name) => `\u0000${name}\u0000`, () => undefined];
  return lookUps.some((lookUp) => ownValue(before, reader, lookUp) !== ownValue(after, reader, lookUp));
}

/** The value that a line has by itself. */
function ownValue({ raw }: EnvEntry, reader: EnvReader, lookUp: LookUp): string {
  const [block] = readEnvText(`${raw}\n`, reader, lookUp).blocks;
  return block?.kind === 'entry' ? block.value : raw;
}
