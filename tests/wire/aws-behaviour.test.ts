/** What AWS documents of the services other than Parameter Store; see any-aws.ts. */
import { randomUUID } from 'node:crypto';
import {
  CloudWatchClient,
  GetMetricDataCommand,
  PutMetricDataCommand,
  type StandardUnit,
} from '@aws-sdk/client-cloudwatch';
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  GetDocumentCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { openAnyAws, TableName, TopicArn } from '../support/any-aws.ts';

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let ssm: SSMClient;
let cloudWatch: CloudWatchClient;
let sqs: SQSClient;
let lambda: LambdaClient;
let dynamo: DynamoDBClient;
let sns: SNSClient;
let sfn: SFNClient;

beforeAll(async () => {
  aws = await openAnyAws();
  ssm = new SSMClient(aws.config);
  cloudWatch = new CloudWatchClient(aws.config);
  sqs = new SQSClient(aws.config);
  lambda = new LambdaClient(aws.config);
  dynamo = new DynamoDBClient(aws.config);
  sns = new SNSClient(aws.config);
  sfn = new SFNClient(aws.config);
});
afterAll(() => aws.sandbox?.close());

describe('Run Command', () => {
  it('does not know an invocation that is not there', async () => {
    await expect(
      ssm.send(
        new GetCommandInvocationCommand({ CommandId: randomUUID(), InstanceId: 'i-0123456789abcdef0' }),
      ),
    ).rejects.toMatchObject({ name: 'InvocationDoesNotExist' });
  });

  it('does not know a document or a command that is not there', async () => {
    await expect(ssm.send(new GetDocumentCommand({ Name: 'nobody' }))).rejects.toMatchObject({
      name: 'InvalidDocument',
    });
    await expect(ssm.send(new CancelCommandCommand({ CommandId: randomUUID() }))).rejects.toMatchObject({
      name: 'InvalidCommandId',
    });
  });
});

describe('CloudWatch', () => {
  const Dimensions = [{ Name: 'Test', Value: randomUUID() }];

  it('refuses a value that is not a number', async () => {
    await expect(
      cloudWatch.send(
        new PutMetricDataCommand({
          Namespace: 'EnvRecoveryTest',
          MetricData: [{ MetricName: 'Count', Dimensions, Value: Number.NaN }],
        }),
      ),
    ).rejects.toMatchObject({ name: expect.stringMatching(/^InvalidParameter/) });
  });

  it('takes a datapoint without a unit for one with the unit None, and gives by unit what has it', async () => {
    const Metric = { Namespace: 'EnvRecoveryTest', MetricName: 'Units', Dimensions };
    const Timestamp = new Date();
    const data = [{ Value: 1 }, { Value: 2, Unit: 'Seconds' as const }];
    await cloudWatch.send(
      new PutMetricDataCommand({
        Namespace: Metric.Namespace,
        MetricData: data.map((datum) => ({ MetricName: Metric.MetricName, Dimensions, Timestamp, ...datum })),
      }),
    );
    const valuesOf = async (Unit: StandardUnit | undefined) => {
      const found = await cloudWatch.send(
        new GetMetricDataCommand({
          StartTime: new Date(Timestamp.getTime() - 120_000),
          EndTime: new Date(Timestamp.getTime() + 60_000),
          MetricDataQueries: [{ Id: 'a', MetricStat: { Metric, Period: 60, Stat: 'Maximum', Unit } }],
        }),
      );
      return found.MetricDataResults?.[0]?.Values ?? [];
    };
    expect(await valuesOf('None')).toEqual([1]);
    expect(await valuesOf('Seconds')).toEqual([2]);
    expect(await valuesOf('Bytes')).toEqual([]);
  });

  it('stamps a datapoint with the start of its period', async () => {
    const Timestamp = new Date();
    await cloudWatch.send(
      new PutMetricDataCommand({
        Namespace: 'EnvRecoveryTest',
        MetricData: [{ MetricName: 'Count', Dimensions, Value: 7, Timestamp }],
      }),
    );
    const { MetricDataResults } = await cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(Timestamp.getTime() - 300_000),
        EndTime: new Date(Timestamp.getTime() + 60_000),
        MetricDataQueries: [
          {
            Id: 'count',
            MetricStat: {
              Metric: { Namespace: 'EnvRecoveryTest', MetricName: 'Count', Dimensions },
              Period: 60,
              Stat: 'Maximum',
            },
          },
        ],
      }),
    );
    expect(MetricDataResults?.[0]).toMatchObject({
      Values: [7],
      Timestamps: [new Date(Math.floor(Timestamp.getTime() / 60_000) * 60_000)],
    });
  });
});

describe('SQS and Lambda', () => {
  it('have errors of their own for what is not there', async () => {
    await expect(sqs.send(new GetQueueUrlCommand({ QueueName: 'nobody' }))).rejects.toMatchObject({
      name: expect.stringMatching(/QueueDoesNotExist|NonExistentQueue/),
    });
    await expect(
      lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'nobody' })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(
      lambda.send(new InvokeCommand({ FunctionName: 'nobody', InvocationType: 'Event' })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('DynamoDB', () => {
  const target = randomUUID();
  const Key = () => ({ target: { S: target } });
  afterEach(() => dynamo.send(new DeleteItemCommand({ TableName, Key: Key() })));
  const putNew = (holder: string) =>
    dynamo.send(
      new PutItemCommand({
        TableName,
        Item: { ...Key(), holder: { S: holder } },
        ConditionExpression: 'attribute_not_exists(target)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );

  it('lets one of many conditional writes win, and shows the others who has', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => putNew(`h${index}`)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key: Key(), ConsistentRead: true }));
    expect(Item?.holder).toEqual({ S: `h${outcomes.findIndex(({ status }) => status === 'fulfilled')}` });
    for (const outcome of outcomes.filter(({ status }) => status === 'rejected'))
      expect(outcome).toMatchObject({ reason: { name: 'ConditionalCheckFailedException', Item } });
  });

  it('changes an item under a condition, and answers with the new one', async () => {
    await putNew('one');
    const update = (expected: string) =>
      dynamo.send(
        new UpdateItemCommand({
          TableName,
          Key: Key(),
          UpdateExpression: 'SET holder = :next ADD round :one',
          ConditionExpression: 'holder = :expected',
          ExpressionAttributeValues: {
            ':next': { S: 'two' },
            ':one': { N: '1' },
            ':expected': { S: expected },
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
    expect((await update('one')).Attributes).toEqual({ ...Key(), holder: { S: 'two' }, round: { N: '1' } });
    const failure = await update('one').catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(failure).not.toHaveProperty('Item.holder');
  });

  it('has an error of its own for a table that is not there', async () => {
    await expect(
      dynamo.send(new GetItemCommand({ TableName: `nobody-${randomUUID()}`, Key: Key() })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('SNS', () => {
  const publish = (part: Partial<PublishCommand['input']> = {}) =>
    sns.send(new PublishCommand({ TopicArn, Message: 'text', ...part }));

  it('takes a message of any characters, with a subject or without one', async () => {
    const Message = 'lines & <tags>\n"quotes" = 100 % 한글 +';
    const answers = [await publish({ Message }), await publish({ Subject: '!'.repeat(100) })];
    expect(answers).toEqual(Array(2).fill(expect.objectContaining({ MessageId: expect.any(String) })));
    await publish({ Message: 'x'.repeat(262_144) });
    if (aws.sandbox)
      expect(aws.sandbox.topics.messages[0]).toEqual({ topicArn: TopicArn, subject: '', message: Message });
  });

  it.each([
    ['with a line break', 'one\ntwo'],
    ['that is empty', ''],
    ['of more than a hundred characters', 'x'.repeat(101)],
    ['that is not ASCII', 'a – b'],
    ['that begins with a blank', ' a'],
  ])('refuses a subject %s', async (_what, Subject) => {
    await expect(publish({ Subject })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('refuses a message that is empty or too long', async () => {
    for (const Message of ['', `${'x'.repeat(262_143)}é`])
      await expect(publish({ Message })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('has an error of its own for a topic that is not there', async () => {
    await expect(publish({ TopicArn: `${TopicArn}-not` })).rejects.toMatchObject({
      name: 'NotFoundException',
      message: 'Topic does not exist',
      $metadata: { httpStatusCode: 404 },
    });
  });
});

describe('Step Functions', () => {
  const arnOf = (kind: string) => TopicArn.replace(/:sns:/, ':states:').replace(/[^:]+$/, `${kind}:nobody`);

  it('has errors of their own for what is not there', async () => {
    const executionArn = `${arnOf('execution')}:nobody`;
    for (const command of [
      sfn.send(new DescribeExecutionCommand({ executionArn })),
      sfn.send(new RedriveExecutionCommand({ executionArn })),
    ])
      await expect(command).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
    await expect(
      sfn.send(new StartExecutionCommand({ stateMachineArn: arnOf('stateMachine') })),
    ).rejects.toMatchObject({ name: 'StateMachineDoesNotExist' });
  });

  it('knows no token that it has not given', async () => {
    const taskToken = Buffer.from(randomUUID()).toString('base64');
    for (const command of [
      sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' })),
      sfn.send(new SendTaskFailureCommand({ taskToken })),
      sfn.send(new SendTaskHeartbeatCommand({ taskToken })),
    ])
      await expect(command).rejects.toMatchObject({ name: 'InvalidToken' });
  });

  it('takes no output but JSON', async () => {
    await expect(
      sfn.send(new SendTaskSuccessCommand({ taskToken: 'anything', output: 'not JSON' })),
    ).rejects.toMatchObject({ name: 'InvalidOutput' });
  });
});
