import type { SNSClient } from '@aws-sdk/client-sns';
import { openTopic, publish } from '../aws/topic.ts';
import { startNotification } from '../workflow/messages.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { type Announcement, AnnounceRecoveryInput } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { TopicSettings } from './runtime/settings.ts';

type AnnounceRecoveryServices = Services<TopicSettings> & { readonly sns: SNSClient };

/**
 * Tells a person, right before the first change, what is about to be changed. A message that can't be sent is a
 * finding: it must not keep the API from being recovered.
 */
export async function announceRecovery(
  { execution, request, plan }: AnnounceRecoveryInput,
  { settings, sns }: AnnounceRecoveryServices,
): Promise<Announcement> {
  const recovery = { target: settings.TARGET, execution };
  try {
    await publish(sns, settings.TOPIC_ARN, startNotification(recovery, request, plan));
    return { problem: null };
  } catch (error) {
    if (error instanceof RecoveryError) return { problem: error.name };
    throw error;
  }
}

export const handler = stateHandler(AnnounceRecoveryInput, TopicSettings, openTopic, announceRecovery);
