import type { SNSClient } from '@aws-sdk/client-sns';
import { endLease, type LeaseClients, openLease, readLedger } from '../aws/lease-table.ts';
import { openTopic, publish } from '../aws/topic.ts';
import { endNotification } from '../workflow/messages.ts';
import { type RecoveryReport, ReportRecoveryInput, wasRepaired } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { EndSettings } from './runtime/settings.ts';

type ReportRecoveryServices = Services<EndSettings> & LeaseClients & { readonly sns: SNSClient };

/**
 * Puts the execution's output together, gives the lease back, and tells a person if anything was repaired, or
 * if an alarm has fired for nothing.
 */
export async function reportRecovery(
  state: ReportRecoveryInput,
  services: ReportRecoveryServices,
): Promise<RecoveryReport> {
  const { settings, clock, sns } = services;
  const { execution } = state;
  const report = makeReport(state, clock.now());
  const isRecovered = report.outcome === 'Recovered';
  // An alarm that fires where nothing is wrong would go on doing so, and nobody would know.
  const tells = isRecovered || (report.trigger === 'alarm' && !(await isToldLately(services)));
  const end = { outcome: report.outcome, counts: isRecovered };
  const { own } = await endLease(services, execution, { ...end, told: !tells });
  if (tells && !own?.told) {
    const recovery = { target: settings.TARGET, execution };
    await publish(sns, settings.TOPIC_ARN, endNotification(recovery, report));
    await endLease(services, execution, { ...end, told: true });
  }
  return report;
}

/** To be told once that an alarm fires for nothing is enough for a night. */
const quietMs = 8 * 3_600_000;

async function isToldLately(services: ReportRecoveryServices): Promise<boolean> {
  const { ledger } = await readLedger(services);
  return ledger.endings.some(
    ({ outcome, told, endedAt }) =>
      outcome === 'Healthy' && told && Date.parse(endedAt) > services.clock.now() - quietMs,
  );
}

function makeReport(state: ReportRecoveryInput, finishedAtMs: number): RecoveryReport {
  const { execution, request, env, upload, deployment, endpoint, patch, backlog, knownGood } = state;
  return {
    outcome: wasRepaired(state) ? 'Recovered' : 'Healthy',
    execution: execution.name,
    trigger: request.trigger,
    reason: request.reason,
    startedAt: execution.startedAt,
    finishedAt: new Date(finishedAtMs).toISOString(),
    durationSeconds: secondsBetween(execution.startedAt, finishedAtMs),
    env: {
      parameterName: env.parameterName,
      finding: env.finding,
      keyCountBefore: env.keyCount,
      keyCountAfter: (upload ?? env).keyCount,
      versionBefore: env.version,
      versionAfter: (upload ?? env).version,
      restoredKeys: upload?.restoredKeys ?? [],
      source: upload?.source ?? null,
      notes: notesOn(state),
    },
    deployment: deployment
      ? {
          commandId: deployment.commandId,
          instanceIds: deployment.instanceIds,
          durationSeconds: secondsBetween(
            deployment.startedAt,
            Date.parse(deployment.finishedAt ?? deployment.startedAt),
          ),
        }
      : null,
    endpoint: { httpStatus: endpoint.httpStatus, backlog: endpoint.backlog },
    function: {
      functionName: patch.functionName,
      outcome: patch.outcome,
      setKeys: patch.setKeys,
      removedKeys: patch.removedKeys,
      keptKeyCount: patch.keptKeyCount,
    },
    metric: { name: backlog.metric, value: backlog.datapoint.value, timestamp: backlog.datapoint.timestamp },
    knownGood,
  };
}

/** What was odd about the text as it was found; a restore writes it back without the first two. */
function notesOn({ env, upload, announcement, knownGood }: ReportRecoveryInput): string[] {
  const fate = upload ? 'not written back' : 'still there';
  return [
    ...(env.hasBom ? [`a byte order mark was at the start (${fate})`] : []),
    ...(env.hasCrlf ? [`lines ended with CRLF (${fate})`] : []),
    ...env.duplicateKeys.map((key) => `${key} is there more than once, the last one counts`),
    ...(env.type !== null && env.type !== 'SecureString'
      ? [`the parameter was a ${env.type}, not a SecureString`]
      : []),
    ...(upload?.revertedKeys ?? []).map(
      (key) => `${key} is back to its known-good value; a newer complete version has another`,
    ),
    ...(announcement?.problem
      ? [`nobody could be told before the first change (${announcement.problem})`]
      : []),
    ...(knownGood.outcome === 'Replaced'
      ? ['somebody has written the parameter meanwhile, so that it was not marked as known-good']
      : []),
    ...(knownGood.outcome === 'NotProven'
      ? [
          `version ${knownGood.version} was not marked as known-good: nothing was deployed, and it is younger than a day or lacks keys of the known-good one`,
        ]
      : []),
  ];
}

function secondsBetween(start: string, endMs: number): number {
  return Math.max(0, Math.round((endMs - Date.parse(start)) / 100) / 10);
}

export const handler = stateHandler(
  ReportRecoveryInput,
  EndSettings,
  () => ({ ...openLease(), ...openTopic() }),
  reportRecovery,
);
