import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { RecoveryError } from '../workflow/errors.ts';
import { callAws } from './call.ts';

/** The messages waiting in a queue, as SQS estimates them (`ApproximateNumberOfMessages`). */
export async function readQueueDepth(sqs: SQSClient, queueName: string): Promise<number> {
  const resource = `queue ${queueName}`;
  const { QueueUrl } = await callAws({ action: 'sqs:GetQueueUrl', resource }, () =>
    sqs.send(new GetQueueUrlCommand({ QueueName: queueName })),
  );
  const { Attributes } = await callAws({ action: 'sqs:GetQueueAttributes', resource }, () =>
    sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] })),
  );
  const depth = Number(Attributes?.ApproximateNumberOfMessages ?? Number.NaN);
  if (!Number.isInteger(depth)) throw new RecoveryError('AwsRejected', `${resource}: SQS gave no depth.`);
  return depth;
}
