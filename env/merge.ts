import { type EnvBlock, type EnvDocument, type EnvEntry, readEnvText, textOf } from './document.ts';
import { effectiveEntries, isBlank } from './entries.ts';

/**
 * The union of two .env texts, as text. Every line of `current` keeps its bytes and its place, except that a
 * blank value gives way to a restored one; keys and comments that only `restored` holds are put next to the
 * neighbours they have there.
 *
 * Nothing is lost: each key of either side is in the result, a non-blank current value always wins, and
 * merging the result again changes nothing. A byte order mark and CRLF line ends are not written back.
 *
 * @param givesWay says of a key that both hold, and that is not blank in `restored`, whether the current line gives
 *   way to the restored one all the same.
 */
function unionDocuments(
  current: EnvDocument,
  restored: EnvDocument,
  givesWay: (current: EnvEntry, restored: EnvEntry) => boolean = () => false,
): string {
  const currentEntries = effectiveEntries(current);
  const restoredEntries = effectiveEntries(restored);
  const currentLines = new Set(current.blocks.filter((block) => block.kind === 'other').map(lineOf));

  const result: EnvBlock[] = current.blocks.map((block) => {
    if (block.kind === 'other' || block !== currentEntries.get(block.key)) return block;
    const replacement = restoredEntries.get(block.key);
    if (!replacement || isBlank(replacement.value)) return block;
    return isBlank(block.value) || givesWay(block, replacement) ? replacement : block;
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
      if (block !== restoredEntries.get(block.key)) continue;
      if (!currentEntries.has(block.key)) {
        insert(block);
        continue;
      }
      const key = block.key;
      position = 1 + result.findLastIndex((candidate) => candidate.kind === 'entry' && candidate.key === key);
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
  return textOf(result);
}

function lineOf(block: EnvBlock): string {
  return block.raw.trim();
}

/** Keys of `before` that `after` does not hold, or holds blank where `before` has a value. */
export function lostKeys(before: EnvDocument, after: EnvDocument): string[] {
  const kept = effectiveEntries(after);
  const lost = [...effectiveEntries(before).values()]
    .filter((entry) => {
      const counterpart = kept.get(entry.key);
      return counterpart === undefined || (isBlank(counterpart.value) && !isBlank(entry.value));
    })
    .map((entry) => entry.key);
  const isGone = (key: string) => isBlank(kept.get(key)?.value ?? '');
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
export function unionEnv(current: string, restored: string, reader: EnvDocument['reader']): string {
  return unionDocuments(readEnvText(current, reader), readEnvText(restored, reader));
}

/**
 * A merge of what two writers made of one text. What only one of them changed is taken from that one; where both
 * changed a key, `theirs` wins, because it is newer. Like a union, it loses no key of either, except those that `ours`
 * means to drop.
 *
 * @param waivedKeys keys that go if `ours` dropped them and `theirs` left them as they were.
 */
export function mergeEnv(
  base: string,
  theirs: string,
  ours: string,
  reader: EnvDocument['reader'],
  waivedKeys: readonly string[] = [],
): string {
  const before = effectiveEntries(readEnvText(base, reader));
  const their = readEnvText(theirs, reader);
  const our = readEnvText(ours, reader);
  const [theirEntries, ourEntries] = [effectiveEntries(their), effectiveEntries(our)];
  const isDropped = (key: string) =>
    waivedKeys.includes(key) &&
    !ourEntries.has(key) &&
    theirEntries.get(key)?.value === before.get(key)?.value;
  const remaining = their.blocks.filter((block) => block.kind === 'other' || !isDropped(block.key));
  return unionDocuments({ ...their, blocks: remaining }, our, (theirEntry, ourEntry) => {
    const value = before.get(theirEntry.key)?.value;
    return theirEntry.value === value && ourEntry.value !== value;
  });
}
