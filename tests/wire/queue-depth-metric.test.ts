import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { queueDepthMetric } from '../../functions/metric/queue-depth-metric.ts';
import { close, listen, urlOf } from '../../sandbox/endpoint.ts';
import { appTarget, type TargetPart } from '../support/app-target.ts';
import { openAws, secret, type TestAws } from '../support/aws.ts';
import { certificateAuthority } from '../support/certificates.ts';
import { steppedClock } from '../support/services.ts';

let aws: TestAws;
let api: Server;
let body: string;
let seen: { host: string | undefined; key: unknown }[];
let asked: Pick<IncomingMessage, 'method' | 'headers'>[];
const key = secret();

beforeEach(async () => {
  aws = await openAws();
  for (const [name, depth] of [
    ['ai', 0],
    ['video', 5],
    ['messaging', 2],
  ] as const)
    aws.queues.setDepth(name, depth);
  body = '{"backlog":7}';
  seen = [];
  asked = [];
  api = createServer((request, response) => {
    seen.push({ host: request.headers.host, key: request.headers['x-internal-key'] });
    asked.push({ method: request.method, headers: request.headers });
    response.end(body);
  });
  await listen(api);
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await close(api);
  await aws.close();
});

interface Part {
  readonly host?: string;
  readonly url?: string;
  readonly aiQueue?: string;
  readonly endpoint?: TargetPart['endpoint'];
  readonly setFromEnv?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
}

const count = (part: Part = {}) =>
  queueDepthMetric(
    {},
    {
      target: appTarget({
        endpoint: { requestTimeoutSeconds: 60, ...part.endpoint },
        metricFunction: {
          setFromEnv: part.setFromEnv ?? {},
          queues: { ai: part.aiQueue ?? 'ai', video: 'video', messaging: 'messaging' },
        },
      }),
      clock: steppedClock(),
      sqs: aws.sqs,
      cloudWatch: aws.cloudWatch,
      resources: {
        VIDEO_BACKLOG_API_INTERNAL: part.url ?? urlOf(api),
        LAMBDA_INTERNAL_API_KEY: key,
        VIDEO_BACKLOG_API_HOST: part.host ?? '',
        ...part.variables,
      },
    },
  );
const published = () =>
  aws.metrics.read(
    { Namespace: 'App', MetricName: 'BacklogCount', Dimensions: [{ Name: 'WorkerType', Value: 'Video' }] },
    { startMs: 0, endMs: Date.now() + 60_000, periodSeconds: 60, statistic: 'Maximum' },
  );

describe('queue-depth-metric', () => {
  it('counts the queues and the backlog, and publishes the backlog', async () => {
    expect(await count()).toEqual({
      ai_queue_depth: 0,
      video_queue_depth: 5,
      video_backlog_count: 7,
      messaging_queue_depth: 2,
    });
    expect(published()).toMatchObject([{ value: 7 }]);
    expect(seen).toEqual([{ host: urlOf(api).slice(7), key }]);
  });

  it('publishes a backlog of 0', async () => {
    body = '{"backlog":0}';
    await count();
    expect(published()).toMatchObject([{ value: 0 }]);
  });

  it.each(['{"backlog":null}', '{"backlog":"7"}', 'Server Error'])(
    'publishes nothing for %s',
    async (answer) => {
      body = answer;
      expect(await count()).toMatchObject({ video_queue_depth: 5, video_backlog_count: null });
      expect(aws.countCalls('PutMetricData')).toBe(0);
    },
  );

  it('sends the Host that somebody has set', async () => {
    await count({ host: 'api.example.com' });
    expect(seen[0]?.host).toBe('api.example.com');
  });

  describe('of a target that asks in a way of its own', () => {
    const token = secret();
    const part: Part = {
      endpoint: {
        method: 'POST',
        headers: { 'X-Env': 'prod' },
        headersFromEnv: { Authorization: 'Bearer API_TOKEN' },
        internalKeyHeader: 'X-Api-Key',
        backlogPath: 'body.backlog',
      },
      setFromEnv: { TOKEN_OF_API: 'API_TOKEN' },
      variables: { TOKEN_OF_API: token },
    };

    it('asks in that way, with the keys that it has in its variables', async () => {
      body = '{"body":"{\\"backlog\\":3}"}';
      expect(await count(part)).toMatchObject({ video_backlog_count: 3 });
      expect(asked).toMatchObject([
        {
          method: 'POST',
          headers: { 'x-env': 'prod', authorization: `Bearer ${token}`, 'x-api-key': key },
        },
      ]);
    });

    it.each([
      ['InternalKeyMissing', ''],
      ['InternalKeyUnusable', `\u201C${token}\u201D`],
    ])('counts nothing, and logs %s with the name of the key alone', async (fault, value) => {
      expect(await count({ ...part, variables: { TOKEN_OF_API: value } })).toMatchObject({
        video_backlog_count: null,
      });
      expect(asked).toEqual([]);
      const logged = JSON.stringify(jest.mocked(console.error).mock.calls);
      expect(logged).toContain(fault);
      expect(logged).toContain('API_TOKEN');
      expect(logged).not.toContain(token);
    });

    it('trusts the CA of the target, and no other one', async () => {
      const authority = certificateAuthority();
      const secure = createHttpsServer(authority.issue('api.example.com'), (_request, response) =>
        response.end('{"backlog":7}'),
      );
      const url = (await listen(secure)).replace('http:', 'https:');
      const { certificate: caCertificates } = authority;
      try {
        expect(await count({ url, endpoint: { caCertificates } })).toMatchObject({ video_backlog_count: 7 });
        expect(await count({ url })).toMatchObject({ video_backlog_count: null });
      } finally {
        await close(secure);
      }
    });
  });

  it('says null where there is no address yet, and for a queue that it can not count', async () => {
    expect(await count({ url: '', aiQueue: 'nobody' })).toEqual({
      ai_queue_depth: null,
      video_queue_depth: 5,
      video_backlog_count: null,
      messaging_queue_depth: 2,
    });
  });

  it('says null for a queue of which SQS gives no depth, and logs which one it was', async () => {
    let looks = 0;
    aws.sqs.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'GetQueueAttributesCommand') return next(args);
          looks += 1;
          return looks === 1 ? { response: {}, output: { $metadata: {} } } : next(args);
        },
      { step: 'initialize' },
    );
    const counted = await count();
    expect(Object.values(counted).filter((one) => one === null)).toHaveLength(1);
    expect(jest.mocked(console.error).mock.calls).toEqual([
      [{ problem: 'queue not counted', queueName: expect.any(String), fault: 'SQS gave no depth' }],
    ]);
  });

  it('logs why it could not count, without the key', async () => {
    body = '{}';
    await count();
    const logged = JSON.stringify(jest.mocked(console.error).mock.calls);
    expect(logged).toContain('BacklogNotNumeric');
    expect(logged).not.toContain(key);
  });
});
