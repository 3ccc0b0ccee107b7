/** What a recovery would change, and the hash that an approval is bound to. */
import { createHash } from 'node:crypto';
import { RecoveryError } from './recovery-error.ts';
import type { RecoveryPlan } from './states.ts';

/** All that a person approves of: what would be changed, and what it was worked out from. */
export type PlanIngredients = Pick<RecoveryPlan, 'parameter' | 'restore' | 'deploy' | 'function'>;

/**
 * SHA-256 in hex over all ingredients, whatever the order of their fields. It holds names, versions and revisions
 * only, so that it tells nothing of a value.
 */
export function hashPlan({ parameter, restore, deploy, function: patched }: PlanIngredients): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted({ parameter, restore, deploy, function: patched })))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

/** Whether there is anything to do. The label and the copy of a version that works are not counted. */
export function hasChanges({
  restore,
  deploy,
  function: { setKeys, removedKeys },
}: PlanIngredients): boolean {
  return restore !== null || deploy !== null || setKeys.length + removedKeys.length > 0;
}

/**
 * Keeps a change to what was approved: between the approval and the change, and more so behind a redrive, things can
 * have become others.
 *
 * @param holds whether the change to be made is the one of the plan; asked only where a person has to approve.
 * @throws RecoveryError PlanOutdated if a person has to approve of changes, and hasn't of this one.
 */
export async function refuseUnapproved(
  plan: RecoveryPlan,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  if (!plan.needsApproval || (await holds())) return;
  throw new RecoveryError(
    'PlanOutdated',
    `${what} not as in the plan ${plan.hash.slice(0, 12)}, which was approved. It was not changed.`,
  );
}
