import { createServer, type Socket } from 'node:net';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { callAws, required, writerConfig } from '../../aws/call.ts';
import { readFailedExecution } from '../../aws/execution.ts';
import { readFunctionEnv } from '../../aws/function-environment.ts';
import { readLedger } from '../../aws/lease-table.ts';
import { readNewestDatapoint } from '../../aws/metric.ts';
import { readParameter } from '../../aws/parameter.ts';
import { readQueueDepth } from '../../aws/queue.ts';
import { publish } from '../../aws/topic.ts';
import { AwsError, listen, type StrangeAnswer } from '../../sandbox/endpoint.ts';
import { topicArn } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { leaseDoor } from '../support/execution.ts';

describe('a call to AWS', () => {
  it('ends as AwsUnavailable when nobody answers', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    const endpoint = await listen(silent);
    const { requestHandler, ...config } = writerConfig();
    const ssm = new SSMClient({
      ...config,
      // The project's own settings, with less patience.
      requestHandler: { ...requestHandler, requestTimeout: 200 },
      region: 'ap-northeast-2',
      endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const call = callAws({ action: 'ssm:GetParameter', resource: 'parameter /x' }, () =>
      ssm.send(new GetParameterCommand({ Name: '/x' })),
    );
    await expect(call).rejects.toMatchObject({ name: 'AwsUnavailable' });
    ssm.destroy();
    // One that nobody reads from never ends by itself, and would keep the process.
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});

describe('an answer of AWS', () => {
  let aws: TestAws;
  beforeEach(async () => {
    aws = await openAws();
    aws.parameters.put({ Name: '/x', Value: 'A=1', Type: 'SecureString' });
  });
  afterEach(() => aws.close());
  const read = () =>
    callAws({ action: 'ssm:GetParameter', resource: 'parameter /x' }, () =>
      aws.ssm.writer.send(new GetParameterCommand({ Name: '/x' })),
    );

  it.each<[string, Omit<StrangeAnswer, 'isCarriedOut'>]>([
    ['cut JSON', { status: 200, body: '{"Parameter":{"Na' }],
    ["a proxy's page", { status: 200, body: '<html><body>Sign in</body></html>' }],
    ["a proxy's refusal", { status: 403, body: '<html><body>Forbidden</body></html>' }],
    ['a page of a gateway', { status: 502, body: '<html>' }],
  ])('that is %s is none: AwsUnavailable, whether the call was carried out or not', async (_what, answer) => {
    for (const isCarriedOut of [true, false]) {
      aws.fail('GetParameter', { ...answer, isCarriedOut });
      await expect(read()).rejects.toMatchObject({ name: 'AwsUnavailable' });
    }
  });

  const metric = { namespace: 'App', name: 'BacklogCount', dimensions: {}, periodSeconds: 60 as const };
  const calls: readonly (readonly [string, string, () => Promise<unknown>])[] = [
    ['SSM', 'GetParameter', () => readParameter(aws.ssm.writer, '/x')],
    ['Lambda', 'GetFunctionConfiguration', () => readFunctionEnv(aws.lambda.writer, 'metric')],
    [
      'CloudWatch',
      'GetMetricData',
      () => readNewestDatapoint(aws.cloudWatch, { ...metric, confirmWithinSeconds: 10 }, 0, 1),
    ],
    ['SQS', 'GetQueueUrl', () => readQueueDepth(aws.sqs, 'jobs')],
    ['SNS', 'Publish', () => publish(aws.sns, topicArn, { subject: 's', text: 't' })],
    ['Step Functions', 'DescribeExecution', () => readFailedExecution(aws.sfn, 'arn:x', null)],
    ['DynamoDB', 'GetItem', () => readLedger(leaseDoor(aws))],
  ];
  it.each(
    calls.flatMap((one) =>
      ['{"Na', '<html><body>Sign in</body></html>'].map((body) => [...one, body] as const),
    ),
  )(
    'of %s to %s is none if it is a page or cut: AwsUnavailable, with the status 200 as well',
    async (_service, operation, send, body) => {
      // The SDK itself may try again.
      aws.fail(operation, ...Array.from({ length: 4 }, () => ({ status: 200, body, isCarriedOut: false })));
      await expect(send()).rejects.toMatchObject({ name: 'AwsUnavailable' });
    },
  );

  it.each([
    'ProvisionedThroughputExceededException',
    'ThrottledException',
    'RequestThrottledException',
    'SlowDown',
    'TransactionInProgressException',
    'TooManyUpdates',
    'RequestLimitExceeded',
  ])('that is %s is AwsThrottled', async (name) => {
    aws.fail('GetParameter', new AwsError(name, ''));
    await expect(read()).rejects.toMatchObject({ name: 'AwsThrottled' });
  });

  it.each([
    ['RequestTimeout', 'AwsUnavailable'],
    ['InternalServerError', 'AwsUnavailable', 500],
    ['AccessDeniedException', 'AccessDenied'],
    ['ExpiredTokenException', 'CredentialsExpired'],
    ['ParameterNotFound', 'AwsRejected'],
    ['KMSAccessDeniedException', 'AccessDenied'],
    ['KmsAccessDenied', 'AccessDenied'],
    ['InvalidKeyId', 'KmsKeyUnusable'],
    ['KMSDisabledException', 'KmsKeyUnusable'],
    ['KMSInvalidStateException', 'KmsKeyUnusable'],
    ['KmsInvalidState', 'KmsKeyUnusable'],
    ['KMSNotFoundException', 'KmsKeyUnusable'],
  ])('that is %s is %s', async (name, expected, status = 400) => {
    aws.fail('GetParameter', new AwsError(name, '', status));
    await expect(read()).rejects.toMatchObject({ name: expected });
  });

  it.each(['ECONNABORTED', 'EADDRNOTAVAIL', 'EPROTO', 'HPE_INVALID_CONSTANT', 'ECONNRESET', 'EAI_AGAIN'])(
    'that the network cut off with %s is AwsUnavailable',
    async (code) => {
      const call = callAws({ action: 'ssm:GetParameter', resource: 'parameter /x' }, () =>
        Promise.reject(Object.assign(new Error('cut off'), { code })),
      );
      await expect(call).rejects.toMatchObject({ name: 'AwsUnavailable' });
    },
  );

  it.each([TypeError, RangeError, ReferenceError])(
    'is not blamed for a mistake in our own code: %p stays what it is',
    async (Mistake) => {
      const mistake = new Mistake('of ours');
      const call = callAws({ action: 'ssm:GetParameter', resource: 'parameter /x' }, () =>
        Promise.reject(mistake),
      );
      await expect(call).rejects.toBe(mistake);
    },
  );

  it('without a field that has to be there is refused, naming it', () => {
    const call = { action: 'sns:Publish', resource: 'topic t' };
    expect(required(call, 'MessageId', 'm')).toBe('m');
    expect(() => required(call, 'MessageId', undefined)).toThrow(/sns:Publish on topic t: .* MessageId/);
  });
});
