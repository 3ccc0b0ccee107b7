import type { SNSClient } from '@aws-sdk/client-sns';
import type * as v from 'valibot';
import { endLease, type LeaseClients, openLease, readLedger } from '../aws/lease-table.ts';
import { openTopic, publish } from '../aws/topic.ts';
import { ReportRecoveryInput } from '../workflow/chain.ts';
import { endNotification, refusalNotification } from '../workflow/messages.ts';
import { makeReport, type RecoveryReport, type RefusalReport } from '../workflow/report.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { EndResources } from './runtime/resources.ts';

type ReportRecoveryServices = Services<v.InferOutput<typeof EndResources>> &
  LeaseClients & { readonly sns: SNSClient };

/**
 * Puts the execution's output together, gives the lease back, and tells a person if anything was repaired, if the plan
 * was refused, or if an alarm has fired for nothing.
 */
export async function reportRecovery(
  run: ReportRecoveryInput,
  services: ReportRecoveryServices,
): Promise<RecoveryReport | RefusalReport> {
  const { target, resources, clock, sns } = services;
  const { execution } = run;
  const lease = leaseDoor(services);
  const report = makeReport(run, clock.now());
  const isHealthy = report.outcome === 'Healthy';
  // An alarm that fires where nothing is wrong would go on doing so, and nobody would know.
  const tells = !isHealthy || (report.trigger === 'alarm' && !(await isToldLately(services)));
  const outcome = report.outcome === 'PlanChanged' ? 'NotApproved' : report.outcome;
  const end = { outcome, counts: !isHealthy };
  const { own } = await endLease(lease, execution, { ...end, told: !tells });
  if (tells && !own?.told) {
    const recovery = { target: target.name, execution };
    const message =
      'plan' in report ? refusalNotification(recovery, report) : endNotification(recovery, report);
    await publish(sns, resources.TOPIC_ARN, message);
    await endLease(lease, execution, { ...end, told: true });
  }
  return report;
}

/** To be told once that an alarm fires for nothing is enough for a night. */
const quietMs = 8 * 3_600_000;

async function isToldLately(services: ReportRecoveryServices): Promise<boolean> {
  const { ledger } = await readLedger(leaseDoor(services));
  return ledger.endings.some(
    ({ outcome, told, endedAt }) =>
      outcome === 'Healthy' && told && Date.parse(endedAt) > services.clock.now() - quietMs,
  );
}

export const handler = stateHandler(
  ReportRecoveryInput,
  EndResources,
  () => ({ ...openLease(), ...openTopic() }),
  reportRecovery,
);
