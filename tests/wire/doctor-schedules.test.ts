/** The schedules of EventBridge Scheduler that invoke a function, on the wire. */
import type { SchedulerClient } from '@aws-sdk/client-scheduler';
import { openScheduler, readSchedules } from '../../aws/scheduler.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { iamArn } from '../../sandbox/services/iam.ts';
import type { NewSchedule } from '../../sandbox/services/scheduler.ts';
import { arn } from '../../sandbox/template.ts';
import { openAws, type TestAws } from '../support/aws.ts';

let aws: TestAws;
let client: SchedulerClient;
beforeEach(async () => {
  aws = await openAws();
  client = openScheduler(aws.clientConfig);
});
afterEach(async () => {
  client.destroy();
  await aws.close();
});

const functionArn = arn('lambda', 'function:metric');
const RoleArn = iamArn('role/scheduler');
const universal = 'arn:aws:scheduler:::aws-sdk:lambda:invoke';
const put = (name: string, Arn: string, { Input, ...part }: Partial<NewSchedule> & { Input?: string } = {}) =>
  aws.schedules.put(name, {
    ScheduleExpression: 'rate(1 minute)',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Arn, RoleArn, ...(Input === undefined ? {} : { Input }) },
    ...part,
  });
const read = (nowMs = Date.now()) => readSchedules(client, functionArn, nowMs);

it('are those with the function as a target, or one of its versions and aliases, in any group', async () => {
  put('plain', functionArn);
  put('alias', `${functionArn}:live`, { GroupName: 'jobs', State: 'DISABLED' });
  put('other', `${functionArn}-2`);
  put('abroad', functionArn.replace('111122223333', '444455556666'));
  put('queue', arn('sqs', 'jobs'));
  const { schedules, isWhole } = await read();
  expect(isWhole).toBe(true);
  expect(schedules).toMatchObject([
    { name: 'plain', group: 'default', state: 'Enabled', schedule: 'rate(1 minute)', roleArn: RoleArn },
    { name: 'alias', group: 'jobs', state: 'Disabled', alias: 'live' },
  ]);
  expect(schedules[0]).not.toHaveProperty('alias');
  // Only what may be one of them is read whole.
  expect(aws.countCalls('GetSchedule')).toBe(2);
});

it('may be universal ones, which name the function in their input', async () => {
  const input = (fields: object) => ({ Input: JSON.stringify({ Payload: 'canary', ...fields }) });
  put('name', universal, input({ FunctionName: 'metric' }));
  put('partial', universal, input({ FunctionName: '111122223333:function:metric:live' }));
  put('qualified', universal, input({ FunctionName: functionArn, Qualifier: '$LATEST' }));
  put('other', universal, input({ FunctionName: 'metric-2' }));
  put('odd', universal, { Input: 'no JSON' });
  const { schedules } = await read();
  expect(schedules.map(({ name, alias, update }) => [name, alias, update])).toEqual([
    ['name', undefined, null],
    ['partial', 'live', null],
    ['qualified', undefined, null],
  ]);
  expect(JSON.stringify(schedules)).not.toContain('canary');
});

it('are over after their end date', async () => {
  const EndDate = 1_800_000_000;
  put('once', functionArn, { EndDate });
  const stateAt = async (nowMs: number) => (await read(nowMs)).schedules[0]?.state;
  expect([await stateAt(EndDate * 1000 - 1), await stateAt(EndDate * 1000)]).toEqual(['Enabled', 'Over']);
});

it('have an update only if nothing but what it says is in them', async () => {
  const dlq = arn('sqs', 'dead');
  aws.schedules.put('whole', {
    ScheduleExpression: 'cron(* * * * ? *)',
    ScheduleExpressionTimezone: 'Asia/Seoul',
    FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 },
    Target: {
      Arn: functionArn,
      RoleArn,
      DeadLetterConfig: { Arn: dlq },
      RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 },
    },
  });
  put('with-input', functionArn, { Input: '{"key":"canary"}' });
  put('with-description', functionArn, { Description: 'why' });
  const { schedules } = await read();
  expect(schedules.map(({ update }) => update)).toEqual([
    {
      expression: 'cron(* * * * ? *)',
      timezone: 'Asia/Seoul',
      window: 5,
      targetArn: functionArn,
      roleArn: RoleArn,
      deadLetterArn: dlq,
      retries: { maximumAgeSeconds: 60, attempts: 0 },
    },
    null,
    null,
  ]);
});

it('are read page by page, as far as anybody waits for', async () => {
  for (let index = 0; index < 7; index += 1) put(`s${index}`, functionArn);
  aws.schedules.pageSize = 3;
  expect((await read()).schedules).toHaveLength(7);
  aws.schedules.pageSize = 1;
  for (let index = 7; index < 51; index += 1) put(`s${index}`, arn('sqs', 'jobs'));
  expect(await read()).toMatchObject({ isWhole: false, schedules: { length: 7 } });
});

it('may go while they are read, and are not known if that is not allowed', async () => {
  put('gone', functionArn);
  aws.fail('GetSchedule', new AwsError('ResourceNotFoundException', '', 404));
  expect(await read()).toEqual({ isWhole: true, schedules: [] });
  aws.fail('GetSchedule', new AwsError('AccessDeniedException', '', 403));
  await expect(read()).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('scheduler:GetSchedule on schedule default/gone'),
  });
});
