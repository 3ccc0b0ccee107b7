import { openAutoScaling } from '../../aws/auto-scaling.ts';
import type { Clock } from '../../aws/clock.ts';
import { confirmBacklog } from '../../functions/confirm-backlog.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { invocationOf } from '../../sandbox/services/metric-data.ts';
import type { ConfirmBacklogInput } from '../../workflow/chain.ts';
import type { TargetPart } from '../support/app-target.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { executionRef, plannedFunction, recoveryPlan } from '../support/execution-facts.ts';
import { servicesOf, steppedClock } from '../support/services.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const publish = (Value: number, Timestamp: number) =>
  aws.metrics.put('App', [
    {
      MetricName: 'BacklogCount',
      Dimensions: [{ Name: 'WorkerType', Value: 'Video' }],
      Value,
      Timestamp,
      StorageResolution: 60,
    },
  ]);
const state = (
  startedAtMs: number,
  outcome: 'Patched' | 'Unchanged' = 'Patched',
  redriveCount = 0,
): ConfirmBacklogInput => ({
  execution: executionRef({ startedAt: new Date(startedAtMs).toISOString(), redriveCount }),
  patch: {
    outcome,
    functionName: 'metric',
    setKeys: [],
    removedKeys: [],
    keptKeyCount: 0,
    sizeBytes: 0,
    completedAt: new Date(startedAtMs).toISOString(),
  },
});
const confirm = (input: ConfirmBacklogInput, clock: Clock, part: TargetPart = {}) =>
  confirmBacklog(input, {
    ...servicesOf(aws, part, clock),
    lambda: aws.lambda.reader,
    cloudWatch: aws.cloudWatch,
    autoScaling: openAutoScaling(aws.clientConfig),
  });
const counting = (json: string) => aws.addFunction('metric', `return JSON.parse('${json}')`, {});

describe('ConfirmBacklog', () => {
  it('ignores a datapoint that is older than the repair, and waits for one of a later period', async () => {
    counting('{"video_backlog_count":7}');
    const clock = steppedClock();
    const repairedAt = clock.now();
    publish(3, repairedAt - 1);
    // Stamped with the start of its minute, which lies before the repair.
    publish(4, repairedAt);
    clock.at(repairedAt + 90_000, () => publish(7, repairedAt + 60_000));
    const proof = await confirm(state(repairedAt), clock);
    expect(proof).toMatchObject({ backlog: 7, metric: 'App/BacklogCount', datapoint: { value: 7 } });
    expect(Date.parse(proof.datapoint?.timestamp ?? '')).toBeGreaterThanOrEqual(repairedAt);
  });

  it.each([
    ['nobody else has called its function', [0], 'NotCalled'],
    ['its function was called in the minutes before', [-3, 0], 'Called'],
    ['CloudWatch does not show the calls yet', [], 'Unknown'],
  ])('says after a repair whether the metric goes on by itself: %s', async (_what, minutes, outcome) => {
    counting('{"video_backlog_count":7}');
    const clock = steppedClock();
    publish(7, clock.now() + 60_000);
    aws.metrics.record(
      'AWS/Lambda',
      minutes.map((minute) => invocationOf('metric', clock.now() + minute * 60_000)),
    );
    expect(await confirm(state(clock.now()), clock)).toMatchObject({ callers: { outcome } });
  });

  it('says nothing of the callers where nothing was repaired', async () => {
    counting('{"video_backlog_count":7}');
    const clock = steppedClock();
    publish(7, clock.now());
    expect(await confirm(state(clock.now() - 60_000, 'Unchanged'), clock)).not.toHaveProperty('callers');
  });

  it('invokes the function as its callers do, through the alias', async () => {
    aws.addFunction('metric', 'return {video_backlog_count: Number(process.env.COUNT)}', { COUNT: '7' });
    aws.functions.versionsOf('metric').putAlias('live', { FunctionVersion: aws.functions.publish('metric') });
    aws.functions.replaceCode('metric', (directory) => `${directory}-broken`);
    const clock = steppedClock();
    publish(7, clock.now());
    const input = state(clock.now() - 60_000, 'Unchanged');
    const proof = await confirm(input, clock, { metricFunction: { alias: 'live' } });
    expect(proof).toMatchObject({ backlog: 7 });
  });

  it('invokes the function again in each new period, so that there is a datapoint to wait for', async () => {
    counting('{"video_backlog_count":7}');
    // Ten seconds into a minute, so that five minutes reach into six of them.
    const clock = steppedClock(Math.floor(Date.now() / 60_000) * 60_000 + 10_000);
    await expect(confirm(state(clock.now()), clock)).rejects.toMatchObject({ name: 'DatapointMissing' });
    expect(aws.countCalls('Invoke')).toBe(6);
  });

  it('takes a recent datapoint for proof when nothing had to be repaired', async () => {
    counting('{"video_backlog_count":0}');
    const clock = steppedClock();
    publish(0, clock.now() - 90_000);
    expect(await confirm(state(clock.now(), 'Unchanged'), clock)).toMatchObject({ datapoint: { value: 0 } });
    expect(aws.countCalls('Invoke')).toBe(1);
  });

  it('proves a metric of each hour as soon as one of each minute', async () => {
    counting('{"video_backlog_count":7}');
    const clock = steppedClock(Math.floor(Date.now() / 3600_000) * 3600_000 + 600_000);
    const repairedAt = clock.now();
    publish(4, repairedAt - 1);
    clock.at(repairedAt + 60_000, () => publish(7, repairedAt + 60_000));
    const part = { metric: { periodSeconds: 3600 } };
    // The last one that somebody else made, and is due.
    aws.metrics.put('AWS/Lambda', [invocationOf('metric', repairedAt - 2 * 3600_000)]);
    expect(await confirm(state(repairedAt), clock, part)).toMatchObject({
      datapoint: { value: 7 },
      callers: { outcome: 'Called' },
    });
    expect(clock.now() - repairedAt).toBeLessThan(90_000);
    expect(aws.countCalls('Invoke')).toBe(2);
  });

  it('takes a datapoint for recent that is three periods old at most', async () => {
    counting('{"video_backlog_count":0}');
    const clock = steppedClock();
    publish(5, clock.now() - 2 * 3600_000);
    const input = state(clock.now(), 'Unchanged');
    const part = { metric: { periodSeconds: 3600 } };
    expect(await confirm(input, clock, part)).toMatchObject({ datapoint: { value: 5 } });
    const sooner = { metric: { periodSeconds: 1800 } };
    await expect(confirm(input, clock, sooner)).rejects.toMatchObject({ name: 'DatapointMissing' });
  });

  it('takes no datapoint for proof that was published before a redrive', async () => {
    counting('{"video_backlog_count":7}');
    const clock = steppedClock();
    const daysAgo = clock.now() - 2 * 24 * 3600_000;
    publish(3, clock.now() - 3600_000);
    clock.at(clock.now() + 60_000, () => publish(7, clock.now()));
    const proof = await confirm(state(daysAgo, 'Patched', 1), clock);
    expect(proof).toMatchObject({ datapoint: { value: 7 } });
  });

  it.each([
    'null',
    '{"video_backlog_count":null}',
    '{"video_backlog_count":"7"}',
    '{"video_backlog_count":-1}',
  ])('tries again to the deadline on %s, then fails as BacklogNotNumeric', async (json) => {
    counting(json);
    await expect(confirm(state(Date.now()), steppedClock())).rejects.toMatchObject({
      name: 'BacklogNotNumeric',
    });
    // Every two seconds for five minutes, and at once.
    expect(aws.countCalls('Invoke')).toBe(151);
  });

  it('fails as MetricFunctionFailed on a function that throws, and shows nothing of what it threw', async () => {
    aws.addFunction('metric', 'throw new Error("canary")', {});
    await expect(confirm(state(Date.now()), steppedClock())).rejects.toMatchObject({
      name: 'MetricFunctionFailed',
      message: expect.not.stringContaining('canary'),
    });
  });

  it('recovers when the function begins to count', async () => {
    aws.addFunction(
      'metric',
      'globalThis.n = (globalThis.n ?? 0) + 1; return { video_backlog_count: globalThis.n > 3 ? 7 : null }',
      {},
    );
    const clock = steppedClock();
    publish(7, clock.now() + 60_000);
    expect(await confirm(state(clock.now()), clock)).toMatchObject({ backlog: 7 });
    expect(aws.countCalls('Invoke')).toBe(4);
  });

  it('fails as AccessDenied where it may not ask CloudWatch', async () => {
    counting('{"video_backlog_count":7}');
    aws.fail('GetMetricData', new AwsError('AccessDenied', '', 403));
    await expect(confirm(state(Date.now()), steppedClock())).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('names the key of a function whose variables Lambda can not decrypt', async () => {
    counting('{"video_backlog_count":7}');
    const kmsKeyArn = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000001';
    const plan = recoveryPlan({ function: plannedFunction({ kmsKeyArn }) });
    // The client of these tests repeats what is answered with 502.
    aws.fail('Invoke', ...Array.from({ length: 4 }, () => new AwsError('KMSAccessDeniedException', '', 502)));
    await expect(confirm({ ...state(Date.now()), plan }, steppedClock())).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(
        `function metric with KMS key ${kmsKeyArn}: the use of the KMS key is denied.`,
      ),
    });
  });

  it('tries a function again that gets its network interface back after weeks', async () => {
    counting('{"video_backlog_count":7}');
    aws.fail(
      'Invoke',
      new AwsError('ResourceNotReadyException', '', 502),
      new AwsError('ResourceConflictException', '', 409),
    );
    const clock = steppedClock();
    publish(7, clock.now() + 60_000);
    expect(await confirm(state(clock.now()), clock)).toMatchObject({ backlog: 7 });
    expect(aws.countCalls('Invoke')).toBe(3);
  });

  it('does not publish a datapoint of its own', async () => {
    counting('{"video_backlog_count":7}');
    await confirm(state(Date.now()), steppedClock()).catch(() => undefined);
    expect(aws.countCalls('PutMetricData')).toBe(0);
  });

  it.each(['PartialData', 'InternalError', undefined])(
    'takes no datapoint of a result that is not complete (%s) for proof',
    async (StatusCode) => {
      counting('{"video_backlog_count":7}');
      const clock = steppedClock();
      const Timestamps = [new Date(clock.now() + 60_000)];
      const send = jest
        .spyOn(aws.cloudWatch, 'send')
        .mockImplementation(() =>
          Promise.resolve({ MetricDataResults: [{ StatusCode, Timestamps, Values: [7] }] }),
        );
      await expect(confirm(state(clock.now()), clock)).rejects.toMatchObject({ name: 'DatapointMissing' });
      send.mockRestore();
    },
  );

  it('takes no datapoint older than the repair for proof, whatever CloudWatch makes of the start time', async () => {
    counting('{"video_backlog_count":7}');
    const clock = steppedClock();
    const Timestamps = [new Date(clock.now() - 1)];
    const send = jest
      .spyOn(aws.cloudWatch, 'send')
      .mockImplementation(() =>
        Promise.resolve({ MetricDataResults: [{ StatusCode: 'Complete', Timestamps, Values: [7] }] }),
      );
    await expect(confirm(state(clock.now()), clock)).rejects.toMatchObject({ name: 'DatapointMissing' });
    send.mockRestore();
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('takes a value of %d for none', async (value) => {
    counting('{"video_backlog_count":7}');
    const clock = steppedClock();
    const Timestamps = [clock.now() + 120_000, clock.now() + 60_000].map((time) => new Date(time));
    jest
      .spyOn(aws.cloudWatch, 'send')
      .mockImplementationOnce(() =>
        Promise.resolve({ MetricDataResults: [{ StatusCode: 'Complete', Timestamps, Values: [value, 7] }] }),
      );
    expect(await confirm(state(clock.now()), clock)).toMatchObject({ datapoint: { value: 7 } });
  });

  it('takes an answer without results for none', async () => {
    counting('{"video_backlog_count":7}');
    jest.spyOn(aws.cloudWatch, 'send').mockImplementationOnce(() => Promise.resolve({}));
    await expect(confirm(state(Date.now()), steppedClock())).rejects.toMatchObject({
      name: 'AwsUnavailable',
    });
  });

  it('fails as AccessDenied where CloudWatch says Forbidden', async () => {
    counting('{"video_backlog_count":7}');
    jest
      .spyOn(aws.cloudWatch, 'send')
      .mockImplementationOnce(() => Promise.resolve({ MetricDataResults: [{ StatusCode: 'Forbidden' }] }));
    await expect(confirm(state(Date.now()), steppedClock())).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('cloudwatch:GetMetricData on metric App/BacklogCount'),
    });
  });
});
