/** Parameter Store, tables, alarms and templates as the sandbox has them, where no other test asks for it. */
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetParameterCommand, GetParameterHistoryCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { openSsm, ssmOfBackup } from '../../aws/ssm-clients.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { AlarmProperties } from '../../sandbox/services/alarms.ts';
import { Metrics } from '../../sandbox/services/cloudwatch.ts';
import { region, resolveTemplate } from '../../sandbox/template.ts';
import { otherRegion } from '../support/app-names.ts';
import { openAws } from '../support/aws.ts';

describe('Parameter Store', () => {
  it('tells who wrote each version: a function as a session of its role, anybody else as a user', async () => {
    const aws = await openAws();
    try {
      const Name = '/app/env';
      aws.addFunction('writer', 'return process.env.AWS_ACCESS_KEY_ID', {});
      const outcome = await aws.functions.invoke('writer', {});
      const { result } = v.parse(v.object({ result: v.string() }), outcome);
      const credentials = { accessKeyId: result, secretAccessKey: 'test' };
      const { writer } = openSsm({ region, endpoint: aws.endpoint.url, credentials });
      await writer.send(new PutParameterCommand({ Name, Value: 'A=1', Type: 'SecureString' }));
      await aws.ssm.writer.send(new PutParameterCommand({ Name, Value: 'A=2', Overwrite: true }));
      aws.parameters.put({ Name, Value: 'A=3', Overwrite: true }, null);
      const { Parameters } = await aws.ssm.reader.send(new GetParameterHistoryCommand({ Name }));
      expect(Parameters?.map(({ LastModifiedUser }) => LastModifiedUser)).toEqual([
        expect.stringMatching(/^arn:aws:sts::\d{12}:assumed-role\/[^/]+\/writer$/),
        expect.stringMatching(/^arn:aws:iam::\d{12}:user\/sandbox$/),
        undefined,
      ]);
    } finally {
      await aws.close();
    }
  });
});

describe('a parameter', () => {
  it('is in one region: another one may have another of the same name', async () => {
    const aws = await openAws();
    try {
      const Name = '/app/env';
      const elsewhere = ssmOfBackup(aws.ssm, { backupRegion: otherRegion }, aws.clientConfig);
      await elsewhere.writer.send(new PutParameterCommand({ Name, Value: 'A=1', Type: 'String' }));
      const get = new GetParameterCommand({ Name });
      await expect(aws.ssm.reader.send(get)).rejects.toMatchObject({ name: 'ParameterNotFound' });
      await aws.ssm.writer.send(new PutParameterCommand({ Name, Value: 'A=2', Type: 'String' }));
      expect((await aws.ssm.reader.send(get)).Parameter).toMatchObject({ Value: 'A=2', Version: 1 });
      expect((await elsewhere.reader.send(get)).Parameter).toMatchObject({
        Value: 'A=1',
        ARN: expect.stringContaining(`:ssm:${otherRegion}:`),
      });
    } finally {
      await aws.close();
    }
  });
});

describe('a value that SSM refuses', () => {
  it.each([
    ['two braces on each side', 'A={{ name }}', undefined, 'ValidationException'],
    ['nothing', '', undefined, 'ValidationException'],
    ['what is not like the pattern', 'A=1', '^B=', 'ParameterPatternMismatchException'],
  ])('is refused: %s', async (_, Value, AllowedPattern, name) => {
    const aws = await openAws();
    try {
      const command = new PutParameterCommand({ Name: '/app/env', Value, Type: 'String', AllowedPattern });
      await expect(aws.ssm.writer.send(command)).rejects.toMatchObject({ name });
    } finally {
      await aws.close();
    }
  });
});

describe('an alarm', () => {
  const properties = (part: object) =>
    v.parse(AlarmProperties, {
      AlarmName: 'alarm',
      Namespace: 'App',
      MetricName: 'Count',
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      Period: 3600,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      ...part,
    });
  const stateOf = (part: object, value?: number) => {
    const metrics = new Metrics(() => undefined);
    if (value !== undefined)
      metrics.put('App', [
        { MetricName: 'Count', Dimensions: [], Value: value, Timestamp: Date.now(), StorageResolution: 60 },
      ]);
    metrics.addAlarm(properties(part));
    metrics.evaluateAlarms();
    return metrics.alarms()[0]?.state;
  };

  it('compares as it says', () => {
    const states = (ComparisonOperator: string) =>
      [0, 1, 2].map((value) => stateOf({ ComparisonOperator }, value));
    expect(states('LessThanThreshold')).toEqual(['ALARM', 'OK', 'OK']);
    expect(states('LessThanOrEqualToThreshold')).toEqual(['ALARM', 'ALARM', 'OK']);
    expect(states('GreaterThanOrEqualToThreshold')).toEqual(['OK', 'ALARM', 'ALARM']);
    expect(states('GreaterThanThreshold')).toEqual(['OK', 'OK', 'ALARM']);
  });

  it('takes missing data as it says', () => {
    expect(stateOf({})).toBe('OK');
    expect(stateOf({ TreatMissingData: 'breaching' })).toBe('ALARM');
    expect(stateOf({ EvaluationPeriods: 2 }, 1)).toBe('OK');
    expect(stateOf({ EvaluationPeriods: 2, TreatMissingData: 'breaching' }, 1)).toBe('ALARM');
  });
});

describe('a template', () => {
  const yes = { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'ap-northeast-2'] };
  const no = { 'Fn::Not': [yes] };
  const resolve = (template: object) => resolveTemplate(JSON.stringify(template));

  it.each<[string, object, boolean]>([
    ['all of which hold', { 'Fn::And': [yes, yes] }, true],
    ['one of which does not hold', { 'Fn::And': [yes, no] }, false],
    ['one of which has to hold', { 'Fn::Or': [no, yes] }, true],
    ['none of which holds', { 'Fn::Or': [no, no] }, false],
    [
      'that are named',
      { 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Or': [no, { 'Fn::Not': [{ Condition: 'No' }] }] }] },
      true,
    ],
  ])('has conditions of conditions %s', (_what, Tested, expected) => {
    const resources = resolve({
      Conditions: { Yes: yes, No: no, Tested },
      Resources: {
        Queue: { Type: 'AWS::SQS::Queue', Condition: 'Tested' },
        Other: { Type: 'AWS::SQS::Queue', Properties: { Name: { 'Fn::If': ['Tested', 'yes', 'no'] } } },
      },
    });
    expect(resources.has('Queue')).toBe(expected);
    expect(resources.get('Other')?.properties.Name).toBe(expected ? 'yes' : 'no');
  });

  it('is refused if it asks for a condition or an attribute that is not there', () => {
    const withQueue = (part: object) => () =>
      resolve({ Resources: { Queue: { Type: 'AWS::SQS::Queue', ...part } } });
    expect(withQueue({ Condition: 'Nobody' })).toThrow('Nobody');
    expect(withQueue({ Properties: { Name: { 'Fn::GetAtt': ['Queue', 'Colour'] } } })).toThrow(
      'Queue.Colour',
    );
  });

  it('leaves a policy’s own Condition as it is', () => {
    const Condition = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };
    const resources = resolve({
      Resources: { Policy: { Type: 'AWS::SQS::QueuePolicy', Properties: { Statement: [{ Condition }] } } },
    });
    expect(resources.get('Policy')?.properties).toEqual({
      Statement: [{ Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } }],
    });
  });

  it('names tables, topics and queues', () => {
    const names = (logicalId: string, ...attributes: string[]) => ({
      Ref: { Ref: logicalId },
      ...Object.fromEntries(attributes.map((name) => [name, { 'Fn::GetAtt': [logicalId, name] }])),
    });
    const resources = resolve({
      Resources: {
        Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'leases' } },
        Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'recovery' } },
        Queue: { Type: 'AWS::SQS::Queue' },
        All: {
          Type: 'Custom::All',
          Properties: {
            table: names('Table', 'Arn'),
            topic: names('Topic', 'TopicArn', 'TopicName'),
            queue: names('Queue', 'Arn', 'QueueName'),
          },
        },
      },
    });
    const arn = (service: string, name: string) => `arn:aws:${service}:ap-northeast-2:111122223333:${name}`;
    expect(resources.get('All')?.properties).toEqual({
      table: { Ref: 'leases', Arn: arn('dynamodb', 'table/leases') },
      topic: { Ref: arn('sns', 'recovery'), TopicArn: arn('sns', 'recovery'), TopicName: 'recovery' },
      queue: {
        Ref: 'https://sqs.ap-northeast-2.amazonaws.com/111122223333/Queue',
        Arn: arn('sqs', 'Queue'),
        QueueName: 'Queue',
      },
    });
  });
});

describe('the tables', () => {
  it('are subject to the faults of the endpoint like everything else', async () => {
    const aws = await openAws();
    const dynamo = new DynamoDBClient({
      endpoint: aws.endpoint.url,
      region: 'ap-northeast-2',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    const put = (holder: string) =>
      dynamo.send(
        new PutItemCommand({
          TableName: 'app-leases',
          Item: { target: { S: 'app' }, holder: { S: holder } },
        }),
      );
    const holder = async () => {
      const Key = { target: { S: 'app' } };
      return (await dynamo.send(new GetItemCommand({ TableName: 'app-leases', Key }))).Item?.holder?.S;
    };
    aws.fail('PutItem', new AwsError('ProvisionedThroughputExceededException', 'slow'), 'drop-before');
    await expect(put('one')).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
      message: 'slow',
    });
    await expect(put('two')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await holder()).toBeUndefined();
    aws.fail('PutItem', 'drop-after');
    await expect(put('three')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await holder()).toBe('three');
    expect(aws.endpoint.calls[0]).toEqual({
      region: 'ap-northeast-2',
      service: 'DynamoDB_20120810',
      operation: 'PutItem',
      input: { TableName: 'app-leases', Item: { target: { S: 'app' }, holder: { S: 'one' } } },
    });
    dynamo.destroy();
    await aws.close();
  });
});
