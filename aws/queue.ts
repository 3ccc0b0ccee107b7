import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { callAws } from './call.ts';

/**
 * The messages waiting in a queue, as SQS estimates them (`ApproximateNumberOfMessages`); `undefined` if the answer
 * holds no such number.
 */
export async function readQueueDepth(sqs: SQSClient, queueName: string): Promise<number | undefined> {
  const resource = `queue ${queueName}`;
  const { QueueUrl } = await callAws({ action: 'sqs:GetQueueUrl', resource }, () =>
    sqs.send(new GetQueueUrlCommand({ QueueName: queueName })),
  );
  const { Attributes } = await callAws({ action: 'sqs:GetQueueAttributes', resource }, () =>
    sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] })),
  );
  const depth = Number(Attributes?.ApproximateNumberOfMessages ?? Number.NaN);
  return Number.isInteger(depth) ? depth : undefined;
}
