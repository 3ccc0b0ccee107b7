/** The addresses in a target file: of the endpoint, and of those who are told. */
import * as v from 'valibot';
import { checkedBy, matching } from './fields.ts';

/**
 * A name, with `_` as DNS and container networks take it, or an address; and perhaps a port. What a framework takes is
 * its own affair: Django, for one, refuses `_`.
 */
const hostAndPort = /^([a-z0-9._-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(:\d+)?$/i;

/** A Host header. */
export const hostHeader = checkedBy((host) => {
  if (host.includes('/')) return 'expected a host such as api.example.com, without scheme and path';
  return hostAndPort.test(host) ? undefined : 'expected a host such as api.example.com';
});

const hasCredentials = (url: string): boolean => {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
};

export const httpUrl = checkedBy((url) => {
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url))
    return 'expected a URL that starts with http:// or https://';
  // What parses a URL takes them away; who gets this text as a variable may not.
  if (/\s/.test(url)) return 'expected a URL without blanks, tabs and line breaks';
  if (new URL(url).port === '0') return 'expected a port from 1 to 65535';
  // They would show in the template and in messages.
  if (hasCredentials(url))
    return 'a URL with a user or a password would show them: send them in a header from the parameter, by endpoint.headersFromEnv';
  return hostAndPort.test(new URL(url).host)
    ? undefined
    : 'expected a host of letters, digits, dots, hyphens and _';
});

/** Webhooks of chats take messages of their own kind only, so none follows the link with which SNS has it confirmed. */
const chatWebhooks =
  /^(hooks\.slack\.com|(.+\.)?discord(app)?\.com|(.+\.)?webhook\.office\.com|outlook\.office\.com|(.+\.)?logic\.azure\.com|(.+\.)?api\.powerplatform\.com|chat\.googleapis\.com|hooks\.chime\.aws|api\.telegram\.org|open\.(feishu\.cn|larksuite\.com)|wh\.jandi\.com|(.+\.)?dooray\.com|(.+\.)?kakaowork\.com)$/;

/**
 * https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html: the endpoint has to answer a
 * SubscriptionConfirmation.
 */
const httpsEndpoint = checkedBy((url) => {
  if (!url.startsWith('https://') || !URL.canParse(url)) return 'expected a URL that starts with https://';
  if (hasCredentials(url))
    return 'a URL with a user or a password would show them: subscribe it to the topic by hand';
  if (chatWebhooks.test(new URL(url).hostname))
    return "a chat's webhook can't confirm a subscription: use the e-mail address of the channel, or give the topic to Amazon Q Developer in chat applications";
  return undefined;
});

/** A topic of the stack is a standard one: https://docs.aws.amazon.com/sns/latest/dg/sns-fifo-topics.html. */
const queueArn = checkedBy((arn) => {
  if (!/^arn:[^:]+:sqs:[^:]+:\d{12}:[\w-]{1,80}(\.fifo)?$/.test(arn)) return 'expected the ARN of a queue';
  return arn.endsWith('.fifo') ? "a FIFO queue can't subscribe to a standard topic" : undefined;
});

const subscription = <Protocol extends string, Endpoint extends v.GenericSchema<string>>(
  protocol: Protocol,
  endpoint: Endpoint,
) => v.strictObject({ protocol: v.literal(protocol), endpoint });

/** https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html, `Endpoint` by `Protocol`. */
export const Subscription = v.variant('protocol', [
  subscription('email', matching(/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/, 'expected an e-mail address')),
  subscription('https', httpsEndpoint),
  subscription(
    'sms',
    matching(/^\+[1-9]\d{6,14}$/, 'expected a phone number as E.164 writes it, such as "+821012345678"'),
  ),
  subscription('sqs', queueArn),
  subscription(
    'lambda',
    matching(
      /^arn:[^:]+:lambda:[^:]+:\d{12}:function:[\w-]{1,64}(:[\w$-]+)?$/,
      'expected the ARN of a function',
    ),
  ),
]);
