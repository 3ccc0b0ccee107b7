import type { SNSClient } from '@aws-sdk/client-sns';
import { endLease, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { openTopic, publish } from '../aws/topic.ts';
import { refusalNotification } from '../workflow/messages.ts';
import { type RefusalReport, ReportRefusalInput } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { EndSettings } from './runtime/settings.ts';

type ReportRefusalServices = Services<EndSettings> & LeaseClients & { readonly sns: SNSClient };

/** Ends an execution whose plan nobody has approved, or that things have overtaken: nothing was changed. */
export async function reportRefusal(
  { execution, request, plan, approval }: ReportRefusalInput,
  services: ReportRefusalServices,
): Promise<RefusalReport> {
  const { settings, clock, sns } = services;
  const report: RefusalReport = {
    outcome: approval?.decision === 'Approved' ? 'PlanChanged' : 'NotApproved',
    execution: execution.name,
    trigger: request.trigger,
    reason: request.reason,
    startedAt: execution.startedAt,
    finishedAt: new Date(clock.now()).toISOString(),
    answer: approval ?? null,
    plan,
  };
  const end = { outcome: 'NotApproved', counts: true } as const;
  const { own } = await endLease(services, execution, { ...end, told: false });
  if (!own?.told) {
    await publish(
      sns,
      settings.TOPIC_ARN,
      refusalNotification({ target: settings.TARGET, execution }, report),
    );
    await endLease(services, execution, { ...end, told: true });
  }
  return report;
}

export const handler = stateHandler(
  ReportRefusalInput,
  EndSettings,
  () => ({ ...openLease(), ...openTopic() }),
  reportRefusal,
);
