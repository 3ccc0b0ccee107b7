/** What to write when somebody else has written the same parameter meanwhile: SSM has no compare-and-set. */
import { isBlank } from '../env/entries.ts';
import { mergeEnv } from '../env/merge.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { isNoEnv } from '../env/salvage.ts';
import type { ParameterVersion } from './versions.ts';

/** A text to write, and what it was made from. */
export interface MadeText {
  readonly reader: EnvReader;
  /** The version from which the text was made; `undefined` if there was no parameter. */
  readonly madeFrom: ParameterVersion | undefined;
  readonly text: string;
  /** The only keys that the write may drop or blank. */
  readonly waivedKeys?: readonly string[];
}

/**
 * The text to write, merged with what others have written since it was made. Where both have changed a key, theirs
 * wins, because it is newer; but it removes no key.
 *
 * Of several versions by others in a row only the last one counts, since its writer has seen the ones before. A
 * version that one of our own writes replaced unseen counts as well.
 *
 * @param history all versions, oldest first.
 * @param ownVersions the versions that this write has made so far.
 */
export function withOthers(
  { madeFrom, text, reader, waivedKeys = [] }: MadeText,
  history: readonly ParameterVersion[],
  ownVersions: ReadonlySet<number> = new Set(),
): string {
  return (
    byOthers(madeFrom, history, ownVersions)
      // What looks like a key in a page or a message is nobody's.
      .filter(({ text: theirs }) => !isNoEnv(theirs, reader))
      .reduce(
        (merged, { text: theirs }) => mergeEnv(madeFrom?.text ?? '', theirs, merged, reader, waivedKeys),
        text,
      )
  );
}

/**
 * The same for a parameter that holds one value: the newest that somebody else has given it since, unless it is blank.
 * What it was before is no change, except after a write of our own, which it undoes.
 *
 * @param history all versions, oldest first.
 * @param ownVersions the versions that this write has made so far.
 */
export function valueWithOthers(
  { madeFrom, text }: Pick<MadeText, 'madeFrom' | 'text'>,
  history: readonly ParameterVersion[],
  ownVersions: ReadonlySet<number> = new Set(),
): string {
  const theirs = byOthers(madeFrom, history, ownVersions).findLast(
    ({ text: their, version }) =>
      !isBlank(their) && (their !== madeFrom?.text || [...ownVersions].some((own) => own < version)),
  );
  return theirs?.text ?? text;
}

/** What others have written since a version, without what the next of them has seen. */
const byOthers = (
  madeFrom: ParameterVersion | undefined,
  history: readonly ParameterVersion[],
  ownVersions: ReadonlySet<number>,
): ParameterVersion[] =>
  history
    .slice(
      wasRecreated(history, madeFrom)
        ? 0
        : history.findLastIndex(({ version }) => version <= (madeFrom?.version ?? 0)) + 1,
    )
    .filter(({ version }, index, since) => {
      const next = since[index + 1];
      return !ownVersions.has(version) && (next === undefined || ownVersions.has(next.version));
    });

/** Whether the parameter was deleted and created again since a version was read: versions then start from 1 again. */
export function wasRecreated(
  history: readonly ParameterVersion[],
  known: ParameterVersion | undefined,
): boolean {
  if (!known) return false;
  const sameVersion = history.find(({ version }) => version === known.version);
  return (
    (history.at(-1)?.version ?? 0) < known.version ||
    (sameVersion !== undefined && sameVersion.text !== known.text)
  );
}
