/**
 * What the sandbox fakes has to be what AWS documents. These tests speak to nothing but an endpoint, so that they
 * can be pointed at any AWS: set AWS_BEHAVIOUR_ENDPOINT to its address (and credentials that it takes), and
 * AWS_BEHAVIOUR_TABLE and AWS_BEHAVIOUR_TOPIC to a table with the string key `target` and to the ARN of a topic there.
 */
import { randomUUID } from 'node:crypto';
import { CloudWatchClient, GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
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
  DeleteParameterCommand,
  GetCommandInvocationCommand,
  GetDocumentCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  LabelParameterVersionCommand,
  PutParameterCommand,
  SSMClient,
  UnlabelParameterVersionCommand,
} from '@aws-sdk/client-ssm';
import { leaseTableName, openAws, type TestAws, topicArn } from '../support/aws.ts';

const given = process.env.AWS_BEHAVIOUR_ENDPOINT;
const TableName = process.env.AWS_BEHAVIOUR_TABLE ?? leaseTableName;
const TopicArn = process.env.AWS_BEHAVIOUR_TOPIC ?? topicArn;
let aws: TestAws | undefined;
let ssm: SSMClient;
let cloudWatch: CloudWatchClient;
let sqs: SQSClient;
let lambda: LambdaClient;
let dynamo: DynamoDBClient;
let sns: SNSClient;
let sfn: SFNClient;
let name: string;

beforeAll(async () => {
  if (given === undefined) aws = await openAws();
  const common = {
    endpoint: given ?? aws?.endpoint.url ?? '',
    region: process.env.AWS_REGION ?? 'ap-northeast-2',
    ...(given === undefined ? { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } } : {}),
  };
  ssm = new SSMClient(common);
  cloudWatch = new CloudWatchClient(common);
  sqs = new SQSClient(common);
  lambda = new LambdaClient(common);
  dynamo = new DynamoDBClient(common);
  sns = new SNSClient(common);
  sfn = new SFNClient(common);
});
afterAll(() => aws?.close());
beforeEach(() => {
  name = `/env-recovery-test/${randomUUID()}`;
});
afterEach(async () => {
  if (given !== undefined) await ssm.send(new DeleteParameterCommand({ Name: name })).catch(() => undefined);
});

const put = (Value: string, part: Partial<PutParameterCommand['input']> = {}) =>
  ssm.send(new PutParameterCommand({ Name: name, Value, Type: 'SecureString', Overwrite: true, ...part }));

describe('Parameter Store', () => {
  it('does not overwrite unless told to', async () => {
    await put('1', { Overwrite: false });
    await expect(put('2', { Overwrite: false })).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
  });

  it('counts versions from 1, and answers each write with its version', async () => {
    expect(await put('1')).toMatchObject({ Version: 1 });
    expect(await put('2')).toMatchObject({ Version: 2 });
  });

  it('reads the newest version, or the one that is asked for', async () => {
    await put('1');
    await put('2');
    const read = async (selector: string) =>
      (await ssm.send(new GetParameterCommand({ Name: selector, WithDecryption: true }))).Parameter;
    expect(await read(name)).toMatchObject({ Value: '2', Version: 2, Type: 'SecureString' });
    expect(await read(`${name}:1`)).toMatchObject({ Value: '1', Version: 1 });
  });

  it('has a label on one version only, and reads by it', async () => {
    const label = (ParameterVersion: number, ...Labels: string[]) =>
      ssm.send(new LabelParameterVersionCommand({ Name: name, ParameterVersion, Labels }));
    const labels = async () =>
      (await ssm.send(new GetParameterHistoryCommand({ Name: name }))).Parameters?.map(
        ({ Labels }) => Labels ?? [],
      );
    await put('1');
    await put('2');
    expect(await label(1, 'good', 'aws-reserved')).toMatchObject({ InvalidLabels: ['aws-reserved'] });
    expect(await labels()).toEqual([['good'], []]);
    await label(2, 'good');
    expect(await labels()).toEqual([[], ['good']]);
    const { Parameter } = await ssm.send(
      new GetParameterCommand({ Name: `${name}:good`, WithDecryption: true }),
    );
    expect(Parameter).toMatchObject({ Version: 2, Value: '2' });
    await ssm.send(new UnlabelParameterVersionCommand({ Name: name, ParameterVersion: 2, Labels: ['good'] }));
    expect(await labels()).toEqual([[], []]);
    await expect(
      label(1, ...Array.from({ length: 10 }, (_, index) => `l${index}`)).then(() => label(1, 'eleventh')),
    ).rejects.toMatchObject({ name: 'ParameterVersionLabelLimitExceeded' });
  });

  it('shows a SecureString only to who asks for decryption', async () => {
    await put('plain text');
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    expect(Parameter?.Value).not.toBe('plain text');
  });

  it('has errors of their own for a parameter and for a version that is not there', async () => {
    await expect(ssm.send(new GetParameterCommand({ Name: name }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
    await expect(ssm.send(new GetParameterHistoryCommand({ Name: name }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
    await put('1');
    await expect(ssm.send(new GetParameterCommand({ Name: `${name}:7` }))).rejects.toMatchObject({
      name: 'ParameterVersionNotFound',
    });
  });

  it('gives the history oldest first, by pages', async () => {
    for (let version = 1; version <= 3; version += 1) await put(String(version));
    const first = await ssm.send(
      new GetParameterHistoryCommand({ Name: name, WithDecryption: true, MaxResults: 2 }),
    );
    const second = await ssm.send(
      new GetParameterHistoryCommand({ Name: name, WithDecryption: true, NextToken: first.NextToken }),
    );
    const values = [...(first.Parameters ?? []), ...(second.Parameters ?? [])].map(({ Value }) => Value);
    expect(values).toEqual(['1', '2', '3']);
    expect(second.NextToken).toBeUndefined();
  });

  it('clears a description that is not passed again', async () => {
    await put('1', { Description: 'about it' });
    await put('2');
    const { Parameters } = await ssm.send(new GetParameterHistoryCommand({ Name: name }));
    expect(Parameters?.map(({ Description }) => Description)).toEqual(['about it', undefined]);
  });

  it('refuses more than 4 KB in the tier Standard', async () => {
    await expect(put('x'.repeat(4097), { Tier: 'Standard' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await put('x'.repeat(4096), { Tier: 'Standard' });
  });

  it('moves to the tier Advanced with Intelligent-Tiering, and never back', async () => {
    expect(await put('x'.repeat(4097), { Tier: 'Intelligent-Tiering' })).toMatchObject({ Tier: 'Advanced' });
    await expect(put('x', { Tier: 'Standard' })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

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
  const Key = () => ({ target: { S: name } });
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
    if (aws) expect(aws.topics.messages[0]).toEqual({ topicArn, subject: '', message: Message });
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
