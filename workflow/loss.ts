/** Keys that the known-good env has and the present one hasn't, though nobody has said that they may go. */
import { type EnvContract, flawsOf, namesOf } from '../env/contract.ts';
import { readEnvText, textOf } from '../env/document.ts';
import { effectiveEntries, valuesOf } from '../env/entries.ts';
import { lostKeys, unionEnv } from '../env/merge.ts';
import { isPartLine } from '../env/parts.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { describeSource, type GoodEnv } from './good-version.ts';
import type { RecoveryError } from './recovery-error.ts';
import type { Loss } from './results.ts';
import { knownAs, knownGoodLabel, type LabelledVersion, lossAcceptedLabel } from './versions.ts';
import { counted, listNames } from './words.ts';

/** The known-good env, and where it is. `text` is secret. */
export type KnownGoodText = Pick<GoodEnv, 'source' | 'text'>;

/** What came of a look for it. Without having looked, nobody can say that nothing is lost. */
export type KnownGoodLook =
  | { readonly kind: 'Found'; readonly env: KnownGoodText }
  | { readonly kind: 'None' }
  | { readonly kind: 'Unreadable'; readonly error: RecoveryError };

/** The version that has the label. */
export function labelledIn<T extends LabelledVersion>(history: readonly T[]): T | undefined {
  return history.find(({ labels }) => labels.includes(knownGoodLabel));
}

/** @returns `undefined` if no version has the label, or if that one can't be read. */
export function knownGoodIn(history: readonly LabelledVersion[]): KnownGoodText | undefined {
  const known = labelledIn(history);
  if (!known || known.unreadable !== undefined) return undefined;
  return { source: { kind: 'history', version: known.version, isKnownGood: true }, text: known.text };
}

/**
 * The keys that a text has lost, with those whose name may be a secret: the known-good text has them, and the text
 * doesn't, or leaves them blank. The label `loss-accepted` on a version accepts the loss of the keys that this version
 * lacks, for as long as no later version has them again.
 *
 * @param history all versions, oldest first.
 */
export function lostKeysOf(
  text: string,
  { text: good }: Pick<KnownGoodText, 'text'>,
  history: readonly LabelledVersion[],
  reader: EnvReader,
): string[] {
  const lost = lostFrom(good, text, reader);
  const accepted = history.findIndex(({ labels }) => labels.includes(lossAcceptedLabel));
  // Nobody knows what a version lacks that can't be read.
  if (lost.length === 0 || accepted === -1 || history[accepted]?.unreadable !== undefined) return lost;
  // If the known-good version is newer, it is one of these, and nothing is accepted.
  const since = history.slice(accepted);
  const lostSince = new Set(since.flatMap((record) => lostFrom(record.text, text, reader)));
  return lost.filter((key) => lostSince.has(key));
}

/** What the reader sees in one text, and not in another. */
function lostFrom(before: string, after: string, reader: EnvReader): string[] {
  const document = readEnvText(before, reader);
  const seen = effectiveEntries(document);
  return lostKeys(document, readEnvText(after, reader)).filter((key) => seen.has(key));
}

/** A text, with the keys that it has lost as the known-good env has them. */
export function withLostKeys(
  text: string,
  knownGood: KnownGoodText,
  history: readonly LabelledVersion[],
  reader: EnvReader,
): string {
  const good = readEnvText(knownGood.text, reader);
  // Nobody can say what a line of such a text is.
  if (flawsOf(good).length > 0) return text;
  const lost = lostKeysOf(text, knownGood, history, reader);
  if (lost.length === 0) return text;
  // What both have stays as it is: it says where the lost lines belong.
  const kept = valuesOf(text, reader);
  const entries = good.blocks.filter(
    (block) =>
      isPartLine(block.raw) || (block.kind === 'entry' && (lost.includes(block.key) || kept.has(block.key))),
  );
  return unionEnv(text, textOf(entries), reader);
}

/** A loss, with the names of all keys: a name that `loss` doesn't show may be a secret. */
export interface FoundLoss {
  readonly keys: readonly string[];
  readonly loss: Loss;
}

/**
 * What the newest version has lost.
 *
 * @param history all versions, oldest first.
 */
export function findLoss(
  look: KnownGoodLook,
  history: readonly LabelledVersion[],
  { reader, contract }: { readonly reader: EnvReader; readonly contract: EnvContract },
): FoundLoss | undefined {
  const newest = history.at(-1);
  if (look.kind !== 'Found' || !newest) return undefined;
  const { text, source } = look.env;
  const keys = lostKeysOf(newest.text, look.env, history, reader);
  if (keys.length === 0) return undefined;
  const lacksAll = (record: LabelledVersion) => {
    const lost = lostFrom(text, record.text, reader);
    return keys.every((key) => lost.includes(key));
  };
  const readable = history.filter(({ unreadable }) => unreadable === undefined);
  const before = readable.findLast((record) => !lacksAll(record));
  const first = readable.find(({ version }) => version > (before?.version ?? 0));
  const shown = namesOf(readEnvText(text, reader), contract).filter((key) => keys.includes(key));
  return {
    keys,
    loss: { keys: shown, hiddenCount: keys.length - shown.length, source, since: knownAs(first) },
  };
}

/** The predicate of a sentence: `lacks 2 keys of known-good version 5 since version 6: A, B`. */
export function describeLoss(loss: Loss, mostNames?: number): string {
  const { keys, hiddenCount, source, since } = loss;
  const count = counted(keys.length + hiddenCount, 'key');
  return `lacks ${count} of ${describeSource(source)} since version ${since.version}: ${lostNames(loss, mostNames)}`;
}

/** `A, B and 1 whose name may be a secret`. */
export function lostNames({ keys, hiddenCount }: Loss, most = 20): string {
  const hidden = `${hiddenCount} whose name may be a secret`;
  if (hiddenCount === 0) return listNames(keys, most);
  return keys.length === 0 ? hidden : `${listNames(keys, most)}, and ${hidden}`;
}
