/** SQS: the depth of queues, which is all that is asked of it here. */
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { accountId, region } from '../template.ts';

export class Queues {
  readonly #depths = new Map<string, number>();

  setDepth(queueName: string, depth: number): void {
    this.#depths.set(queueName, depth);
  }

  depth(queueName: string): number {
    const depth = this.#depths.get(queueName);
    if (depth === undefined)
      throw new AwsError('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist.');
    return depth;
  }
}

/** @param endpointUrl the endpoint's own address: the SDK sends a queue's calls to the host of its URL. */
export function sqsService(queues: Queues, endpointUrl: () => string): Service {
  return {
    targetPrefix: 'AmazonSQS',
    operations: {
      GetQueueUrl: operation(v.object({ QueueName: v.string() }), ({ QueueName }) => {
        queues.depth(QueueName);
        return { QueueUrl: `${endpointUrl()}/${accountId}/${QueueName}` };
      }),

      GetQueueAttributes: operation(v.object({ QueueUrl: v.string() }), ({ QueueUrl }) => {
        const queueName = QueueUrl.split('/').at(-1) ?? '';
        return {
          Attributes: {
            ApproximateNumberOfMessages: String(queues.depth(queueName)),
            QueueArn: `arn:aws:sqs:${region}:${accountId}:${queueName}`,
          },
        };
      }),
    },
  };
}
