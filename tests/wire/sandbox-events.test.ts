import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import {
  DeleteParameterCommand,
  LabelParameterVersionCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { type Endpoint, openEndpoint } from '../../sandbox/endpoint.ts';
import { EventBus, RuleProperties, type ServiceEvent } from '../../sandbox/services/eventbridge.ts';
import { RunCommand } from '../../sandbox/services/run-command.ts';
import { ParameterStore, ssmService } from '../../sandbox/services/ssm.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { until } from '../support/until.ts';

const arn = (service: string, resource: string) =>
  `arn:aws:${service}:ap-northeast-2:111122223333:${resource}`;
const functionArn = arn('lambda', 'function:target');
const queueArn = arn('sqs', 'undelivered');

const rule = (part: object, target: object = {}) =>
  v.parse(RuleProperties, { Name: 'rule', Targets: [{ Id: 'one', Arn: functionArn, ...target }], ...part });

describe('Parameter Store', () => {
  let endpoint: Endpoint;
  let ssm: SSMClient;
  let parameters: ParameterStore;
  let events: ServiceEvent[];
  beforeEach(async () => {
    events = [];
    parameters = new ParameterStore((event) => events.push(event));
    endpoint = await openEndpoint([ssmService(parameters, new RunCommand(new Map(), []))]);
    ssm = new SSMClient({
      endpoint: endpoint.url,
      region: 'ap-northeast-2',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });
  afterEach(() => endpoint.close());

  it('tells of each change, a moment after it', async () => {
    const Name = '/app/env';
    await ssm.send(
      new PutParameterCommand({ Name, Value: 'a', Type: 'SecureString', Description: 'the env' }),
    );
    await ssm.send(new PutParameterCommand({ Name, Value: 'b', Overwrite: true }));
    await ssm.send(new LabelParameterVersionCommand({ Name, Labels: ['good'] }));
    await ssm.send(new DeleteParameterCommand({ Name }));
    await until(() => events.length === 4);
    const type = 'SecureString';
    expect(events.map(({ detail }) => detail)).toEqual([
      { operation: 'Create', name: Name, type, description: 'the env' },
      { operation: 'Update', name: Name, type },
      { operation: 'LabelParameterVersion', name: Name, type },
      { operation: 'Delete', name: Name, type },
    ]);
    expect(events[0]).toMatchObject({
      version: '0',
      source: 'aws.ssm',
      'detail-type': 'Parameter Store Change',
      account: '111122223333',
      region: 'ap-northeast-2',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      resources: [arn('ssm', 'parameter/app/env')],
    });
    expect(new Set(events.map(({ id }) => id)).size).toBe(4);
  });

  it('tells nothing of what fails, changes nothing, or was so before', async () => {
    parameters.quietly(() => parameters.put({ Name: '/app/env', Value: 'a', Type: 'String' }));
    expect(() => parameters.put({ Name: '/app/env', Value: 'b' })).toThrow();
    parameters.label('/app/env', undefined, ['aws-reserved']);
    parameters.delete('/other');
    expect(() => parameters.quietly(() => parameters.put({ Name: '/app/env', Value: 'b' }))).toThrow();
    parameters.put({ Name: '/app/env', Value: 'c', Overwrite: true });
    await until(() => events.length > 0);
    expect(events.map(({ detail }) => detail.operation)).toEqual(['Update']);
  });
});

describe('a rule', () => {
  const deliveries: [string, unknown][] = [];
  const busOf = (...rules: v.InferOutput<typeof RuleProperties>[]) =>
    new EventBus(rules, (target, event) => deliveries.push([target, event]));
  beforeEach(() => {
    deliveries.length = 0;
  });

  it('hands on what its pattern fits, to each of its targets', () => {
    const [first, second] = [arn('states', 'stateMachine:one'), functionArn];
    const bus = busOf(
      rule({ EventPattern: { source: ['a'] }, Targets: [{ Arn: first }, { Arn: second }] }),
      rule({ EventPattern: { source: ['b'] } }),
      rule({ EventPattern: { source: ['a'] }, State: 'DISABLED' }),
    );
    bus.put({ source: 'a' });
    expect(deliveries).toEqual([
      [first, { source: 'a' }],
      [second, { source: 'a' }],
    ]);
  });

  it('hands on what begins with a prefix of its pattern, and knows no other filter', () => {
    const bus = busOf(rule({ EventPattern: { detail: { name: ['/one', { prefix: '/app/prod/' }] } } }));
    for (const name of ['/one', '/app/prod/A', '/app/prod', '/app/prod-copy/A'])
      bus.put({ detail: { name } });
    expect(deliveries.map(([, event]) => event)).toEqual([
      { detail: { name: '/one' } },
      { detail: { name: '/app/prod/A' } },
    ]);
    const other = busOf(rule({ EventPattern: { detail: { name: [{ suffix: 'A' }] } } }));
    expect(() => other.put({ detail: { name: '/app/prod/A' } })).toThrow(/prefix/);
  });

  it('hands on its own input where it has one', () => {
    busOf(rule({ EventPattern: { source: ['a'] } }, { Input: '{"mode":"plan"}' })).put({ source: 'a' });
    expect(deliveries).toEqual([[functionArn, { mode: 'plan' }]]);
  });

  it('with a schedule has its time when it is told so, once', () => {
    const bus = busOf(
      rule({ Name: 'nightly', ScheduleExpression: 'rate(1 day)' }),
      rule({ ScheduleExpression: 'rate(1 day)', State: 'DISABLED' }),
      rule({ EventPattern: { source: ['aws.events'] } }),
    );
    expect(deliveries).toEqual([]);
    bus.runSchedules();
    expect(deliveries).toEqual([
      [
        functionArn,
        {
          version: '0',
          id: expect.any(String),
          'detail-type': 'Scheduled Event',
          source: 'aws.events',
          account: '111122223333',
          time: expect.any(String),
          region: 'ap-northeast-2',
          resources: [arn('events', 'rule/nightly')],
          detail: {},
        },
      ],
    ]);
  });

  it('is refused if it makes something else of an event', () => {
    expect(() => rule({}, { InputPath: '$.detail' })).toThrow('an event is handed on as it is here');
  });
});

describe('a function as a target', () => {
  let aws: TestAws;
  beforeEach(async () => {
    aws = await openAws();
    aws.queues.setDepth('undelivered', 0);
  });
  afterEach(() => aws.close());
  const busOf = (...rules: v.InferOutput<typeof RuleProperties>[]) =>
    new EventBus(
      rules,
      (target, event) => {
        if (target.includes(':function:')) aws.functions.invokeLater(target, event);
        else aws.machines.start(target, JSON.stringify(event));
      },
      (letter) => aws.queues.send(letter.queueArn, letter.body, letter.attributes),
    );
  /** How often the function was called: each call writes a parameter named by its event. */
  const calls = () => aws.endpoint.calls.filter(({ operation }) => operation === 'PutParameter').length;
  const body = (then: string) =>
    `const http = require('node:http');
     await new Promise((resolve) => {
       const request = http.request(process.env.AWS_ENDPOINT_URL, {
         method: 'POST', headers: { 'x-amz-target': 'AmazonSSM.PutParameter' },
       }, (response) => response.resume().on('end', resolve));
       request.end(JSON.stringify({ Name: '/' + event.id, Value: JSON.stringify(event), Type: 'String', Overwrite: true }));
     });
     ${then}`;

  it('gets the event, a moment later', async () => {
    aws.addFunction('target', body(''), {});
    busOf(rule({ EventPattern: { source: ['a'] } })).put({ source: 'a', id: 'one' });
    expect(calls()).toBe(0);
    await aws.functions.idle();
    expect(JSON.parse(aws.parameters.get('/one').Value)).toEqual({ source: 'a', id: 'one' });
    expect(calls()).toBe(1);
  });

  it('is tried twice more when it fails, and then its destination gets what has happened', async () => {
    aws.addFunction('target', body(`throw Object.assign(new Error('no'), { name: 'Broken' });`), {});
    aws.functions.configureEvents({
      FunctionName: 'target',
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: queueArn } },
    });
    // The rule has delivered it, so that this queue isn't the rule's affair.
    const toElsewhere = { DeadLetterConfig: { Arn: arn('sqs', 'other') } };
    aws.queues.setDepth('other', 0);
    busOf(rule({ EventPattern: { source: ['a'] } }, toElsewhere)).put({ source: 'a', id: 'one' });
    await aws.functions.idle();
    expect(calls()).toBe(3);
    expect(aws.queues.messages('other')).toEqual([]);
    expect(aws.queues.messages('undelivered').map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        version: '1.0',
        requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
        requestPayload: { source: 'a', id: 'one' },
        responsePayload: { errorType: 'Broken', errorMessage: 'no' },
      },
    ]);
  });

  it('is tried no more once it has succeeded', async () => {
    aws.addFunction(
      'target',
      body(
        `globalThis.count = (globalThis.count ?? 0) + 1; if (globalThis.count === 1) throw new Error('no');`,
      ),
      {},
    );
    busOf(rule({ EventPattern: { source: ['a'] } })).put({ source: 'a', id: 'one' });
    await aws.functions.idle();
    expect(calls()).toBe(2);
  });

  it('leaves what can not be delivered in the target’s own queue, if it has one', async () => {
    const DeadLetterConfig = { Arn: queueArn };
    const bus = busOf(
      rule({ EventPattern: { source: ['a'] } }, { DeadLetterConfig }),
      rule(
        { EventPattern: { source: ['a'] } },
        { DeadLetterConfig, Arn: arn('states', 'stateMachine:nobody') },
      ),
      rule({ EventPattern: { source: ['a'] } }),
    );
    bus.put({ source: 'a' });
    const common = { RULE_ARN: arn('events', 'rule/rule'), ERROR_MESSAGE: expect.any(String) };
    expect(aws.queues.messages('undelivered')).toEqual([
      {
        body: '{"source":"a"}',
        attributes: { ...common, TARGET_ARN: functionArn, ERROR_CODE: 'ResourceNotFoundException' },
      },
      {
        body: '{"source":"a"}',
        attributes: {
          ...common,
          TARGET_ARN: arn('states', 'stateMachine:nobody'),
          ERROR_CODE: 'StateMachineDoesNotExist',
        },
      },
    ]);
    const { Attributes } = await aws.sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: `${aws.endpoint.url}/111122223333/undelivered`,
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    );
    expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '2' });
  });

  it('is invoked later by the API as well', async () => {
    aws.addFunction('target', body(''), {});
    const { StatusCode, Payload } = await aws.lambda.writer.send(
      new InvokeCommand({ FunctionName: 'target', InvocationType: 'Event', Payload: '{"id":"one"}' }),
    );
    expect([StatusCode, Payload?.length ?? 0]).toEqual([202, 0]);
    await aws.functions.idle();
    expect(calls()).toBe(1);
  });
});
