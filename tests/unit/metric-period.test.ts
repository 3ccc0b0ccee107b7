/** What follows from how often a metric is published: the heartbeat alarm, the schedule of its function, the doctor. */
import * as v from 'valibot';
import { AlarmProperties } from '../../sandbox/services/alarms.ts';
import { Metrics } from '../../sandbox/services/cloudwatch.ts';
import { stackOf } from '../../stack/stack.ts';
import { readTarget } from '../../targets/load.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import { doctorTarget, functionOf, healthyFacts, minutesAgo, seen } from '../support/healthy-facts.ts';
import { resolveSettings } from '../support/resolve-settings.ts';
import { fileWith } from '../support/target-file.ts';

const stackWith = (periodSeconds: number) =>
  stackOf({
    name: 'app',
    ...readTarget('app', fileWith({ 'metric.periodSeconds': periodSeconds, 'metricFunction.deploy': true })),
  });

function heartbeatWith(periodSeconds: number): AlarmProperties {
  const stack = stackWith(periodSeconds);
  const alarm = v.parse(v.object({ Properties: v.unknown() }), stack.resources.HeartbeatAlarm);
  return v.parse(AlarmProperties, resolveSettings(alarm.Properties, stack));
}

const periods = [1, 5, 10, 30, 60, 120, 180, 240, 300, 600, 900, 1800, 3600];

describe('the heartbeat alarm', () => {
  it.each([
    [1, 60, 5],
    [60, 60, 5],
    [120, 120, 3],
    [300, 300, 3],
    [3600, 3600, 3],
  ])(
    'of a metric of each %d s counts periods of %d s, %d of them',
    (published, Period, EvaluationPeriods) => {
      expect(heartbeatWith(published)).toMatchObject({ Period, EvaluationPeriods });
    },
  );

  // API_PutMetricAlarm.html, `Period`: below an hour, a day at most.
  it.each(periods)('of a metric of each %d s is one that PutMetricAlarm takes', (published) => {
    const { Period, EvaluationPeriods } = heartbeatWith(published);
    expect(Period % 60).toBe(0);
    expect(Period * EvaluationPeriods).toBeLessThanOrEqual(86_400);
  });

  it.each(periods)(
    'of a metric of each %d s is OK while it is published, wherever in a period',
    (published) => {
      const properties = heartbeatWith(published);
      const start = Date.UTC(2026, 10, 30);
      for (const offsetMs of [0, 1, 29_999, published * 999]) {
        let nowMs = start;
        const metrics = new Metrics(
          () => undefined,
          () => nowMs,
        );
        metrics.addAlarm(properties);
        const { Namespace: namespace, MetricName, Dimensions } = properties;
        const publish = () =>
          metrics.record(namespace, [{ MetricName, Dimensions, Value: 1, StorageResolution: 60 }]);
        const stateIn = (seconds: number) => {
          nowMs += seconds * 1000;
          metrics.evaluateAlarms();
          return metrics.alarms()[0]?.state;
        };
        nowMs += offsetMs;
        for (let count = 0; count < 5; count += 1) {
          publish();
          expect(stateIn(published)).toBe('OK');
        }
        // One that failed is no outage yet.
        expect(stateIn(published * 0.9)).toBe('OK');
        expect(stateIn(Math.max(300, 3 * published))).toBe('ALARM');
      }
    },
  );
});

it.each([
  [1, 'rate(1 minute)'],
  [60, 'rate(1 minute)'],
  [300, 'rate(5 minutes)'],
  [3600, 'rate(60 minutes)'],
])('runs the function of the stack as often as it has to publish: %d s, %s', (published, rate) => {
  expect(stackWith(published).functions.queueDepthMetric).toMatchObject({
    events: [{ schedule: { rate } }],
  });
});

describe('the doctor', () => {
  const causesWith = (periodSeconds: number, part: object) => {
    const target = doctorTarget();
    const of = { ...target, metric: { ...target.metric, periodSeconds } };
    return diagnose(healthyFacts(part), of).causes.map(({ code }) => code);
  };

  it('takes a metric for stopped only after three of its periods', () => {
    const part = { metric: seen({ lastDatapointMs: minutesAgo(14), hasUnit: null }) };
    expect(causesWith(60, part)).toEqual(['MetricStopped']);
    expect(causesWith(300, part)).toEqual([]);
    expect(causesWith(240, part)).toEqual(['MetricStopped']);
  });

  it('says for how long nothing has invoked the function', () => {
    const target = doctorTarget();
    const of = { ...target, metric: { ...target.metric, periodSeconds: 1800 } };
    const found = diagnose(healthyFacts({ invocations: seen(0), function: seen(functionOf()) }), of);
    expect(JSON.stringify(found)).toContain('was not invoked in the last 1 h 30 min');
  });
});
