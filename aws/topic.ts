import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Notification } from '../workflow/messages.ts';
import { callAws, readerConfig, required } from './call.ts';

/** Being told twice is better than not at all: the SDK may repeat the call. */
export const openTopic = () => ({ sns: new SNSClient(readerConfig()) });

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
