import {
  ListSubscriptionsByTopicCommand,
  type ListSubscriptionsByTopicCommandOutput,
  PublishCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import type { SubscriptionFacts } from '../workflow/doctor/facts.ts';
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

/**
 * Who has subscribed to a topic, without the addresses. Until somebody confirms, SNS has `PendingConfirmation` in the
 * place of the subscription's ARN.
 *
 * @returns `undefined` if there is no such topic.
 */
export async function listSubscriptions(
  sns: SNSClient,
  topicArn: string,
): Promise<SubscriptionFacts[] | undefined> {
  const call = { action: 'sns:ListSubscriptionsByTopic', resource: `topic ${topicArn}` };
  const found: SubscriptionFacts[] = [];
  let nextToken: string | undefined;
  do {
    const page = await callAws<ListSubscriptionsByTopicCommandOutput | undefined>(
      call,
      () =>
        sns.send(
          new ListSubscriptionsByTopicCommand({
            TopicArn: topicArn,
            ...(nextToken === undefined ? {} : { NextToken: nextToken }),
          }),
        ),
      { NotFoundException: () => undefined },
    );
    if (!page) return undefined;
    for (const { Protocol, SubscriptionArn = '' } of required(call, 'Subscriptions', page.Subscriptions))
      found.push({ protocol: Protocol ?? '', isConfirmed: SubscriptionArn.startsWith('arn:') });
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return found;
}
