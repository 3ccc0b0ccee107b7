/** The end of a run that was to recover, but only plans. */
import { readLedger } from '../../aws/lease-table.ts';
import type { PlannedRun } from '../../workflow/chain.ts';
import type { RecoveryPlan } from '../../workflow/plan.ts';
import { planNotification } from '../../workflow/plan-message.ts';
import { isToldLately } from '../../workflow/told.ts';
import { type EndServices, endRun } from './end-run.ts';

/**
 * Tells people what a recovery would do, but of the same plan not again and again, unless a person asks for it.
 *
 * @returns the plan, which is the output of the execution.
 */
export async function tellPlan(
  { execution, request, plan }: PlannedRun,
  target: string,
  services: EndServices,
): Promise<RecoveryPlan> {
  const { lease } = services;
  const isTold =
    request.trigger !== 'operator' &&
    isToldLately(
      (await readLedger(lease)).ledger.endings,
      lease.clock.now(),
      ({ planHash }) => planHash === plan.hash,
    );
  await endRun(
    services,
    execution,
    { outcome: 'Planned', counts: false, planHash: plan.hash },
    isTold ? undefined : () => planNotification({ target, execution }, request, plan),
  );
  return plan;
}
