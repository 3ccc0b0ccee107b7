import {
  PublishCommand,
  paginateListSubscriptionsByTopic,
  SNSClient,
  type SNSClientConfig,
} from '@aws-sdk/client-sns';
import type { SubscriptionFacts } from '../workflow/doctor/facts.ts';
import type { Notification } from '../workflow/messages.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { Announcement } from '../workflow/results.ts';
import { callAws, callPages, readerConfig, required } from './call.ts';

/** Being told twice is better than not at all: the SDK may repeat the call. */
export const openTopic = (config: SNSClientConfig = {}) => ({
  sns: new SNSClient({ ...readerConfig(), ...config }),
});

/** Sends a message to everybody who has subscribed to the topic. */
export async function publish(
  sns: SNSClient,
  topicArn: string,
  { subject, text }: Notification,
): Promise<void> {
  const call = { action: 'sns:Publish', resource: `topic ${topicArn}` };
  await callAws(call, async () => {
    const { MessageId } = await sns.send(
      new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: text }),
    );
    return required(call, 'MessageId', MessageId);
  });
}

/** As `publish`, where a message that can't be sent is a finding, and must not stop what it is about. */
export async function announce(
  sns: SNSClient,
  topicArn: string,
  notification: Notification,
): Promise<Announcement> {
  try {
    await publish(sns, topicArn, notification);
    return { problem: null };
  } catch (error) {
    if (error instanceof RecoveryError) return { problem: error.name };
    throw error;
  }
}

/**
 * Who has subscribed to a topic, without the addresses; nobody if there is no such topic. Until somebody confirms, SNS
 * has `PendingConfirmation` in the place of the subscription's ARN.
 */
export async function listSubscriptions(sns: SNSClient, topicArn: string): Promise<SubscriptionFacts[]> {
  const call = { action: 'sns:ListSubscriptionsByTopic', resource: `topic ${topicArn}` };
  const pages = paginateListSubscriptionsByTopic({ client: sns }, { TopicArn: topicArn });
  const found = await callPages(call, pages, 'Subscriptions', { NotFoundException: () => [] });
  return found.map(({ Protocol = '', SubscriptionArn = '' }) => ({
    protocol: Protocol,
    isConfirmed: SubscriptionArn.startsWith('arn:'),
  }));
}
