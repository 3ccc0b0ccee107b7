import type { SNSClient } from '@aws-sdk/client-sns';
import type * as v from 'valibot';
import { announce, openTopic } from '../aws/topic.ts';
import { AnnounceRecoveryInput } from '../workflow/chain.ts';
import { startNotification } from '../workflow/messages.ts';
import type { Announcement } from '../workflow/results.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { TopicResources } from './runtime/resources.ts';

type AnnounceRecoveryServices = Services<v.InferOutput<typeof TopicResources>> & { readonly sns: SNSClient };

/**
 * Tells a person, right before the first change, what is about to be changed. A message that can't be sent is a
 * finding: it must not stop the recovery.
 */
export async function announceRecovery(
  { execution, request, plan }: AnnounceRecoveryInput,
  { target, resources, sns }: AnnounceRecoveryServices,
): Promise<Announcement> {
  const recovery = { target: target.name, execution };
  return announce(sns, resources.TOPIC_ARN, startNotification(recovery, request, plan));
}

export const handler = stateHandler(
  AnnounceRecoveryInput,
  TopicResources,
  () => openTopic(),
  announceRecovery,
);
