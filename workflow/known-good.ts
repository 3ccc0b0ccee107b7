/** Whether the version that a run saw working becomes the known-good one. */
import { type EnvContract, isComplete } from '../env/contract.ts';
import type { EnvReader } from '../env/readers/readers.ts';
import { describeLoss, findLoss, type KnownGoodLook } from './loss.ts';
import type { Loss } from './results.ts';
import { isSettled, knownGoodLabel, newerIsIncomplete, type ParameterRecord } from './versions.ts';

/** A version of the parameter, and how the run came to know it. */
export interface SeenVersion {
  readonly parameterName: string;
  readonly version: number;
  /** Whether this run deployed it, which proves that the API runs with it. */
  readonly isDeployed: boolean;
  /** ISO timestamp. What was written later was not seen; `undefined` if the run itself wrote the version. */
  readonly seenAt: string | undefined;
}

export type KnownGoodVerdict =
  | { readonly outcome: 'Marked' | 'AlreadyMarked'; readonly why: string; readonly record: ParameterRecord }
  | { readonly outcome: 'NotProven' | 'Replaced'; readonly why: string; readonly version: number }
  | { readonly outcome: 'KeysLost'; readonly why: string; readonly version: number; readonly loss: Loss };

/** For clocks that differ a little, and for rounding. */
const toleranceMs = 1000;

/**
 * A deploy in this run proves that the API runs with a version. Without a deploy this is assumed if the version is
 * already known-good, or if it has stood for a day. A version that has lost keys isn't marked in either case: the next
 * restore could not bring them back.
 *
 * @param history all versions, oldest first.
 * @param look at the known-good env.
 * @throws RecoveryError EnvReplaced if somebody replaced the version with an incomplete one, or deleted it;
 *   EnvOverlooked if that was before the run started.
 */
export function judgeKnownGood(
  { parameterName, version, isDeployed, seenAt }: SeenVersion,
  history: readonly ParameterRecord[],
  look: KnownGoodLook,
  { reader, contract, nowMs }: { reader: EnvReader; contract: EnvContract; nowMs: number },
): KnownGoodVerdict {
  const record = history.at(-1);
  const why = whyReplaced();
  if (!record || (why !== undefined && !isComplete(record.text, reader, contract))) {
    // What was deployed had been looked at right before that.
    throw newerIsIncomplete(
      parameterName,
      record,
      isDeployed ? undefined : seenAt,
      'again. What runs works; the next deploy would not.',
      version,
    );
  }
  if (why !== undefined) return { outcome: 'Replaced', version: record.version, why };
  if (record.labels.includes(knownGoodLabel))
    return { outcome: 'AlreadyMarked', record, why: 'it has been known-good before' };
  const found = findLoss(look, history, { reader, contract });
  if (found) return { outcome: 'KeysLost', version, why: `it ${describeLoss(found.loss)}`, loss: found.loss };
  if (look.kind === 'Unreadable') {
    const { name } = look.error;
    return { outcome: 'NotProven', version, why: `nobody could see whether it has lost keys (${name})` };
  }
  if (isDeployed) return { outcome: 'Marked', record, why: 'it was deployed' };
  return isSettled(record, history, nowMs)
    ? { outcome: 'Marked', record, why: 'it has stood for a day' }
    : { outcome: 'NotProven', version, why: 'nothing was deployed, and it is younger than a day' };

  /** A parameter that was recreated counts from 1 again, so the number alone is no proof. */
  function whyReplaced(): string | undefined {
    if (record?.version !== version) return `version ${record?.version ?? 0} was written since`;
    const isLater =
      seenAt !== undefined && (record.modifiedAt?.getTime() ?? 0) > Date.parse(seenAt) + toleranceMs;
    return isLater
      ? `it was written after the ${isDeployed ? 'deploy' : 'execution'} had started`
      : undefined;
  }
}
