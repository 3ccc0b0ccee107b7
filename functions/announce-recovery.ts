import type { SNSClient } from '@aws-sdk/client-sns';
import type * as v from 'valibot';
import { openTopic, publish } from '../aws/topic.ts';
import { AnnounceRecoveryInput } from '../workflow/chain.ts';
import { startNotification } from '../workflow/messages.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
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
  try {
    await publish(sns, resources.TOPIC_ARN, startNotification(recovery, request, plan));
    return { problem: null };
  } catch (error) {
    if (error instanceof RecoveryError) return { problem: error.name };
    throw error;
  }
}

export const handler = stateHandler(AnnounceRecoveryInput, TopicResources, openTopic, announceRecovery);
