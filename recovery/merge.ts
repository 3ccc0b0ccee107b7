import { type EnvBlock, type EnvDocument, effectiveEntries, isBlank, readEnvText } from './dotenv.ts';

/**
 * The union of two .env texts, as text. Every line of `current` keeps its bytes and its place, except that a
 * blank value gives way to a restored one; keys and comments that only `restored` holds are put in beside the
 * neighbours they have there.
 *
 * Nothing is lost: each key of either side is in the result, a non-blank current value always wins, and
 * merging the result again changes nothing. A byte order mark and CRLF line ends are not written back.
 */
export function unionEnvText(current: EnvDocument, restored: EnvDocument): string {
  const currentEntries = effectiveEntries(current);
  const restoredEntries = effectiveEntries(restored);
  const currentLines = new Set(current.blocks.filter((block) => block.kind === 'other').map(lineOf));

  const result: EnvBlock[] = current.blocks.map((block) => {
    if (block.kind === 'other' || block !== currentEntries.get(block.key) || !isBlank(block.value))
      return block;
    const replacement = restoredEntries.get(block.key);
    return replacement && !isBlank(replacement.value) ? replacement : block;
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
    }
  }
  return result.map((block) => `${block.raw}\n`).join('');
}

function lineOf(block: EnvBlock): string {
  return block.raw.trim();
}

/** Keys of `before` that `after` does not hold, or holds blank where `before` has a value. */
export function lostKeys(before: EnvDocument, after: EnvDocument): string[] {
  const kept = effectiveEntries(after);
  return [...effectiveEntries(before).values()]
    .filter((entry) => {
      const counterpart = kept.get(entry.key);
      return counterpart === undefined || (isBlank(counterpart.value) && !isBlank(entry.value));
    })
    .map((entry) => entry.key);
}

/** `unionEnvText` on texts. */
export function unionEnv(current: string, restored: string, reader: EnvDocument['reader']): string {
  return unionEnvText(readEnvText(current, reader), readEnvText(restored, reader));
}
