/** Which text to go back to, and how. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import { type EnvContract, inspectEnv, namesOf } from './contract.ts';
import { type EnvReader, effectiveEntries, readEnvText, textOf } from './env-text.ts';
import { RecoveryError } from './errors.ts';
import { unionEnv } from './merge.ts';
import { knownGoodLabel, type ParameterRecord, readParameter } from './parameter.ts';
import type { EnvFinding, EnvUpload } from './states.ts';

/** A version that has stood for a day has been deployed and lived with, marked or not. */
const settledAfterMs = 24 * 60 * 60 * 1000;

/** A text that satisfies the contract. */
export interface GoodEnv {
  readonly origin: NonNullable<EnvUpload['source']>;
  /** Of a version of the parameter itself: with the keys that only newer complete versions hold. */
  readonly text: string;
  /** Keys to which the newest complete version gives another value. */
  readonly supersededKeys: readonly string[];
}

/** Whether a text satisfies the contract, as its reader reads it. */
export function isComplete(text: string, reader: EnvReader, contract: EnvContract): boolean {
  return inspectEnv(readEnvText(text, reader), contract).complete;
}

/** Whether a version stood for a day before the next one came, or until now. */
export function isSettled(
  record: ParameterRecord,
  history: readonly ParameterRecord[],
  nowMs: number,
): boolean {
  const next = history.find(({ version }) => version > record.version);
  const endMs = next ? next.modifiedAt?.getTime() : nowMs;
  return (endMs ?? 0) - (record.modifiedAt?.getTime() ?? Number.POSITIVE_INFINITY) >= settledAfterMs;
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
function findGoodVersion(
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

/**
 * What to restore from: a version of the parameter itself, or else the backup; `undefined` if neither satisfies the
 * contract. The backup is read only if it is needed.
 *
 * @param history all versions, oldest first.
 */
export async function findGoodEnv(
  ssm: SSMClient,
  history: readonly ParameterRecord[],
  { reader, contract, backupParameterName }: RestoreSettings,
  nowMs: number,
): Promise<GoodEnv | undefined> {
  const good = findGoodVersion(history, reader, contract, nowMs);
  if (good || backupParameterName === undefined) return good;
  const backup = await readParameter(ssm, backupParameterName);
  if (!backup || !isComplete(backup.text, reader, contract)) return undefined;
  return {
    origin: { kind: 'backup', parameterName: backupParameterName, version: backup.version },
    text: backup.text,
    supersededKeys: [],
  };
}

export interface RestoreSettings {
  readonly reader: EnvReader;
  readonly contract: EnvContract;
  readonly backupParameterName: string | undefined;
}

/**
 * What an incomplete text lacks, and from where it gets it; `undefined` if the newest version is complete.
 *
 * @param history all versions, oldest first.
 * @throws RecoveryError EnvRestoreFailed if no source is complete.
 */
export async function findSource(
  ssm: SSMClient,
  name: string,
  history: readonly ParameterRecord[],
  settings: RestoreSettings,
  nowMs: number,
): Promise<GoodEnv | undefined> {
  const current = history.at(-1);
  if (current && isComplete(current.text, settings.reader, settings.contract)) return undefined;
  const source = await findGoodEnv(ssm, history, settings, nowMs);
  if (source) return source;
  throw new RecoveryError(
    'EnvRestoreFailed',
    `parameter ${name}: no version of it (${history.length} are kept) is a complete env, nor is the backup parameter (${settings.backupParameterName ?? 'none is set'}). Nothing was written. Put a complete .env into the parameter by hand and start again.`,
  );
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

/** Without a byte order mark and CRLF, if the reader would stumble over them. */
export function normaliseEnv(text: string, reader: EnvReader): string {
  const document = readEnvText(text, reader);
  return document.needsNormalising ? textOf(document.blocks) : text;
}
