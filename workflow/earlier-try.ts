/**
 * What an earlier try of UploadEnv wrote, and what it replaced without having seen it.
 *
 * SSM has no compare-and-set. A try reads version N, and somebody else may write N+1 before its own write becomes N+2.
 * The try sees that from the number it gets back, and merges N+1 in; but it can end before it does so: out of memory,
 * out of time, or because the merge failed. The next try then finds a complete parameter, and has to know that N+1 is
 * missing from it. It knows, because SSM tells who wrote each version.
 */
import { type EnvContract, isUsable } from '../env/contract.ts';
import { mergeEnv } from '../env/merge.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { isNoEnv } from '../env/salvage.ts';
import { fillGaps } from './restore.ts';
import type { ParameterRecord } from './versions.ts';

/**
 * Whether a version was written by the function of that name. Lambda names the session of a function's role after the
 * function, so the `LastModifiedUser` of GetParameterHistory is
 * `arn:aws:sts::<account>:assumed-role/<role>/<function name>`.
 *
 * @param functionName `undefined` if the caller is no Lambda function.
 * @returns `unknown` if SSM tells no writer, as implementations of this API other than AWS may do.
 */
export function writerOf(
  { modifiedBy }: Pick<ParameterRecord, 'modifiedBy'>,
  functionName: string | undefined,
): 'own' | 'other' | 'unknown' {
  if (functionName === undefined || !modifiedBy?.startsWith('arn:')) return 'unknown';
  const [, sessionName] = /:assumed-role\/[^/]+\/([^/]+)$/.exec(modifiedBy) ?? [];
  return sessionName === functionName ? 'own' : 'other';
}

export interface EarlierTry {
  /** The version that the run saw; 0 if there was no parameter. */
  readonly seenVersion: number;
  /** When that was written, as an ISO timestamp; `null` if it isn't known. */
  readonly seenAt: string | null;
  readonly functionName: string | undefined;
  readonly reader: EnvReader;
  readonly contract: EnvContract;
}

/**
 * The newest text, with what an earlier try replaced unseen merged in: just the newest text if it replaced nothing.
 * Replays the versions since the one that the run saw, each as its writer meant it:
 *
 * - Somebody else saw the version before theirs, and changed it. What they changed wins over everything older, and what
 *   they removed stays removed. Their removals don't count while something is missing from the version that they saw:
 *   a removed key can't be told from one that they never saw.
 * - Our own write only adds what was missing: it never changes or removes what it saw. So each value that existed
 *   before it wins, seen or not. If the write saw everything, this gives exactly what it wrote.
 * - A complete version without a known writer may be either; our own are always complete. It removes nothing, and it
 *   changes only those values that differ from the version that the run saw.
 *
 * The first version since then can't have replaced anything unseen, whoever wrote it.
 *
 * @param history all versions, oldest first.
 */
export function withReplaced(
  history: readonly ParameterRecord[],
  { seenVersion, seenAt, functionName, reader, contract }: EarlierTry,
): string {
  // A parameter of a spread env that was deleted since makes all sums lower, but no state older.
  const isSeen = ({ version, parameters, modifiedAt }: ParameterRecord) =>
    version <= seenVersion &&
    (!parameters || seenAt === null || (modifiedAt?.getTime() ?? 0) <= Date.parse(seenAt));
  const firstIndex = history.findLastIndex(isSeen) + 1;
  const seenText = history[firstIndex - 1]?.text ?? '';
  let [previous, merged] = [seenText, seenText];
  for (const record of history.slice(firstIndex)) {
    const { text } = record;
    const writer = writerOf(record, functionName);
    if (record === history[firstIndex]) merged = text;
    else if (writer === 'own') merged = fillGaps(merged, text, { reader, contract });
    else if (writer === 'unknown' && isUsable(text, reader, contract))
      merged = isNoEnv(merged, reader) ? text : mergeEnv(seenText, text, merged, reader);
    else if (merged === previous) merged = text;
    else if (!isNoEnv(text, reader)) merged = mergeEnv(previous, text, merged, reader);
    previous = text;
  }
  return merged;
}

/**
 * Whether a write is still the one that was approved. It is if the newest version is the one in the plan, or was
 * written by an earlier try, which was held to the same approval; and also if an earlier try replaced something unseen,
 * which has to come back whoever has written since. A version without a known writer was not approved.
 *
 * @param text the newest text, with what an earlier try replaced unseen merged in.
 */
export function isOfPlan(
  history: readonly ParameterRecord[],
  plannedVersion: number,
  functionName: string | undefined,
  text: string,
): boolean {
  const newest = history.at(-1);
  if (!newest || newest.version === plannedVersion) return (newest?.version ?? 0) === plannedVersion;
  const own = history.filter(
    (record) => record.version > plannedVersion && writerOf(record, functionName) === 'own',
  );
  return own.length > 0 && (own.includes(newest) || text !== newest.text);
}
