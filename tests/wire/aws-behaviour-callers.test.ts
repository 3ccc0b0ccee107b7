/** What AWS documents of what invokes a function: EventBridge, EventBridge Scheduler, and permissions; see any-aws.ts. */
import { randomUUID } from 'node:crypto';
import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRuleNamesByTargetCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  AddPermissionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import {
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
  UpdateScheduleCommand,
  type UpdateScheduleCommandInput,
} from '@aws-sdk/client-scheduler';
import { FunctionName, openAnyAws, ScheduleName } from '../support/any-aws.ts';
import { until } from '../support/until.ts';

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let events: EventBridgeClient;
let scheduler: SchedulerClient;
let lambda: LambdaClient;

beforeAll(async () => {
  aws = await openAnyAws();
  events = new EventBridgeClient(aws.config);
  scheduler = new SchedulerClient(aws.config);
  lambda = new LambdaClient(aws.config);
});
afterAll(() => aws.sandbox?.close());

const functionArn = async () =>
  (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).FunctionArn ?? '';

describe('a rule of EventBridge', () => {
  const Name = `behaviour-${randomUUID()}`;
  const read = () => events.send(new DescribeRuleCommand({ Name }));
  const rulesOf = async (TargetArn: string) =>
    (await events.send(new ListRuleNamesByTargetCommand({ TargetArn }))).RuleNames ?? [];

  afterEach(async () => {
    await events.send(new RemoveTargetsCommand({ Rule: Name, Ids: ['one'] })).catch(() => undefined);
    await events.send(new DeleteRuleCommand({ Name }));
  });

  it('is shown with its schedule and state, and is found by just the ARN that it has as a target', async () => {
    await expect(read()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const ScheduleExpression = 'rate(1 day)';
    await events.send(new PutRuleCommand({ Name, ScheduleExpression, State: 'DISABLED' }));
    expect(await read()).toMatchObject({ Name, ScheduleExpression, State: 'DISABLED' });
    const Arn = await functionArn();
    const put = await events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'one', Arn }] }));
    expect(put.FailedEntryCount).toBe(0);
    await until(async () => (await rulesOf(Arn)).includes(Name));
    expect(await rulesOf(`${Arn}:live`)).not.toContain(Name);
  });

  it('is enabled and disabled, and keeps its targets when it is put again', async () => {
    const ScheduleExpression = 'rate(1 day)';
    await events.send(new PutRuleCommand({ Name, ScheduleExpression, State: 'DISABLED' }));
    const Arn = await functionArn();
    await events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'one', Arn }] }));
    await events.send(new EnableRuleCommand({ Name }));
    expect((await read()).State).toBe('ENABLED');
    await events.send(new DisableRuleCommand({ Name }));
    expect((await read()).State).toBe('DISABLED');
    await events.send(new PutRuleCommand({ Name, ScheduleExpression: 'rate(2 days)', State: 'DISABLED' }));
    expect(await read()).toMatchObject({ ScheduleExpression: 'rate(2 days)', State: 'DISABLED' });
    await until(async () => (await rulesOf(Arn)).includes(Name));
    await expect(events.send(new DeleteRuleCommand({ Name }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('that is not there is not enabled', async () => {
    await expect(events.send(new EnableRuleCommand({ Name }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(
      events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'one', Arn: await functionArn() }] })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('a schedule of EventBridge Scheduler', () => {
  const read = () => scheduler.send(new GetScheduleCommand({ Name: ScheduleName }));

  it('is listed with its target, group and state', async () => {
    const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({ NamePrefix: ScheduleName }));
    const { Target, State } = await read();
    expect(Schedules.find(({ Name }) => Name === ScheduleName)).toMatchObject({
      Arn: expect.stringMatching(`:schedule/default/${ScheduleName}$`),
      GroupName: 'default',
      State,
      Target: { Arn: Target?.Arn },
    });
    const none = await scheduler.send(new ListSchedulesCommand({ NamePrefix: randomUUID() }));
    expect([none.Schedules, none.NextToken]).toEqual([[], undefined]);
  });

  it('is shown whole, with what was left out as its default', async () => {
    expect(await read()).toMatchObject({
      Name: ScheduleName,
      GroupName: 'default',
      ScheduleExpression: expect.stringMatching(/^(rate|cron|at)\(.+\)$/),
      ScheduleExpressionTimezone: expect.any(String),
      State: expect.stringMatching(/^(ENABLED|DISABLED)$/),
      FlexibleTimeWindow: { Mode: expect.stringMatching(/^(OFF|FLEXIBLE)$/) },
      Target: {
        Arn: expect.stringMatching(/^arn:/),
        RoleArn: expect.stringMatching(/^arn:/),
        RetryPolicy: {
          MaximumEventAgeInSeconds: expect.any(Number),
          MaximumRetryAttempts: expect.any(Number),
        },
      },
    });
  });

  it('is changed as a whole: what an update leaves out is gone', async () => {
    const { Arn, CreationDate, LastModificationDate, $metadata, ...before } = await read();
    const { ScheduleExpression, FlexibleTimeWindow, Target } = before;
    const update = (part: Partial<UpdateScheduleCommandInput>) =>
      scheduler.send(
        new UpdateScheduleCommand({
          Name: ScheduleName,
          ScheduleExpression,
          FlexibleTimeWindow,
          Target,
          ...part,
        }),
      );
    try {
      await update({ Description: 'behaviour', State: 'DISABLED' });
      expect(await read()).toMatchObject({ Description: 'behaviour', State: 'DISABLED' });
      await update({ State: 'DISABLED' });
      expect((await read()).Description ?? '').toBe('');
    } finally {
      await update(before);
    }
    expect(await read()).toMatchObject(before);
  });

  it('has errors of their own for one that is not there, and for an expression that is none', async () => {
    const Name = `nobody-${randomUUID()}`;
    await expect(scheduler.send(new GetScheduleCommand({ Name }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const { FlexibleTimeWindow, Target } = await read();
    await expect(
      scheduler.send(
        new UpdateScheduleCommand({
          Name: ScheduleName,
          ScheduleExpression: 'sometimes',
          FlexibleTimeWindow,
          Target,
        }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a permission of a function', () => {
  it('is given once under each id', async () => {
    const StatementId = `behaviour-${randomUUID()}`;
    const add = async () =>
      lambda.send(
        new AddPermissionCommand({
          FunctionName,
          StatementId,
          Action: 'lambda:InvokeFunction',
          Principal: 'events.amazonaws.com',
          SourceArn: (await functionArn())
            .replace(/:lambda:/, ':events:')
            .replace(/function:.*$/, 'rule/nobody'),
        }),
      );
    try {
      expect((await add()).Statement).toContain(StatementId);
      await expect(add()).rejects.toMatchObject({ name: 'ResourceConflictException' });
    } finally {
      await lambda.send(new RemovePermissionCommand({ FunctionName, StatementId }));
    }
    await expect(
      lambda.send(new RemovePermissionCommand({ FunctionName, StatementId })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
