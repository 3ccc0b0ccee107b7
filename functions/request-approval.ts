import type { SNSClient } from '@aws-sdk/client-sns';
import { keepApproval, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { openTopic, publish } from '../aws/topic.ts';
import { approvalNotification } from '../workflow/messages.ts';
import { RequestApprovalInput } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { ApprovalSettings } from './runtime/settings.ts';

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
