import { type EnvContract, isComplete, namesOf } from '../env/contract.ts';
import { normaliseEnv, readEnvText, textOf } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { unionEnv } from '../env/merge.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import type { EnvFinding, EnvUpload } from './states.ts';
import { isSettled, knownGoodLabel, type ParameterRecord } from './versions.ts';

/** A text that satisfies the contract. */
export interface GoodEnv {
  readonly origin: NonNullable<EnvUpload['source']>;
  /** Of a version of the parameter itself: with the keys that only newer complete versions hold. */
  readonly text: string;
  /** Keys to which the newest complete version gives another value. */
  readonly supersededKeys: readonly string[];
}

/**
 * The version to restore, of those that satisfy the contract: the known-good one, else the newest. The newest goes
 * before the known-good one if it has stood for a day: to go back behind it would undo every change since then.
 *
 * A key that was added since the restored version is a loss as well, so newer complete versions lend the keys that
 * it lacks; without their comments, which may have grown with every version.
 *
 * @param history all versions, oldest first.
 */
export function findGoodVersion(
  history: readonly ParameterRecord[],
  reader: EnvReader,
  contract: EnvContract,
  nowMs: number,
): GoodEnv | undefined {
  const complete = history.filter(({ text }) => isComplete(text, reader, contract));
  const known = complete.findLast(({ labels }) => labels.includes(knownGoodLabel));
  const newest = complete.at(-1);
  if (!newest) return undefined;
  const base = known && !isSettled(newest, history, nowMs) ? known : newest;
  const newer = complete.filter(({ version }) => version > base.version).reverse();
  const entriesOf = (text: string) =>
    textOf(readEnvText(text, reader).blocks.filter(({ kind }) => kind === 'entry'));
  const text = newer.reduce((merged, later) => unionEnv(merged, entriesOf(later.text), reader), base.text);
  const values = effectiveEntries(readEnvText(text, reader));
  const latest = effectiveEntries(readEnvText(newest.text, reader));
  return {
    origin: { kind: 'history', version: base.version, isKnownGood: base === known },
    text,
    supersededKeys: [...latest]
      .filter(([key, { value }]) => values.get(key)?.value !== value)
      .map(([key]) => key),
  };
}

export interface RestoreSettings {
  readonly reader: EnvReader;
  readonly contract: EnvContract;
  readonly backupParameterName: string | undefined;
}

/** By key names, what a text that was restored has more than was found before. */
export function describeRestore(
  text: string,
  env: Pick<EnvFinding, 'keys' | 'blankKeys'>,
  source: GoodEnv | undefined,
  { reader, contract }: Pick<RestoreSettings, 'reader' | 'contract'>,
): Pick<EnvUpload, 'keyCount' | 'restoredKeys' | 'revertedKeys'> {
  const document = readEnvText(text, reader);
  const entries = effectiveEntries(document);
  const keys = namesOf(document, contract);
  const restored = effectiveEntries(readEnvText(source?.text ?? '', reader));
  return {
    keyCount: entries.size,
    restoredKeys: keys.filter((key) => !env.keys.includes(key) || env.blankKeys.includes(key)),
    revertedKeys: keys.filter(
      (key) => source?.supersededKeys.includes(key) && entries.get(key)?.value === restored.get(key)?.value,
    ),
  };
}

/** For a person: `version 2`, `known-good version 2`, `backup /app/env-backup`. */
export function nameOfOrigin(origin: GoodEnv['origin']): string {
  if (origin.kind === 'backup') return `backup ${origin.parameterName}`;
  return `${origin.isKnownGood ? 'known-good ' : ''}version ${origin.version}`;
}

/**
 * The text with what it lacks, from a good one. Nothing is kept of a text that is blank, or a message and no env.
 */
export function fillGaps(text: string, good: string, reader: EnvReader): string {
  const document = readEnvText(text, reader);
  const isNoEnv = text.trim() === '' || (document.flaw && effectiveEntries(document).size === 0);
  return unionEnv(isNoEnv ? '' : text, good, reader);
}

/** The text that a restore makes of one that was found: filled from its source, or made readable if it needs none. */
export function restoreText(text: string, source: GoodEnv | undefined, reader: EnvReader): string {
  return source ? fillGaps(text, source.text, reader) : normaliseEnv(text, reader);
}
