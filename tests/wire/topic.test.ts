import { publish } from '../../aws/topic.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { topicArn } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';

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

  it('takes no answer without the id of the message for a message', async () => {
    const body = '<PublishResponse><PublishResult></PublishResult></PublishResponse>';
    aws.fail('Publish', { status: 200, body, isCarriedOut: false });
    await expect(publish(aws.sns, topicArn, notification)).rejects.toMatchObject({
      name: 'AwsUnavailable',
      message: expect.stringContaining('has no MessageId'),
    });
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
