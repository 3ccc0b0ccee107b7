/** Target tracking in the sandbox: its arithmetic, and a group that follows a metric while a clock is moved. */
import fc from 'fast-check';
import { AutoScaling } from '../../sandbox/services/auto-scaling.ts';
import { Metrics } from '../../sandbox/services/cloudwatch.ts';
import { askedCapacity } from '../../sandbox/services/target-tracking.ts';

describe('the capacity that a policy asks for', () => {
  const tracking = { TargetValue: 5, DisableScaleIn: false };
  const quiet = { state: 'OK', value: 5 } as const;
  const above = (value: number) => ({ high: { state: 'ALARM', value } as const, low: quiet });
  const below = (value: number) => ({ high: quiet, low: { state: 'ALARM', value } as const });
  const group = (part: object = {}) => ({ desired: 2, warm: 2, minSize: 1, maxSize: 10, ...part });

  it.each([
    [5.1, 3],
    [7.5, 3],
    [7.6, 4],
    [10, 4],
    [100, 10],
  ])('grows in proportion to the metric: at %d of 5, two instances become %d', (value, expected) => {
    expect(askedCapacity(tracking, above(value), group())).toBe(expected);
  });

  it.each([
    [4, 2],
    [2.5, 1],
    [0, 1],
  ])(
    'shrinks in proportion, but never below what holds the target: at %d of 5, two become %d',
    (value, expected) => {
      expect(askedCapacity(tracking, below(value), group())).toBe(expected);
    },
  );

  it('needs no further instance because of a fraction that a computer can not hold', () => {
    const asked = askedCapacity(
      { ...tracking, TargetValue: 0.1 },
      above(0.1 + 0.2),
      group({ desired: 1, warm: 1 }),
    );
    expect(asked).toBe(3);
  });

  it('counts instances that warm up as if they were there already', () => {
    const warmingUp = group({ desired: 4, warm: 2 });
    expect(askedCapacity(tracking, above(10), warmingUp)).toBe(4);
    expect(askedCapacity(tracking, above(15), warmingUp)).toBe(6);
    expect(askedCapacity(tracking, below(0), warmingUp)).toBe(4);
  });

  it('starts from one instance where there is none', () => {
    expect(askedCapacity(tracking, above(10), group({ desired: 0, warm: 0, minSize: 0 }))).toBe(2);
  });

  it('never shrinks where scaling in is disabled', () => {
    expect(askedCapacity({ ...tracking, DisableScaleIn: true }, below(0), group())).toBe(2);
  });

  it('is within the bounds, on the right side, and stays as it is without data', () => {
    const bounded = fc
      .record({ minSize: fc.nat(5), more: fc.nat(10), desired: fc.nat(15), warm: fc.nat(15) })
      .map(({ minSize, more, desired, warm }) => {
        const maxSize = minSize + more;
        const within = Math.min(Math.max(desired, minSize), maxSize);
        return { minSize, maxSize, desired: within, warm: Math.min(warm, within) };
      });
    const value = fc.double({ min: 0, max: 1e6, noNaN: true });
    const TargetValue = fc.double({ min: 0.01, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(bounded, value, TargetValue, (capacity, metric, target) => {
        const policy = { TargetValue: target, DisableScaleIn: false };
        const [more, less] = [above(metric), below(metric)].map((readings) =>
          askedCapacity(policy, readings, capacity),
        );
        expect(more).toBeGreaterThanOrEqual(capacity.desired);
        expect(more).toBeLessThanOrEqual(capacity.maxSize);
        expect(less).toBeLessThanOrEqual(capacity.desired);
        expect(less).toBeGreaterThanOrEqual(capacity.minSize);
        for (const state of ['OK', 'INSUFFICIENT_DATA'] as const) {
          const nothing = { state, value: metric };
          expect(askedCapacity(policy, { high: nothing, low: nothing }, capacity)).toBe(capacity.desired);
        }
      }),
    );
  });
});

describe('a group that tracks a metric', () => {
  const metric = { Namespace: 'App', MetricName: 'BacklogCount', Dimensions: [] };
  let nowMs: number;
  let metrics: Metrics;
  let autoScaling: AutoScaling;

  beforeEach(() => {
    nowMs = Date.UTC(2026, 0, 1);
    metrics = new Metrics(
      () => undefined,
      () => nowMs,
    );
    autoScaling = new AutoScaling(metrics, { minuteSeconds: 60, now: () => nowMs });
    autoScaling.addGroup({
      name: 'workers',
      minSize: 2,
      maxSize: 8,
      desired: 2,
      defaultInstanceWarmup: 120,
      createdAt: new Date(nowMs - 3_600_000),
    });
    put();
  });

  function put(part: { enabled?: boolean; name?: string; target?: number; unit?: string } = {}) {
    autoScaling.putPolicy({
      group: 'workers',
      name: part.name ?? 'hold',
      enabled: part.enabled ?? true,
      estimatedInstanceWarmup: undefined,
      configuration: {
        TargetValue: part.target ?? 10,
        DisableScaleIn: false,
        CustomizedMetricSpecification: { ...metric, Statistic: 'Average', Unit: part.unit },
      },
    });
  }
  const group = () => autoScaling.group('workers');
  const states = () => metrics.alarms().map(({ state }) => state);
  /** Lets minutes pass, each with a datapoint at its start, or without one. */
  function pass(...values: (number | undefined)[]): number[] {
    return values.map((value) => {
      nowMs += 60_000;
      if (value !== undefined)
        metrics.put('App', [
          { ...metric, Value: value, Timestamp: nowMs, StorageResolution: 60, Unit: 'Count' },
        ]);
      autoScaling.advance();
      return group().desired;
    });
  }
  const minutes = (count: number, value?: number) => pass(...Array<number | undefined>(count).fill(value));

  it('does nothing as long as there is no data, whatever it was before', () => {
    minutes(30);
    expect(states()).toEqual(['INSUFFICIENT_DATA', 'INSUFFICIENT_DATA']);
    expect(group().desired).toBe(2);
    minutes(3, 20);
    minutes(17);
    expect(states()).toEqual(['INSUFFICIENT_DATA', 'INSUFFICIENT_DATA']);
    const { desired } = group();
    expect(desired).toBeGreaterThan(2);
    expect(minutes(30)).toEqual(Array(30).fill(desired));
  });

  it('grows at the third datapoint above the target, and not before', () => {
    expect(pass(20, 20, 20)).toEqual([2, 2, 4]);
    expect(states()).toEqual(['ALARM', 'OK']);
  });

  it('does not grow for datapoints of which one is not above the target', () => {
    expect(pass(20, 20, 10, 20, 20)).toEqual([2, 2, 2, 2, 2]);
  });

  it('shrinks at the fifteenth datapoint below nine tenths of the target, and not before', () => {
    pass(20, 20, 20);
    expect(minutes(14, 4)).toEqual(Array(14).fill(4));
    expect(pass(4)).toEqual([2]);
    expect(group().activities[0]).toMatchObject({
      Description: expect.stringMatching(/^Terminating EC2 instance: /),
      Cause: expect.stringContaining('changing the desired capacity from 4 to 2.'),
    });
  });

  it('stays as it is between nine tenths of the target and the target', () => {
    pass(20, 20, 20);
    expect(minutes(40, 9)).toEqual(Array(40).fill(4));
    expect(states()).toEqual(['OK', 'OK']);
  });

  it('launches what is missing, and waits until that has warmed up before it counts it', () => {
    pass(20, 20, 20);
    expect(group().instances.map(({ state }) => state)).toEqual([
      'InService',
      'InService',
      'Pending',
      'Pending',
    ]);
    expect(group().activities[0]).toMatchObject({ StatusCode: 'InProgress' });
    expect(pass(20)).toEqual([4]);
    expect(group().inService()).toHaveLength(4);
    expect(group().activities[0]).toMatchObject({ StatusCode: 'Successful', Progress: 100 });
    // Launched at 3:00, in service at 3:30, warm at 5:30.
    expect(pass(20, 20)).toEqual([4, 8]);
  });

  it('does not wait for the warm-up if the metric still rises', () => {
    expect(pass(20, 20, 20, 30)).toEqual([2, 2, 4, 6]);
  });

  it('is led by the policy that asks for most', () => {
    put({ name: 'other', target: 5 });
    pass(20, 20, 20);
    expect(group().desired).toBe(8);
    expect(group().activities[0]?.Cause).toContain('triggered policy other changing');
    // Far below the one target, but not below the other one.
    minutes(20, 5);
    expect(group().desired).toBe(8);
  });

  it('is not led by a policy that is disabled', () => {
    put({ enabled: false });
    expect(pass(20, 20, 20)).toEqual([2, 2, 2]);
  });

  it('does not hear its alarms while that is suspended, but as soon as it is resumed', () => {
    group().suspended.set('AlarmNotification', 'User suspended');
    expect(pass(20, 20, 20, 20)).toEqual([2, 2, 2, 2]);
    expect(states()[0]).toBe('ALARM');
    group().suspended.clear();
    expect(pass(20)).toEqual([4]);
  });

  it('knows nothing of a metric that is published in another unit', () => {
    put({ unit: 'Bytes' });
    pass(20, 20, 20, 20);
    expect(states()).toEqual(['INSUFFICIENT_DATA', 'INSUFFICIENT_DATA']);
  });

  it('says which launches have failed and why, and tries again a minute later', () => {
    group().launchFailure = 'We currently do not have sufficient capacity.';
    pass(20, 20, 20);
    expect(group()).toMatchObject({ desired: 4, instances: [{}, {}] });
    expect(group().activities[0]).toMatchObject({
      StatusCode: 'Failed',
      StatusMessage: 'We currently do not have sufficient capacity.',
      EndTime: new Date(nowMs),
    });
    group().launchFailure = undefined;
    autoScaling.advance();
    expect(group().instances).toHaveLength(2);
    pass(20);
    expect(group().instances).toHaveLength(4);
  });
});
