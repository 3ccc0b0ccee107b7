import type { SNSClient } from '@aws-sdk/client-sns';
import { type Services, stateHandler } from '../recovery/handler.ts';
import { keepApproval, type LeaseClients, openLease } from '../recovery/lease.ts';
import { approvalNotification } from '../recovery/notification.ts';
import { ApprovalSettings } from '../recovery/settings.ts';
import { RequestApprovalInput } from '../recovery/states.ts';
import { openTopic, publish } from '../recovery/topic.ts';

type RequestApprovalServices = Services<ApprovalSettings> & LeaseClients & { readonly sns: SNSClient };

/**
 * Shows a person the plan, and keeps what `recover approve` and `recover reject` need to answer. The state waits for
 * that answer when this has returned.
 *
 * @throws RecoveryError LeaseLost
 */
export async function requestApproval(
  { execution, request, plan, taskToken }: RequestApprovalInput,
  services: RequestApprovalServices,
): Promise<void> {
  const { settings, clock, sns } = services;
  const until = new Date(clock.now() + settings.APPROVE_WITHIN_MINUTES * 60_000).toISOString();
  await keepApproval(services, execution, { taskToken, plan, until });
  const recovery = { target: settings.TARGET, execution };
  await publish(sns, settings.TOPIC_ARN, approvalNotification(recovery, request, plan, until));
}

export const handler = stateHandler(
  RequestApprovalInput,
  ApprovalSettings,
  () => ({ ...openLease(), ...openTopic() }),
  requestApproval,
);
