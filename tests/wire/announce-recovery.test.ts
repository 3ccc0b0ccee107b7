import { announceRecovery } from '../../functions/announce-recovery.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { topicArn } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { executionRef, recoveryPlan } from '../support/execution-facts.ts';
import { request } from '../support/reported-run.ts';
import { servicesOf } from '../support/services.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const announce = () =>
  announceRecovery({ execution: executionRef(), request, plan: recoveryPlan() }, servicesOf(aws));

describe('AnnounceRecovery', () => {
  it('tells the topic what is about to be changed', async () => {
    expect(await announce()).toEqual({ problem: null });
    expect(aws.topics.messages).toEqual([
      {
        topicArn,
        subject: 'env-recovery: app recovery started',
        message: expect.stringContaining('  deploy      i-00000001 with app-deploy'),
      },
    ]);
  });

  it('finds, and does not fail, where nobody can be told', async () => {
    aws.fail('Publish', new AwsError('AuthorizationError', 'no', 403));
    expect(await announce()).toEqual({ problem: 'AccessDenied' });
  });
});
