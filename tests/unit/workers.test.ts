/** The sandbox's workers, and what a person sees of them, while a clock is moved. */
import { AutoScaling } from '../../sandbox/services/auto-scaling.ts';
import { Metrics } from '../../sandbox/services/cloudwatch.ts';
import { Workers, workOf } from '../../sandbox/workers.ts';
import { patience, watchWorkers } from '../../sandbox/workers-screen.ts';

const workerGroup = 'workers';

let backend: { backlog: number };
let metrics: Metrics;
let autoScaling: AutoScaling;
let workers: Workers;
let count: jest.Mock<Promise<unknown>, []>;

beforeEach(() => {
  jest.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
  backend = { backlog: 20 };
  metrics = new Metrics(() => undefined);
  autoScaling = new AutoScaling(metrics, { minuteSeconds: 1 });
  const createdAt = new Date(Date.now() - 3_600_000);
  autoScaling.addGroup({ name: workerGroup, minSize: 2, maxSize: 6, desired: 2, createdAt });
  autoScaling.putPolicy({
    group: workerGroup,
    name: 'hold',
    enabled: true,
    estimatedInstanceWarmup: undefined,
    configuration: {
      TargetValue: 7,
      DisableScaleIn: false,
      CustomizedMetricSpecification: {
        Namespace: 'App',
        MetricName: 'BacklogCount',
        Dimensions: [],
        Statistic: 'Maximum',
      },
    },
  });
  count = jest.fn(async () =>
    metrics.put('App', [
      { MetricName: 'BacklogCount', Dimensions: [], Value: backend.backlog, StorageResolution: 1 },
    ]),
  );
  workers = new Workers({
    autoScaling,
    metrics,
    backend,
    work: workOf({ scaling: undefined }),
    count: () => count(),
  });
});
afterEach(async () => {
  await workers.stop();
  jest.useRealTimers();
});

const backlogAfter = (minutes: number) => {
  for (let minute = 0; minute < minutes; minute += 1) workers.work();
  return backend.backlog;
};

describe('the workers', () => {
  it('just keep up while they are two', () => {
    expect(backlogAfter(10)).toBe(20);
  });

  it('bring the backlog down, to nothing at the least, once more of them are in service', () => {
    autoScaling.setDesired(workerGroup, 5, 'a test');
    expect(backlogAfter(1)).toBe(20);
    jest.advanceTimersByTime(1000);
    expect(backlogAfter(1)).toBe(17);
    expect(backlogAfter(9)).toBe(0);
  });

  it('stand still until they are started, and again once they are stopped', async () => {
    await jest.advanceTimersByTimeAsync(5000);
    expect(count).not.toHaveBeenCalled();
    workers.start();
    await jest.advanceTimersByTimeAsync(2000);
    expect(count).toHaveBeenCalledTimes(3);
    await workers.stop();
    await jest.advanceTimersByTimeAsync(5000);
    expect(count).toHaveBeenCalledTimes(3);
  });

  it('are counted again only when the last count has ended, which a stop waits for', async () => {
    let end = (_value: unknown) => {};
    count.mockImplementation(
      () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    );
    workers.start();
    await jest.advanceTimersByTimeAsync(5000);
    expect(count).toHaveBeenCalledTimes(1);
    let isStopped = false;
    const stopped = workers.stop().then(() => {
      isStopped = true;
    });
    await jest.advanceTimersByTimeAsync(1000);
    expect(isStopped).toBe(false);
    end(undefined);
    await stopped;
  });
});

describe('the work', () => {
  it.each([undefined, 0.5, 3.5, 10, 400])(
    'lets two workers just keep up, gives a policy of %s for each worker a reason to scale, and is done by six',
    (backlogPerInstance) => {
      const policy = backlogPerInstance === undefined ? undefined : { backlogPerInstance };
      const { steady, grown, newPerMinute, donePerWorker } = workOf({
        scaling: { group: 'workers', policy },
      });
      const target = backlogPerInstance === undefined ? steady : 2 * backlogPerInstance;
      expect(steady).toBeLessThanOrEqual(Math.ceil(target));
      expect(grown).toBeGreaterThan(target);
      expect(newPerMinute).toBe(2 * donePerWorker);
      const minutes = (grown - target) / (6 * donePerWorker - newPerMinute);
      expect(minutes).toBeLessThan(5);
    },
  );
});

describe('what a person sees of them', () => {
  const lines: string[] = [];
  const watch = async () => {
    lines.length = 0;
    const watched = watchWorkers(
      { autoScaling, metrics, workerGroup, metricName: 'BacklogCount', workers },
      (line) => lines.push(line.replace(/^ {2}\d\d:\d\d:\d\d {2}/, '').replace(/ {2,}/, ': ')),
    );
    await jest.advanceTimersByTimeAsync((patience.minutes + 1) * 1000);
    return await watched;
  };

  it('is the alarms, the activities, the workers that are there, and the backlog that goes down', async () => {
    expect(await watch()).toBe(true);
    expect(lines.filter((line) => !line.startsWith('scaling activity'))).toEqual([
      'AlarmLow: from INSUFFICIENT_DATA to OK',
      'BacklogCount: 20',
      'AlarmHigh: from INSUFFICIENT_DATA to ALARM',
      'desired capacity: from 2 to 6',
      'workers in service: from 2 to 6',
      'BacklogCount: from 20 to 16',
      'BacklogCount: from 16 to 12',
      'BacklogCount: from 12 to 8',
      'AlarmHigh: from ALARM to OK',
      'BacklogCount: from 8 to 4',
      'The workers scale by themselves again: 6 of 6 workers in service, at most 6; BacklogCount 4, target 7; AlarmHigh OK, AlarmLow OK',
    ]);
    expect(lines.filter((line) => line.startsWith('scaling activity'))).toEqual(
      Array(4).fill(
        expect.stringMatching(/^scaling activity: Successful: Launching a new EC2 instance: i-[0-9a-f]{17}$/),
      ),
    );
  });

  it('is that they have not scaled, where nothing is published', async () => {
    count.mockResolvedValue(undefined);
    expect(await watch()).toBe(false);
    expect(lines).toEqual([
      'NOT SCALED: 2 of 2 workers in service, at most 6; BacklogCount unknown, target 7; AlarmHigh INSUFFICIENT_DATA, AlarmLow INSUFFICIENT_DATA',
    ]);
  });

  it('is that they have not scaled, where the alarm is not heard', async () => {
    autoScaling.group(workerGroup).suspended.set('AlarmNotification', 'User suspended');
    expect(await watch()).toBe(false);
    expect(lines.at(-1)).toMatch(/^NOT SCALED: 2 of 2 workers in service.* AlarmHigh ALARM/);
  });

  it('goes on where somebody deletes the policy meanwhile', async () => {
    count.mockImplementationOnce(async () => autoScaling.deletePolicy(workerGroup, 'hold'));
    expect(await watch()).toBe(false);
    expect(lines).toContain('AlarmHigh: from INSUFFICIENT_DATA to deleted');
    expect(lines.at(-1)).toMatch(/^NOT SCALED: .* target none; AlarmHigh deleted, AlarmLow deleted$/);
  });

  it('is each launch that has failed', async () => {
    autoScaling.group(workerGroup).launchFailure = 'no capacity';
    expect(await watch()).toBe(false);
    expect(lines).toContain('scaling activity: Failed: Launching a new EC2 instance: no capacity');
  });
});
