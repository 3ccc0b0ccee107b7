/** The text that a restore makes, and what it changes. */
import { type EnvContract, namesOf } from '../env/contract.ts';
import { normaliseEnv, readEnvText } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { unionEnv } from '../env/merge.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import type { GoodEnv } from './good-version.ts';
import type { EnvFinding, Restoration } from './results.ts';

/** Whether a text is no env to keep: blank, or a message without a single key, such as the error of a tool. */
export function isNoEnv(text: string, reader: EnvReader): boolean {
  if (text.trim() === '') return true;
  const document = readEnvText(text, reader);
  return document.flaw !== undefined && effectiveEntries(document).size === 0;
}

/** The text, with what it lacks filled in from a good one. A text that is no env is replaced by the good one. */
export function fillGaps(text: string, good: string, reader: EnvReader): string {
  return unionEnv(isNoEnv(text, reader) ? '' : text, good, reader);
}

/**
 * What a restore makes of the text that was found.
 *
 * @param good `undefined` if the text lacks nothing: then it is only made readable.
 */
export function restoreText(text: string, good: GoodEnv | undefined, reader: EnvReader): string {
  return good ? fillGaps(text, good.text, reader) : normaliseEnv(text, reader);
}

/** What a restored text has that was missing before, by key names. */
export function describeRestore(
  text: string,
  found: Pick<EnvFinding, 'keys' | 'blankKeys'>,
  good: GoodEnv | undefined,
  { reader, contract }: { readonly reader: EnvReader; readonly contract: EnvContract },
): Pick<Restoration, 'keyCount' | 'restoredKeys' | 'revertedKeys'> {
  const document = readEnvText(text, reader);
  const entries = effectiveEntries(document);
  const keys = namesOf(document, contract);
  const goodEntries = effectiveEntries(readEnvText(good?.text ?? '', reader));
  return {
    keyCount: entries.size,
    restoredKeys: keys.filter((key) => !found.keys.includes(key) || found.blankKeys.includes(key)),
    revertedKeys: keys.filter(
      (key) => good?.supersededKeys.includes(key) && entries.get(key)?.value === goodEntries.get(key)?.value,
    ),
  };
}
