/** SNS: topics that keep what is published to them. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { accountId } from '../template.ts';

export interface Message {
  readonly topicArn: string;
  /** Empty if it has none. */
  readonly subject: string;
  readonly message: string;
}

/** What a topic sends its messages to. AWS sends nothing there until somebody confirms. */
const Subscription = v.object({ Protocol: v.string(), Endpoint: v.string() });
type Subscription = v.InferOutput<typeof Subscription>;

export const TopicProperties = v.object({ Subscription: v.optional(v.array(Subscription), []) });

const maxMessageBytes = 262_144;

/** ASCII without line breaks or control characters; begins with a letter, a number or a punctuation mark. */
const subjectPattern = /^[!-~][ -~]{0,99}$/;

type Subscribed = Subscription & { SubscriptionArn: string };

const pending = 'PendingConfirmation';

export class Topics {
  readonly #topics = new Map<string, Subscribed[]>();
  /** Which subscription a link confirms, by the token in it. */
  readonly #tokens = new Map<string, Subscribed>();
  /** What has been published, oldest first. */
  readonly messages: Message[] = [];
  readonly #onMessage: (message: Message) => void;

  constructor(onMessage: (message: Message) => void = () => undefined) {
    this.#onMessage = onMessage;
  }

  add(topicArn: string, subscriptions: readonly Subscription[] = []): void {
    this.#topics.set(topicArn, []);
    for (const subscription of subscriptions) this.subscribe(topicArn, subscription);
  }

  /** A subscription that somebody has to confirm, with the token that is sent there. */
  subscribe(topicArn: string, subscription: Subscription): void {
    const subscribed = { ...subscription, SubscriptionArn: pending };
    this.subscriptions(topicArn).push(subscribed);
    this.#tokens.set(randomUUID().replaceAll('-', ''), subscribed);
  }

  /** The tokens in the messages to an address, oldest first. */
  tokensTo(address: string): string[] {
    return [...this.#tokens].flatMap(([token, { Endpoint }]) => (Endpoint === address ? token : []));
  }

  /** @throws AwsError NotFound or InvalidParameter. */
  confirm(topicArn: string, token: string): string {
    const subscribed = this.#tokens.get(token);
    if (!subscribed || !this.subscriptions(topicArn).includes(subscribed)) throw invalidParameter('Token');
    if (subscribed.SubscriptionArn === pending) subscribed.SubscriptionArn = `${topicArn}:${randomUUID()}`;
    return subscribed.SubscriptionArn;
  }

  /** @throws AwsError NotFound. */
  subscriptions(topicArn: string) {
    const subscriptions = this.#topics.get(topicArn);
    if (!subscriptions) throw new AwsError('NotFound', 'Topic does not exist', 404);
    return subscriptions;
  }

  /** Everybody follows the link that SNS has sent them. */
  confirmSubscriptions(): void {
    for (const [topicArn, subscriptions] of this.#topics)
      for (const subscription of subscriptions) subscription.SubscriptionArn = `${topicArn}:${randomUUID()}`;
  }

  /** @throws AwsError NotFound or InvalidParameter. */
  publish({
    topicArn,
    subject,
    message,
  }: Omit<Message, 'subject'> & { readonly subject?: string | undefined }): void {
    if (!/^arn:[^:]+:sns:[^:]+:\d+:[\w.-]+$/.test(topicArn)) throw invalidParameter('TopicArn');
    this.subscriptions(topicArn);
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

      Subscribe: operation(
        v.object({ TopicArn: v.string(), Protocol: v.string(), Endpoint: v.string() }),
        ({ TopicArn, ...subscription }) => {
          topics.subscribe(TopicArn, subscription);
          return { SubscriptionArn: 'pending confirmation' };
        },
      ),

      ConfirmSubscription: operation(
        v.object({ TopicArn: v.string(), Token: v.string() }),
        ({ TopicArn, Token }) => ({ SubscriptionArn: topics.confirm(TopicArn, Token) }),
      ),

      ListSubscriptionsByTopic: operation(v.object({ TopicArn: v.string() }), ({ TopicArn }) => ({
        Subscriptions: topics
          .subscriptions(TopicArn)
          .map((subscription) => ({ ...subscription, TopicArn, Owner: accountId })),
      })),
    },
  };
}
