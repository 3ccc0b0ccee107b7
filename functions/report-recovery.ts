import type { SNSClient } from '@aws-sdk/client-sns';
import type * as v from 'valibot';
import { type LeaseClients, openLease, readLedger } from '../aws/lease-table.ts';
import { openTopic } from '../aws/topic.ts';
import { isPlanned, ReportRecoveryInput } from '../workflow/chain.ts';
import { endNotification } from '../workflow/end-message.ts';
import { lossNotification } from '../workflow/loss-message.ts';
import { refusalNotification } from '../workflow/messages.ts';
import type { Ending } from '../workflow/pauses.ts';
import type { RecoveryPlan } from '../workflow/plan.ts';
import { lossOf, makeReport, type RecoveryReport, type RefusalReport } from '../workflow/report.ts';
import { endingsTold, isToldLately } from '../workflow/told.ts';
import type { KnownVersion } from '../workflow/versions.ts';
import { endRun } from './runtime/end-run.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { EndResources } from './runtime/resources.ts';
import { tellPlan } from './runtime/tell-plan.ts';

type ReportRecoveryServices = Services<v.InferOutput<typeof EndResources>> &
  LeaseClients & { readonly sns: SNSClient };

/**
 * Puts the execution's output together, gives the lease back, and tells a person if anything was repaired, if the plan
 * was refused or nobody carries it out, if an alarm has fired for nothing, or, once, of keys that are lost.
 */
export async function reportRecovery(
  run: ReportRecoveryInput,
  services: ReportRecoveryServices,
): Promise<RecoveryReport | RefusalReport | RecoveryPlan> {
  const { target, resources, clock, sns } = services;
  const { execution } = run;
  const lease = leaseDoor(services);
  const end = { lease, sns, topicArn: resources.TOPIC_ARN };
  if (isPlanned(run)) return tellPlan(run, target.name, end);
  const report = makeReport(run, clock.now());
  const isHealthy = report.outcome === 'Healthy';
  const isAlarm = report.trigger === 'alarm';
  const loss = lossOf(report);
  const told = isHealthy && (loss || isAlarm) ? endingsTold((await readLedger(lease)).ledger.endings) : [];
  const isNewLoss = loss !== undefined && !told.some(({ lostSince }) => isSameVersion(lostSince, loss.since));
  // An alarm that fires while nothing is wrong would go on firing, and nobody would know.
  const tells = !isHealthy || isNewLoss || (isAlarm && !isToldLately(told, clock.now(), isFalseAlarm));
  const outcome = endingOf(report);
  const recovery = { target: target.name, execution };
  const message = () =>
    'plan' in report
      ? refusalNotification(recovery, report)
      : isHealthy && isNewLoss
        ? lossNotification(recovery, report, loss)
        : endNotification(recovery, report);
  await endRun(
    end,
    execution,
    { outcome, counts: !isHealthy, ...(isNewLoss ? { lostSince: loss.since } : {}) },
    tells ? message : undefined,
  );
  return report;
}

function endingOf({ outcome }: RecoveryReport | RefusalReport): Ending['outcome'] {
  if (outcome === 'PlanChanged') return 'NotApproved';
  return outcome === 'Inconclusive' ? 'Recovered' : outcome;
}

/** An alarm that fires for nothing was told of by an ending without a loss. */
const isFalseAlarm = ({ outcome, lostSince }: Ending) => outcome === 'Healthy' && lostSince === undefined;

/** A parameter that was created again counts from 1 again. */
function isSameVersion(one: KnownVersion | undefined, other: KnownVersion): boolean {
  return one?.version === other.version && one.modifiedAt === other.modifiedAt;
}

export const handler = stateHandler(
  ReportRecoveryInput,
  EndResources,
  () => ({ ...openLease(), ...openTopic() }),
  reportRecovery,
);
