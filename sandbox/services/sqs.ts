/** SQS: the depth of queues, and what other services put into them. */
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { accountId, arn } from '../template.ts';

/** A message that a service has put into a queue. */
export interface QueueMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface Queue {
  /** How many messages it has whose content doesn't matter. */
  depth: number;
  readonly messages: QueueMessage[];
}

export class Queues {
  readonly #queues = new Map<string, Queue>();

  /** Creates the queue if it doesn't exist. */
  setDepth(queueName: string, depth: number): void {
    this.#queues.set(queueName, { messages: this.#queues.get(queueName)?.messages ?? [], depth });
  }

  /** @throws AwsError if there is no such queue, like all methods here. */
  depth(queueName: string): number {
    const { depth, messages } = this.#find(queueName);
    return depth + messages.length;
  }

  /** What was sent here, oldest first. */
  messages(queueName: string): readonly QueueMessage[] {
    return this.#find(queueName).messages;
  }

  /** @param queueArn as another service names a queue. */
  send(queueArn: string, body: string, attributes: Readonly<Record<string, string>> = {}): void {
    this.#find(queueArn.split(':').at(-1) ?? '').messages.push({ body, attributes });
  }

  #find(queueName: string): Queue {
    const queue = this.#queues.get(queueName);
    if (!queue)
      throw new AwsError('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist.');
    return queue;
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
            QueueArn: arn('sqs', queueName),
          },
        };
      }),
    },
  };
}
