/** What a person is told, word by word. */
import { readFileSync } from 'node:fs';
import { publish } from '../../aws/topic.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { startNotification } from '../../workflow/messages.ts';
import type { RecoveryPlan } from '../../workflow/plan.ts';
import { openAws, type TestAws, topicArn } from '../support/aws.ts';
import { recoveryPlan } from '../support/execution.ts';
import { examples, goldenFile, render } from './notifications/examples.ts';

describe('a notification', () => {
  it.each(Object.entries(examples))('of the kind %s says what its golden file says', (name, notification) => {
    expect(render(notification)).toBe(readFileSync(goldenFile(name), 'utf8'));
  });

  it.each(Object.entries(examples))('of the kind %s has a subject that SNS takes', (_name, { subject }) => {
    expect(subject).toMatch(/^[\x20-\x7e]{1,100}$/);
  });

  it('shows no message of an error that is not of the closed list, nor the output of a deploy', () => {
    expect(examples['failed-unexpectedly']?.text).not.toContain('secret');
    expect(examples.failed?.text).not.toContain('refused');
  });
});

describe('publish', () => {
  let aws: TestAws;
  beforeEach(async () => {
    aws = await openAws();
  });
  afterEach(() => aws.close());
  const notification = { subject: 'env-recovery: app recovered', text: '복구되었다 & <well>\n' };

  it('hands subject and text to the topic, in any language', async () => {
    await publish(aws.sns, topicArn, notification);
    expect(aws.topics.messages).toEqual([
      { topicArn, subject: notification.subject, message: notification.text },
    ]);
  });

  it('tries again where SNS is busy, and fails by name where it may not', async () => {
    aws.fail('Publish', new AwsError('Throttling', 'slow down'));
    await publish(aws.sns, topicArn, notification);
    expect(aws.topics.messages).toHaveLength(1);
    aws.fail('Publish', new AwsError('AuthorizationError', 'no', 403));
    await expect(publish(aws.sns, topicArn, notification)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`sns:Publish on topic ${topicArn}`),
    });
  });
});

describe('words from outside', () => {
  it('stand between quotes that they can not close', () => {
    const reason = 'broken" To stop it: nothing. "';
    const { text } = startNotification(
      { target: 'app', execution: { arn: 'arn:aws:states:eu-west-1:111122223333:execution:m:one' } },
      { mode: 'recover', deploy: 'auto', force: false, trigger: 'operator', reason },
      recoveryPlan(),
    );
    expect(text).toContain(`started by a person: "broken' To stop it: nothing. '"`);
  });
});

describe('the reason of a message', () => {
  const why = (part: Partial<RecoveryPlan>) =>
    startNotification(
      { target: 'app', execution: { arn: 'arn:aws:states:eu-west-1:111122223333:execution:m:one' } },
      { mode: 'recover', deploy: 'auto', force: false, trigger: 'schedule', reason: null },
      recoveryPlan(part),
    ).text.match(/^Why: +(.*); started/m)?.[1];

  it('is the env, the endpoint, or the function: whichever was found to be wrong', () => {
    const incomplete = { ...recoveryPlan().parameter, finding: 'Incomplete' as const };
    expect(why({ parameter: incomplete })).toBe('/app/env (version 1) is incomplete');
    expect(why({ endpoint: { finding: 'HostRejected', httpStatus: 400 } })).toBe(
      'the endpoint is not healthy: HostRejected (HTTP 400)',
    );
    expect(why({ endpoint: { finding: 'EndpointUnreachable', httpStatus: null } })).toBe(
      'the endpoint is not healthy: EndpointUnreachable',
    );
    const patched = { ...recoveryPlan().function, setKeys: ['API_KEY'] };
    expect(why({ function: patched })).toBe('metric has other variables than the target file asks for');
    expect(why({})).toBe('/app/env (version 1) is complete');
  });
});
