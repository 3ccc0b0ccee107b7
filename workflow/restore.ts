/** The text that a restore makes, and what it changes. */
import { type EnvContract, namesOf } from '../env/contract.ts';
import { normaliseEnv, readEnvText } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { unionEnv } from '../env/merge.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { salvageEnv } from '../env/salvage.ts';
import type { GoodEnv } from './good-version.ts';
import type { EnvFinding, Restoration } from './results.ts';
import type { Target } from './target.ts';
import { type ParameterRecord, unreadableNotes } from './versions.ts';
import { listNames } from './words.ts';

/** How a text is read, and what it has to hold. */
export interface TextRules {
  readonly reader: EnvReader;
  readonly contract: EnvContract;
}

/** What is restored, and from where. */
export interface RestoreRules extends TextRules {
  readonly parameterName: string;
  /** `undefined` if the target has none. */
  readonly backupParameterName: string | undefined;
  /** `undefined` if it is the region of the parameter. */
  readonly backupRegion: string | undefined;
}

/** The rules of a target. */
export function restoreRules({ parameter, restore }: Pick<Target, 'parameter' | 'restore'>): RestoreRules {
  return {
    parameterName: parameter.name,
    backupParameterName: restore.backupParameter,
    backupRegion: restore.backupRegion,
    reader: parameter.reader,
    contract: parameter,
  };
}

/**
 * The text, with what it lacks filled in from a good one. Its odd lines are left out, and a text that is no env is
 * replaced by the good one: the history keeps both.
 */
export function fillGaps(text: string, good: string, { reader, contract }: TextRules): string {
  return unionEnv(salvageEnv(text, reader, contract).text, good, reader);
}

/**
 * What a restore makes of the text that was found.
 *
 * @param good `undefined` if the text lacks nothing: then it is only made readable.
 */
export function restoreText(text: string, good: GoodEnv | undefined, rules: TextRules): string {
  return good ? fillGaps(text, good.text, rules) : normaliseEnv(text, rules.reader);
}

/**
 * What a restored text has that was missing before, by key names, and what is odd about where it comes from.
 *
 * @param history all versions, oldest first.
 */
export function describeRestore(
  text: string,
  found: Pick<EnvFinding, 'keys' | 'blankKeys' | 'leftOutLines'>,
  good: GoodEnv | undefined,
  history: readonly ParameterRecord[],
  { reader, contract }: TextRules,
): Pick<Restoration, 'keyCount' | 'restoredKeys' | 'revertedKeys' | 'leftOutLines' | 'sourceNotes'> {
  const document = readEnvText(text, reader);
  const entries = effectiveEntries(document);
  const keys = namesOf(document, contract);
  const goodEntries = effectiveEntries(readEnvText(good?.text ?? '', reader));
  return {
    keyCount: entries.size,
    leftOutLines: found.leftOutLines,
    sourceNotes: good ? [...good.notes, ...unreadableNotes(history)] : [],
    restoredKeys: keys.filter((key) => !found.keys.includes(key) || found.blankKeys.includes(key)),
    revertedKeys: keys.filter(
      (key) => good?.supersededKeys.includes(key) && entries.get(key)?.value === goodEntries.get(key)?.value,
    ),
  };
}

/** For a person, without a verb: it may be planned, or done. */
export function leftOutNote(lines: readonly number[], version: number): string {
  const [which, stay] = lines.length === 1 ? ['line', 'it stays'] : ['lines', 'they stay'];
  return `without ${which} ${listNames(lines.map(String), 20)} of version ${version}; ${stay} in the history`;
}

/**
 * What a person would want to know of a restore, planned or done.
 *
 * @param version the one that was found.
 */
export function notesOnRestore(
  { leftOutLines, sourceNotes }: Pick<Restoration, 'leftOutLines' | 'sourceNotes'>,
  version: number,
): string[] {
  return [...(leftOutLines.length > 0 ? [leftOutNote(leftOutLines, version)] : []), ...sourceNotes];
}
