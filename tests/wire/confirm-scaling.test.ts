/** What ConfirmBacklog sees of the workers after a repair, with the alarms and the groups of Auto Scaling. */
import { openAutoScaling } from '../../aws/auto-scaling.ts';
import { mostScalingSeconds } from '../../aws/scaling-proof.ts';
import { confirmBacklog } from '../../functions/confirm-backlog.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { dimensionList } from '../../workflow/dimensions.ts';
import { groupName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { executionRef } from '../support/execution-facts.ts';
import { servicesOf, steppedClock } from '../support/services.ts';

const minuteMs = 60_000;
let aws: TestAws;
/** The start of the minute in which it was repaired. */
let repairedAtMs: number;
beforeEach(async () => {
  repairedAtMs = Math.floor(Date.now() / minuteMs) * minuteMs;
  // Datapoints are kept by the minute, and a slow test must not reach into the next one. Timers go on.
  jest.spyOn(Date, 'now').mockReturnValue(repairedAtMs + 10_000);
  aws = await openAws({ minuteSeconds: 60 });
  aws.addFunction('metric', 'return { video_backlog_count: 7 }', {});
});
afterEach(async () => {
  jest.restoreAllMocks();
  await aws.close();
});

const dimensionsOf = (group: string) => ({ WorkerType: 'Video', AutoScalingGroupName: group });

/** Datapoints of this minute and the ones before it, the newest last. */
function publish(group: string, ...values: readonly number[]): void {
  values.forEach((Value, index) => {
    const Timestamp = Date.now() - (values.length - 1 - index) * minuteMs;
    const Dimensions = dimensionList(dimensionsOf(group));
    aws.metrics.put('App', [
      { MetricName: 'BacklogCount', Dimensions, Value, Unit: 'Count', Timestamp, StorageResolution: 60 },
    ]);
  });
}

/** Puts a policy that holds the backlog at 7. */
function track(group: string, part: object = {}): void {
  aws.autoScaling.putPolicy({
    group,
    name: 'hold-backlog',
    enabled: true,
    estimatedInstanceWarmup: undefined,
    configuration: {
      TargetValue: 7,
      DisableScaleIn: false,
      CustomizedMetricSpecification: {
        Namespace: 'App',
        MetricName: 'BacklogCount',
        Dimensions: dimensionList(dimensionsOf(group)),
        Statistic: 'Maximum',
        ...part,
      },
    },
  });
}

/** A group of at most four workers. */
function addGroup(name: string, desired: number, minutesOld: number, warmupMinutes = 1): string {
  aws.autoScaling.addGroup({
    name,
    minSize: 1,
    maxSize: 4,
    desired,
    defaultInstanceWarmup: warmupMinutes * 60,
    createdAt: new Date(Date.now() - minutesOld * minuteMs),
  });
  return name;
}

/** A policy of metric math, whose result is what the metric divides by. */
const mathOn = (MetricName: string) => ({
  MetricName: undefined,
  Namespace: undefined,
  Dimensions: [],
  Statistic: undefined,
  Metrics: [
    {
      Id: 'm1',
      ReturnData: false,
      MetricStat: {
        Metric: { Namespace: 'App', MetricName, Dimensions: dimensionList(dimensionsOf(groupName)) },
        Stat: 'Maximum',
      },
    },
    { Id: 'e1', Expression: 'm1 / 2', ReturnData: true },
  ],
});

async function confirm(
  group: string | undefined,
  { clock = steppedClock(repairedAtMs), outcome = 'Patched' as 'Patched' | 'Unchanged' } = {},
) {
  const dimensions = group === undefined ? { WorkerType: 'Video' } : dimensionsOf(group);
  const completedAt = new Date(clock.now()).toISOString();
  const { scaling } = await confirmBacklog(
    {
      execution: executionRef({ startedAt: completedAt }),
      patch: {
        outcome,
        functionName: 'metric',
        setKeys: [],
        removedKeys: [],
        keptKeyCount: 0,
        sizeBytes: 0,
        completedAt,
      },
    },
    {
      ...servicesOf(aws, { metric: { dimensions } }, clock),
      lambda: aws.lambda.reader,
      cloudWatch: aws.cloudWatch,
      autoScaling: openAutoScaling(aws.clientConfig),
    },
  );
  return scaling;
}

const belowTarget = { outcome: 'NotDue', reason: 'BelowTarget' };
const notScaling = (code: string) => ({ outcome: 'NotScaling', code });

/** Three minutes of a backlog, by default of one above the target. */
function published(group: string, value = 20): string {
  publish(group, value, value, value);
  return group;
}

/** The same in a group with a policy. */
function tracked(part: object = {}, value = 20, group = groupName): string {
  track(group, part);
  return published(group, value);
}

function refreshed(): string {
  const group = addGroup('refreshed', 3, 60);
  aws.autoScaling.group(group).instanceRefreshes.unshift({
    InstanceRefreshId: 'refresh-1',
    AutoScalingGroupName: group,
    Status: 'InProgress',
    StartTime: new Date(),
    PercentageComplete: 10,
    InstancesToUpdate: 2,
  });
  return group;
}

function suspended(): string {
  aws.autoScaling.group(groupName).suspended.set('AlarmNotification', 'User suspended');
  return groupName;
}

function failing(): string {
  aws.autoScaling.group(groupName).launchFailure = 'no capacity';
  return groupName;
}

describe('after a repair, ConfirmBacklog', () => {
  it('sees the workers scale at once where they do, and looks no longer', async () => {
    tracked();
    expect(await confirm(groupName)).toEqual({
      outcome: 'Scaled',
      group: groupName,
      says: expect.stringMatching(
        /^Launching a new EC2 instance: i-.* \(InProgress, .*Z\); group app-workers has 1 worker of 3 wanted$/,
      ),
    });
    expect(aws.countCalls('DescribeAlarms')).toBe(1);
  });

  it.each<[string, () => string, object]>([
    ['a backlog below its target', () => tracked({}, 3), belowTarget],
    ['metric math on the metric', () => tracked(mathOn('BacklogCount'), 3), belowTarget],
    ['the unit that is published', () => tracked({ Unit: 'Count' }, 3), belowTarget],
    [
      'workers that warm up',
      () => tracked({}, 20, addGroup('warming', 3, 5, 10)),
      { outcome: 'NotDue', reason: 'WarmingUp' },
    ],
    ['an instance refresh', () => tracked({}, 20, refreshed()), { outcome: 'NotDue', reason: 'Refreshing' }],
    [
      'a group at its maximum',
      () => tracked({}, 20, addGroup('full', 4, 60)),
      { outcome: 'NotDue', reason: 'AtMaximum' },
    ],
    ['a suspended process', () => tracked({}, 20, suspended()), notScaling('GroupSuspended')],
    ['launches that fail', () => tracked({}, 20, failing()), notScaling('ActivityFailed')],
    ['a policy on another metric', () => tracked({ MetricName: 'Other' }), notScaling('PolicyElsewhere')],
    ['metric math on another metric', () => tracked(mathOn('Other')), notScaling('PolicyElsewhere')],
    [
      'a policy on other dimensions',
      () => tracked({ Dimensions: dimensionList({ WorkerType: 'Video' }) }),
      notScaling('PolicyOtherDimensions'),
    ],
    ['a policy that asks for another unit', () => tracked({ Unit: 'Bytes' }), notScaling('PolicyOtherUnit')],
    [
      'a policy that counts samples',
      () => tracked({ Statistic: 'SampleCount' }),
      notScaling('PolicyCountsSamples'),
    ],
    ['no policy', () => published(groupName), notScaling('PolicyMissing')],
    ['no group', () => published('nobody'), notScaling('GroupMissing')],
  ])('says of %s why nothing scales, and waits for nothing', async (_what, arrange, expected) => {
    const group = arrange();
    expect(await confirm(group)).toMatchObject({ group, ...expected });
    expect(aws.countCalls('DescribeAlarms')).toBe(1);
  });

  it.each([
    ['DescribeAlarms', 'cloudwatch:DescribeAlarms on alarms TargetTracking-app-workers-Alarm…'],
    ['DescribePolicies', 'autoscaling:DescribePolicies on group app-workers'],
    ['DescribeAutoScalingGroups', 'autoscaling:DescribeAutoScalingGroups on group app-workers'],
    ['DescribeScalingActivities', 'autoscaling:DescribeScalingActivities on group app-workers'],
  ])('says that it may not call %s, and does not fail by that', async (name, says) => {
    track(groupName);
    publish(groupName, 20, 20, 20);
    aws.fail(name, new AwsError('AccessDenied', 'canary', 403));
    expect(await confirm(groupName)).toEqual({
      outcome: 'Unknown',
      group: groupName,
      says: expect.stringContaining(`${says}: access denied`),
    });
  });

  it('needs no permission for instance refreshes to see the rest', async () => {
    track(groupName);
    publish(groupName, 3);
    aws.fail('DescribeInstanceRefreshes', new AwsError('AccessDenied', '', 403));
    expect(await confirm(groupName)).toMatchObject({ outcome: 'NotDue' });
  });

  it.each([
    ['AWS is down', Array.from({ length: 4 }, () => new AwsError('ServiceUnavailable', '', 503))],
    ['its credentials have expired', [new AwsError('ExpiredToken', '', 403)]],
  ])('says that nobody could look where %s', async (_what, faults) => {
    tracked();
    aws.fail('DescribePolicies', ...faults);
    expect(await confirm(groupName)).toMatchObject({ outcome: 'Unknown' });
  });

  it('waits for alarms without data no longer than its function has time, and says that they are silent', async () => {
    track(groupName);
    // Its datapoint has left what the alarms look at: they go by the time of the machine.
    const longAgoMs = repairedAtMs - 30 * minuteMs;
    const Dimensions = dimensionList(dimensionsOf(groupName));
    aws.metrics.put('App', [
      { MetricName: 'BacklogCount', Dimensions, Value: 7, Timestamp: longAgoMs, StorageResolution: 60 },
    ]);
    const clock = steppedClock(longAgoMs);
    expect(await confirm(groupName, { clock })).toMatchObject({
      outcome: 'NotScaling',
      code: 'ScalingAlarmsSilent',
    });
    const waitedSeconds = (clock.now() - longAgoMs) / 1000;
    expect(waitedSeconds).toBeGreaterThan(mostScalingSeconds - 30);
    expect(waitedSeconds).toBeLessThanOrEqual(mostScalingSeconds);

    const spoken = steppedClock(longAgoMs);
    spoken.at(longAgoMs + minuteMs, () => publish(groupName, 3));
    expect(await confirm(groupName, { clock: spoken })).toMatchObject({ outcome: 'NotDue' });
    expect(spoken.now() - longAgoMs).toBe(minuteMs);
  });

  it('waits until the alarm that scales out has as many datapoints as it needs', async () => {
    track(groupName);
    publish(groupName, 20);
    const clock = steppedClock(repairedAtMs);
    expect(await confirm(groupName, { clock })).toMatchObject({ outcome: 'NotYet' });
    expect(clock.now() - repairedAtMs).toBeGreaterThanOrEqual((mostScalingSeconds - 30) * 1000);
    const [high] = aws.metrics.alarms().filter(({ properties }) => /AlarmHigh/.test(properties.AlarmName));
    expect(high?.state).toBe('INSUFFICIENT_DATA');

    const breaching = steppedClock(repairedAtMs);
    breaching.at(repairedAtMs + 2 * minuteMs, () => publish(groupName, 20, 20, 20));
    expect(await confirm(groupName, { clock: breaching })).toMatchObject({ outcome: 'Scaled' });
    expect(breaching.now() - repairedAtMs).toBeLessThan(3 * minuteMs);
  });

  it.each<[string, string | undefined, 'Patched' | 'Unchanged']>([
    ['a target without a group', undefined, 'Patched'],
    ['a target where nothing had to be repaired', groupName, 'Unchanged'],
  ])('does not look at the workers of %s', async (_what, group, outcome) => {
    tracked();
    aws.metrics.put('App', [
      {
        MetricName: 'BacklogCount',
        Dimensions: dimensionList({ WorkerType: 'Video' }),
        Value: 7,
        Timestamp: Date.now(),
        StorageResolution: 60,
      },
    ]);
    expect(await confirm(group, { outcome })).toBeUndefined();
    const called = aws.endpoint.calls.map(({ operation }) => operation);
    expect(called.filter((operation) => operation.startsWith('Describe'))).toEqual([]);
  });
});
