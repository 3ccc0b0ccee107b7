/** Which version of the parameter a restore takes its values from. */
import {
  type EnvContract,
  inspectEnv,
  isUsable,
  mistakesOf,
  namesOf,
  notesOf,
  whyUnusable,
} from '../env/contract.ts';
import { readEnvText, textOf } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { unionEnv } from '../env/merge.ts';
import { isPartLine } from '../env/parts.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import type { RestoreSource } from './results.ts';
import { isSettled, knownGoodLabel, type ParameterRecord } from './versions.ts';

/** A text that satisfies the contract, and where it comes from. */
export interface GoodEnv {
  readonly source: RestoreSource;
  /** A version of the parameter itself also has the keys that only newer complete versions hold. */
  readonly text: string;
  /** Keys to which the newest complete version gives another value. */
  readonly supersededKeys: readonly string[];
  /** What is odd about the source, each in a few words: it was used all the same, since it ran like that. */
  readonly notes: readonly string[];
}

/** What a person would want to know of a text to restore from, by line and key. */
export function notesOnSource(
  text: string,
  source: RestoreSource,
  reader: EnvReader,
  contract: EnvContract,
): string[] {
  const document = readEnvText(text, reader);
  const shown = namesOf(document, contract);
  const notes = [
    ...mistakesOf(document, inspectEnv(document, contract)),
    ...notesOf(document, contract),
    ...document.duplicates
      .filter(({ key }) => shown.includes(key))
      .map(({ key, lines }) => `${key} occurs more than once, in lines ${lines.join(', ')}`),
  ];
  return notes.map((note) => `in ${describeSource(source)}: ${note}`);
}

/**
 * The version to restore, among those that satisfy the contract: the known-good one, or else the newest. The newest
 * also comes first if it has stood for a day: going back to an earlier one would undo every change since then.
 *
 * A key that was added after the restored version must not be lost either, so newer complete versions lend the keys
 * that it lacks. They lend no comments: these could pile up from version to version.
 *
 * @param history all versions, oldest first.
 */
export function findGoodVersion(
  history: readonly ParameterRecord[],
  reader: EnvReader,
  contract: EnvContract,
  nowMs: number,
): GoodEnv | undefined {
  const complete = history.filter(({ text }) => isUsable(text, reader, contract));
  const known = complete.findLast(({ labels }) => labels.includes(knownGoodLabel));
  const newest = complete.at(-1);
  if (!newest) return undefined;
  const base = known && !isSettled(newest, history, nowMs) ? known : newest;
  const newer = complete.filter(({ version }) => version > base.version).reverse();
  const entriesOf = (text: string) =>
    textOf(readEnvText(text, reader).blocks.filter(({ kind, raw }) => kind === 'entry' || isPartLine(raw)));
  const text = newer.reduce((merged, later) => unionEnv(merged, entriesOf(later.text), reader), base.text);
  const values = effectiveEntries(readEnvText(text, reader));
  const latest = effectiveEntries(readEnvText(newest.text, reader));
  const source: RestoreSource = { kind: 'history', version: base.version, isKnownGood: base === known };
  return {
    source,
    text,
    notes: notesOnSource(base.text, source, reader, contract),
    supersededKeys: [...latest]
      .filter(([key, { value }]) => values.get(key)?.value !== value)
      .map(([key]) => key),
  };
}

/** How many versions a failure names. */
const namedVersions = 2;

/**
 * Those versions that lack the least, the best first, each with what it lacks. Of equal ones the newest counts, and one
 * that has nothing of what is required is none.
 *
 * @param history all versions, oldest first.
 */
export function nearestVersions(
  history: readonly ParameterRecord[],
  reader: EnvReader,
  contract: EnvContract,
): { readonly version: number; readonly lacks: readonly string[] }[] {
  const nothing = whyUnusable('', reader, contract).length;
  return history
    .map(({ version, text }) => ({ version, lacks: whyUnusable(text, reader, contract) }))
    .filter(({ lacks }) => lacks.length < nothing)
    .sort((one, other) => one.lacks.length - other.lacks.length || other.version - one.version)
    .slice(0, namedVersions);
}

/** For a person: `version 2`, `known-good version 2`, `backup /app/env-backup`. */
export function describeSource(source: RestoreSource): string {
  if (source.kind === 'backup') return `backup ${source.parameterName}`;
  return `${source.isKnownGood ? 'known-good ' : ''}version ${source.version}`;
}
