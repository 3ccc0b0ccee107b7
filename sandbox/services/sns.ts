/** SNS: topics that keep what is published to them. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';

export interface Message {
  readonly topicArn: string;
  /** Empty if it has none. */
  readonly subject: string;
  readonly message: string;
}

const maxMessageBytes = 262_144;

/** ASCII without line breaks or control characters; begins with a letter, a number or a punctuation mark. */
const subjectPattern = /^[!-~][ -~]{0,99}$/;

export class Topics {
  readonly #arns = new Set<string>();
  /** What has been published, oldest first. */
  readonly messages: Message[] = [];
  readonly #onMessage: (message: Message) => void;

  constructor(onMessage: (message: Message) => void = () => undefined) {
    this.#onMessage = onMessage;
  }

  add(topicArn: string): void {
    this.#arns.add(topicArn);
  }

  /** @throws AwsError NotFound or InvalidParameter. */
  publish({
    topicArn,
    subject,
    message,
  }: Omit<Message, 'subject'> & { readonly subject?: string | undefined }): void {
    if (!/^arn:[^:]+:sns:[^:]+:\d+:[\w.-]+$/.test(topicArn)) throw invalidParameter('TopicArn');
    if (!this.#arns.has(topicArn)) throw new AwsError('NotFound', 'Topic does not exist', 404);
    if (subject !== undefined && !subjectPattern.test(subject)) throw invalidParameter('Subject');
    if (message === '') throw invalidParameter('Empty message');
    if (Buffer.byteLength(message) > maxMessageBytes) throw invalidParameter('Message too long');
    const published = { topicArn, subject: subject ?? '', message };
    this.messages.push(published);
    this.#onMessage(published);
  }
}

function invalidParameter(what: string): AwsError {
  return new AwsError('InvalidParameter', `Invalid parameter: ${what}`);
}

export function snsService(topics: Topics): Service {
  return {
    targetPrefix: 'SNS',
    operations: {
      Publish: operation(
        v.object({
          TopicArn: v.optional(v.string(), ''),
          Subject: v.optional(v.string()),
          Message: v.optional(v.string(), ''),
        }),
        ({ TopicArn, Subject, Message }) => {
          topics.publish({ topicArn: TopicArn, subject: Subject, message: Message });
          return { MessageId: randomUUID() };
        },
      ),
    },
  };
}
