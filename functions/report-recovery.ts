import type { SNSClient } from '@aws-sdk/client-sns';
import type * as v from 'valibot';
import { type LeaseClients, type LeaseDoor, openLease, readLedger } from '../aws/lease-table.ts';
import { openTopic } from '../aws/topic.ts';
import { ReportRecoveryInput } from '../workflow/chain.ts';
import { endNotification, refusalNotification } from '../workflow/messages.ts';
import { makeReport, type RecoveryReport, type RefusalReport } from '../workflow/report.ts';
import { endRun } from './runtime/end-run.ts';
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
  // An alarm that fires while nothing is wrong would go on firing, and nobody would know.
  const tells = !isHealthy || (report.trigger === 'alarm' && !(await isToldLately(lease)));
  const outcome = report.outcome === 'PlanChanged' ? 'NotApproved' : report.outcome;
  const recovery = { target: target.name, execution };
  const message = () =>
    'plan' in report ? refusalNotification(recovery, report) : endNotification(recovery, report);
  await endRun(
    { lease, sns, topicArn: resources.TOPIC_ARN },
    execution,
    { outcome, counts: !isHealthy },
    tells ? message : undefined,
  );
  return report;
}

/** Once a night is enough to be told that an alarm fires for nothing. */
const quietMs = 8 * 3_600_000;

async function isToldLately(lease: LeaseDoor): Promise<boolean> {
  const { ledger } = await readLedger(lease);
  return ledger.endings.some(
    ({ outcome, told, endedAt }) =>
      outcome === 'Healthy' && told && Date.parse(endedAt) > lease.clock.now() - quietMs,
  );
}

export const handler = stateHandler(
  ReportRecoveryInput,
  EndResources,
  () => ({ ...openLease(), ...openTopic() }),
  reportRecovery,
);
