/** What AWS documents of things that are not there, of the operations that have no test of their own; see any-aws.ts. */
import { randomUUID } from 'node:crypto';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  ListMetricsCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  ConfirmSubscriptionCommand,
  ListSubscriptionsByTopicCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { openAnyAws, TopicArn } from '../support/any-aws.ts';

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let cloudWatch: CloudWatchClient;
let sfn: SFNClient;
let sns: SNSClient;
let sqs: SQSClient;
let ssm: SSMClient;

beforeAll(async () => {
  aws = await openAnyAws();
  cloudWatch = new CloudWatchClient(aws.config);
  sfn = new SFNClient(aws.config);
  sns = new SNSClient(aws.config);
  sqs = new SQSClient(aws.config);
  ssm = new SSMClient(aws.config);
});
afterAll(() => aws.sandbox?.close());

const nobody = `nobody-${randomUUID()}`;
const arnOf = (service: string, resource: string) =>
  TopicArn.replace(/:sns:/, `:${service}:`).replace(/[^:]+$/, resource);

describe('CloudWatch', () => {
  it('lists no metric and no alarm of a name that nobody has used', async () => {
    const { Metrics } = await cloudWatch.send(new ListMetricsCommand({ Namespace: nobody }));
    expect(Metrics ?? []).toEqual([]);
    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [nobody] }));
    expect(MetricAlarms ?? []).toEqual([]);
  });

  it('has an error of its own for the state of an alarm that is not there', async () => {
    await expect(
      cloudWatch.send(new SetAlarmStateCommand({ AlarmName: nobody, StateValue: 'OK', StateReason: 'test' })),
    ).rejects.toMatchObject({ name: expect.stringMatching(/^ResourceNotFound/) });
  });
});

describe('Step Functions', () => {
  const stateMachineArn = () => arnOf('states', `stateMachine:${nobody}`);
  const executionArn = () => arnOf('states', `execution:${nobody}:${nobody}`);

  it('does not list a state machine that is not there', async () => {
    const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand());
    expect(stateMachines.map((one) => one.stateMachineArn)).not.toContain(stateMachineArn());
  });

  it('has an error of its own for each', async () => {
    for (const command of [
      sfn.send(new DescribeStateMachineCommand({ stateMachineArn: stateMachineArn() })),
      sfn.send(new ListExecutionsCommand({ stateMachineArn: stateMachineArn() })),
    ])
      await expect(command).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
    for (const command of [
      sfn.send(new GetExecutionHistoryCommand({ executionArn: executionArn() })),
      sfn.send(new StopExecutionCommand({ executionArn: executionArn() })),
    ])
      await expect(command).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  });
});

describe('SNS', () => {
  it('has an error of its own for a topic that is not there', async () => {
    const other = `${TopicArn}-not`;
    for (const command of [
      sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: other })),
      sns.send(new SubscribeCommand({ TopicArn: other, Protocol: 'sqs', Endpoint: arnOf('sqs', 'nobody') })),
    ])
      await expect(command).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  it('lists who has subscribed, and confirms nobody whose token it has not sent', async () => {
    const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    for (const one of Subscriptions ?? [])
      expect(one).toMatchObject({
        TopicArn,
        Protocol: expect.any(String),
        SubscriptionArn: expect.stringMatching(/^(arn:|PendingConfirmation$|Deleted$)/),
      });
    await expect(
      sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: '0'.repeat(64) })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('SQS', () => {
  it('has an error of its own for a queue that is not there', async () => {
    const [, , , region, account] = TopicArn.split(':');
    const QueueUrl = `https://sqs.${region}.amazonaws.com/${account}/${nobody}`;
    await expect(
      sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] })),
    ).rejects.toMatchObject({ name: expect.stringMatching(/QueueDoesNotExist|NonExistentQueue/) });
  });
});

describe('Run Command', () => {
  it('shows no instance with a tag that none has', async () => {
    const { InstanceInformationList } = await ssm.send(
      new DescribeInstanceInformationCommand({ Filters: [{ Key: 'tag:Name', Values: [nobody] }] }),
    );
    expect(InstanceInformationList).toEqual([]);
  });

  it('sends no document that is not there, and lists nothing of a command that is not there', async () => {
    await expect(
      ssm.send(new SendCommandCommand({ DocumentName: nobody, InstanceIds: ['i-0123456789abcdef0'] })),
    ).rejects.toMatchObject({ name: 'InvalidDocument' });
    const CommandId = randomUUID();
    // The API reference has the error for both; some answer with an empty list.
    const listed = [
      ssm.send(new ListCommandsCommand({ CommandId })).then(({ Commands }) => Commands),
      ssm
        .send(new ListCommandInvocationsCommand({ CommandId }))
        .then(({ CommandInvocations }) => CommandInvocations),
    ];
    for (const one of listed) {
      const found = await one.catch((error: unknown) => (error instanceof Error ? [error.name] : [error]));
      expect(found?.filter((name) => name !== 'InvalidCommandId')).toEqual([]);
    }
  });
});
