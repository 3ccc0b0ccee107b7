/** The first state: who may go on. */
import { endLease } from '../../aws/lease-table.ts';
import { takeLease } from '../../functions/take-lease.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { ExecutionRef } from '../../workflow/execution-ref.ts';
import { topicArn } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { leaseDoor, startExecution } from '../support/execution.ts';
import { executionRef } from '../support/execution-facts.ts';
import { servicesOf } from '../support/services.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

/** An execution that really runs, for DescribeExecution. */
function start(name: string): ExecutionRef {
  return executionRef({ name, arn: startExecution(aws, name).executionArn });
}

describe('TakeLease', () => {
  const alarm = {
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
    detail: { alarmName: 'beat', state: { value: 'ALARM' } },
  };
  const recover = async (name: string, outcome: 'Recovered' | 'Failed') => {
    const ref = start(name);
    await run({}, ref);
    await endLease(leaseDoor(aws), ref, { outcome, counts: true, told: true });
  };
  const run = (input: unknown, ref = executionRef()) => takeLease({ execution: ref, input }, servicesOf(aws));

  it('refuses an unknown input before it calls anything', async () => {
    await expect(run({ parameter: '/other' })).rejects.toMatchObject({ name: 'InvalidInput' });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('leaves at once when an alarm that is OK has started it, and calls nothing', async () => {
    const input = {
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      detail: { alarmName: 'beat', state: { value: 'OK' } },
    };
    expect(await run(input)).toMatchObject({ outcome: 'AlarmIsOk', trigger: 'alarm', owner: null });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('takes no lease for a plan, and calls nothing', async () => {
    expect(await run({ mode: 'plan' })).toMatchObject({ request: { mode: 'plan' }, lease: null });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('hands on the request and the lease', async () => {
    expect(await run({ deploy: 'always' }, start('run'))).toMatchObject({
      request: { mode: 'recover', deploy: 'always', force: false },
      lease: { takenAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
    });
  });

  it('says why the execution has to leave, and who holds the lease', async () => {
    const first = start('first');
    await run({}, first);
    expect(await run({}, start('second'))).toMatchObject({
      outcome: 'AlreadyRunning',
      execution: 'second',
      trigger: 'operator',
      owner: first.arn,
    });
  });

  it('tells a person of an alarm that fires in the pause after a recovery', async () => {
    await recover('first', 'Recovered');
    expect(await run(alarm, start('second'))).toMatchObject({
      outcome: 'CoolingDown',
      announcement: { problem: null },
    });
    expect(aws.topics.messages).toEqual([
      {
        topicArn,
        subject: 'env-recovery: app alarm again, right after a recovery',
        message: expect.stringContaining('an alarm: "beat is ALARM"'),
      },
    ]);
  });

  it('leaves all the same where nobody can be told', async () => {
    await recover('first', 'Recovered');
    aws.fail('Publish', new AwsError('AuthorizationError', 'no', 403));
    expect(await run(alarm, start('second'))).toMatchObject({
      outcome: 'CoolingDown',
      announcement: { problem: 'AccessDenied' },
    });
  });

  it.each([
    ['a failure, of which a person knows', 'Failed', alarm],
    ['a recovery, where no alarm has started it', 'Recovered', {}],
  ] as const)('tells nobody in the pause after %s', async (_what, outcome, input) => {
    await recover('first', outcome);
    expect(await run(input, start('second'))).not.toHaveProperty('announcement');
    expect(aws.topics.messages).toEqual([]);
  });
});
