/** What ConfirmBacklog sees of a target that leaves out its metric, its metric function, or both. */
import { openAutoScaling } from '../../aws/auto-scaling.ts';
import type { Clock } from '../../aws/clock.ts';
import { confirmBacklog } from '../../functions/confirm-backlog.ts';
import type { ConfirmBacklogInput } from '../../workflow/chain.ts';
import type { Target } from '../../workflow/target.ts';
import { groupName } from '../support/app-names.ts';
import { appTarget } from '../support/app-target.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { executionRef } from '../support/execution-facts.ts';
import { repairedRun } from '../support/reported-run.ts';
import { servicesOf, steppedClock } from '../support/services.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const publish = (Value: number, Timestamp: number, more: { Name: string; Value: string }[] = []) =>
  aws.metrics.put('App', [
    {
      MetricName: 'BacklogCount',
      Dimensions: [{ Name: 'WorkerType', Value: 'Video' }, ...more],
      Value,
      Timestamp,
      StorageResolution: 60,
    },
  ]);
const counting = (json: string) => aws.addFunction('metric', `return JSON.parse('${json}')`, {});
const confirm = (input: ConfirmBacklogInput, clock: Clock, part: Partial<Target>) =>
  confirmBacklog(input, {
    ...servicesOf(aws, {}, clock),
    target: { ...appTarget(), ...part },
    lambda: aws.lambda.reader,
    cloudWatch: aws.cloudWatch,
    autoScaling: openAutoScaling(aws.clientConfig),
  });
const notPatched = (startedAtMs: number, part: Partial<ConfirmBacklogInput> = {}): ConfirmBacklogInput => ({
  execution: executionRef({ startedAt: new Date(startedAtMs).toISOString() }),
  patch: { outcome: 'NotInTarget' },
  ...part,
});

const patched = (startedAtMs: number): ConfirmBacklogInput => {
  const { patch } = repairedRun();
  return notPatched(startedAtMs, patch && { patch });
};

describe('ConfirmBacklog', () => {
  it('answers at once for a target with neither a metric function nor a metric', async () => {
    const clock = steppedClock();
    const { deployment } = repairedRun();
    const without = { metricFunction: undefined, metric: undefined };
    const input = notPatched(clock.now(), deployment && { deployment });
    const proof = await confirm(input, clock, without);
    expect(proof).toEqual({ backlog: null, metric: null, datapoint: null });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('waits after a repair for a datapoint of whoever else publishes the metric, and invokes nothing', async () => {
    const clock = steppedClock();
    const { deployment } = repairedRun();
    const now = clock.now();
    publish(3, now - 1);
    clock.at(now + 90_000, () => publish(7, now + 60_000));
    const input = notPatched(now - 120_000, deployment && { deployment });
    const proof = await confirm(input, clock, { metricFunction: undefined });
    expect(proof).toMatchObject({ backlog: null, metric: 'App/BacklogCount', datapoint: { value: 7 } });
    expect(aws.countCalls('Invoke')).toBe(0);
  });

  it('looks after a repair whether the workers follow a metric that somebody else publishes', async () => {
    const clock = steppedClock();
    const { deployment } = repairedRun();
    publish(7, clock.now() + 60_000, [{ Name: 'AutoScalingGroupName', Value: groupName }]);
    const { metric } = appTarget({
      metric: { dimensions: { WorkerType: 'Video', AutoScalingGroupName: groupName } },
    });
    const input = notPatched(clock.now(), deployment && { deployment });
    const proof = await confirm(input, clock, { metricFunction: undefined, metric });
    expect(proof).toMatchObject({
      scaling: { outcome: 'NotScaling', group: groupName, code: 'PolicyMissing' },
    });
    // Nobody but the publisher knows who calls it.
    expect(proof).not.toHaveProperty('callers');
  });

  it('is content with a recent datapoint of somebody else where nothing had to be repaired', async () => {
    const clock = steppedClock();
    publish(3, clock.now() - 60_000);
    const proof = await confirm(notPatched(clock.now()), clock, { metricFunction: undefined });
    expect(proof).toMatchObject({ backlog: null, datapoint: { value: 3 } });
  });

  it('fails as DatapointMissing if nobody else publishes in time', async () => {
    const clock = steppedClock();
    const confirmed = confirm(notPatched(clock.now()), clock, { metricFunction: undefined });
    await expect(confirmed).rejects.toMatchObject({ name: 'DatapointMissing' });
  });

  it('has the function count, and asks for no datapoint of a target without a metric', async () => {
    counting('{"video_backlog_count":7}');
    const clock = steppedClock();
    const proof = await confirm(patched(clock.now()), clock, { metric: undefined });
    expect(proof).toEqual({ backlog: 7, metric: null, datapoint: null });
    expect(aws.countCalls('GetMetricData')).toBe(0);
  });

  it.each([
    ['{"video_backlog_count":null}', 'BacklogNotNumeric'],
    ['{', 'MetricFunctionFailed'],
  ])('fails if that function answers %s for five minutes', async (json, name) => {
    counting(json);
    const clock = steppedClock();
    const start = clock.now();
    const confirmed = confirm(patched(start), clock, { metric: undefined });
    await expect(confirmed).rejects.toMatchObject({ name });
    expect(clock.now() - start).toBe(300_000);
  });
});
