import type { SNSClient } from '@aws-sdk/client-sns';
import * as v from 'valibot';
import { keepApproval, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { openTopic, publish } from '../aws/topic.ts';
import { RequestApprovalInput } from '../workflow/chain.ts';
import { ExecutionRef } from '../workflow/execution-ref.ts';
import { approvalNotification } from '../workflow/messages.ts';
import { approvalMinutesOf } from '../workflow/target.ts';
import { lambdaHandler, type Services } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { EndResources } from './runtime/resources.ts';

/** Like any state's, and the token that an answer needs. */
const ApprovalEvent = v.object({
  state: RequestApprovalInput,
  execution: ExecutionRef,
  taskToken: v.string(),
});

type RequestApprovalServices = Services<v.InferOutput<typeof EndResources>> &
  LeaseClients & { readonly sns: SNSClient };

/**
 * Shows a person the plan, and keeps what `recover approve` and `recover reject` need to answer. After this function
 * has returned, the state waits for that answer.
 *
 * @throws RecoveryError LeaseLost
 */
export async function requestApproval(
  { state: { request, plan }, execution, taskToken }: v.InferOutput<typeof ApprovalEvent>,
  services: RequestApprovalServices,
): Promise<void> {
  const { target, resources, clock, sns } = services;
  const until = new Date(clock.now() + approvalMinutesOf(target) * 60_000).toISOString();
  await keepApproval(leaseDoor(services), execution, { taskToken, plan, until });
  const recovery = { target: target.name, execution };
  await publish(sns, resources.TOPIC_ARN, approvalNotification(recovery, request, plan, until));
}

export const handler = lambdaHandler(
  ApprovalEvent,
  EndResources,
  () => ({ ...openLease(), ...openTopic() }),
  requestApproval,
);
