/** What a mistake in who is told is told as. */
import { fileWith, mistakeIn } from '../support/target-file.ts';

const chat =
  "a chat's webhook can't confirm a subscription: use the e-mail address of the channel, or give the topic to Amazon Q Developer in chat applications";
const shown = 'a URL with a user or a password would show them:';
const subscription = 'notify.subscriptions.0';

const subscriptions: [protocol: string, endpoint: unknown, told: string][] = [
  ['email', 'oncall', 'expected an e-mail address'],
  ['https', 'http://example.com/', 'expected a URL that starts with https://'],
  ['https', 'https://user:canary@example.com/', `${shown} subscribe it to the topic by hand`],
  ['https', 'https://hooks.slack.com/services/T0/B0/x', chat],
  ['https', 'https://discord.com/api/webhooks/0/x', chat],
  ['https', 'https://x.webhook.office.com/webhookb2/x', chat],
  ['https', 'https://wh.jandi.com/connect-api/webhook/0/x', chat],
  ['sms', '010-1234-5678', 'expected a phone number as E.164 writes it, such as "+821012345678"'],
  ['sms', 821012345678, 'expected text: put it in quotes'],
  ['sqs', 'undelivered', 'expected the ARN of a queue'],
  [
    'sqs',
    'arn:aws:sqs:ap-northeast-2:111122223333:told.fifo',
    "a FIFO queue can't subscribe to a standard topic",
  ],
  ['lambda', 'tell', 'expected the ARN of a function'],
];

it.each(subscriptions)('in a subscription by %s of %j', (protocol, endpoint, told) => {
  expect(mistakeIn(fileWith({ [subscription]: { protocol, endpoint } }))).toBe(
    `targets/x.yml: ${subscription}.endpoint: ${told}`,
  );
});
