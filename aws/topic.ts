import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Notification } from '../workflow/messages.ts';
import { callAws, readerConfig } from './call.ts';

/** To be told twice is better than not at all: the SDK may repeat the call. */
export const openTopic = () => ({ sns: new SNSClient(readerConfig()) });

/** Tells whoever has subscribed to the topic. */
export async function publish(
  sns: SNSClient,
  topicArn: string,
  { subject, text }: Notification,
): Promise<void> {
  await callAws({ action: 'sns:Publish', resource: `topic ${topicArn}` }, () =>
    sns.send(new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: text })),
  );
}
