import type { SNSClient } from '@aws-sdk/client-sns';
import { type Services, stateHandler } from '../recovery/handler.ts';
import { startNotification } from '../recovery/notification.ts';
import { TopicSettings } from '../recovery/settings.ts';
import { AnnounceRecoveryInput } from '../recovery/states.ts';
import { openTopic, publish } from '../recovery/topic.ts';

type AnnounceRecoveryServices = Services<TopicSettings> & { readonly sns: SNSClient };

/** Tells a person, right before the first change, what is about to be changed. */
export async function announceRecovery(
  { execution, request, plan }: AnnounceRecoveryInput,
  { settings, clock, sns }: AnnounceRecoveryServices,
): Promise<{ readonly announcedAt: string }> {
  const recovery = { target: settings.TARGET, execution };
  await publish(sns, settings.TOPIC_ARN, startNotification(recovery, request, plan));
  return { announcedAt: new Date(clock.now()).toISOString() };
}

export const handler = stateHandler(AnnounceRecoveryInput, TopicSettings, openTopic, announceRecovery);
