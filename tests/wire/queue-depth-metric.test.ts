import { createServer, type Server } from 'node:http';
import { queueDepthMetric } from '../../functions/metric/queue-depth-metric.ts';
import { close, listen, urlOf } from '../../sandbox/endpoint.ts';
import { openAws, secret, type TestAws } from '../support/aws.ts';
import { appTarget, steppedClock } from '../support/services.ts';

let aws: TestAws;
let api: Server;
let body: string;
let seen: { host: string | undefined; key: unknown }[];
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
  api = createServer((request, response) => {
    seen.push({ host: request.headers.host, key: request.headers['x-internal-key'] });
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

const count = (part: { host?: string; url?: string; aiQueue?: string } = {}) =>
  queueDepthMetric(
    {},
    {
      target: appTarget({
        endpoint: { requestTimeoutSeconds: 2 },
        metricFunction: { queues: { ai: part.aiQueue ?? 'ai', video: 'video', messaging: 'messaging' } },
      }),
      clock: steppedClock(),
      sqs: aws.sqs,
      cloudWatch: aws.cloudWatch,
      resources: {
        VIDEO_BACKLOG_API_INTERNAL: part.url ?? urlOf(api),
        LAMBDA_INTERNAL_API_KEY: key,
        ...(part.host === undefined ? {} : { VIDEO_BACKLOG_API_HOST: part.host }),
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
