/** CloudWatch: metrics and alarms. Alarms are evaluated as the user guide says, on the existing datapoints. */
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { arn } from '../template.ts';
import { makeEvent, type ServiceEvent } from './eventbridge.ts';

const Dimensions = v.optional(v.array(v.object({ Name: v.string(), Value: v.string() })), []);
type Dimensions = v.InferOutput<typeof Dimensions>;

const statistics: Record<string, (values: readonly number[]) => number> = {
  SampleCount: (values) => values.length,
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Average: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
};

const comparisons = {
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
};

export const AlarmProperties = v.object({
  AlarmName: v.string(),
  Namespace: v.string(),
  MetricName: v.string(),
  Dimensions,
  Statistic: v.picklist(['SampleCount', 'Sum', 'Average', 'Maximum', 'Minimum']),
  ComparisonOperator: v.picklist([
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
  ]),
  Threshold: v.number(),
  Period: v.number(),
  EvaluationPeriods: v.number(),
  TreatMissingData: v.picklist(['breaching', 'notBreaching']),
});
export type AlarmProperties = v.InferOutput<typeof AlarmProperties>;
type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** Seconds since the epoch, as the JSON protocols send a time, or what CBOR makes of that. */
const Time = v.pipe(
  v.union([
    v.number(),
    v.pipe(
      v.string(),
      v.isoTimestamp(),
      v.transform((text) => Date.parse(text) / 1000),
    ),
    v.pipe(
      v.date(),
      v.transform((date) => date.getTime() / 1000),
    ),
    v.pipe(
      v.object({ value: v.number() }),
      v.transform(({ value }) => value),
    ),
  ]),
  v.transform((seconds) => seconds * 1000),
);

const MetricData = v.array(
  v.object({
    MetricName: v.string(),
    Dimensions,
    // The JSON protocols write numbers that JSON doesn't have as text.
    Value: v.union([v.number(), v.pipe(v.picklist(['NaN', 'Infinity', '-Infinity']), v.transform(Number))]),
    Timestamp: v.optional(Time),
    StorageResolution: v.optional(v.number(), 60),
  }),
);

interface Datapoint {
  readonly timestampMs: number;
  readonly value: number;
  readonly resolutionSeconds: number;
}

interface Alarm {
  readonly properties: AlarmProperties;
  state: AlarmState;
}

export class Metrics {
  readonly #datapoints = new Map<string, Datapoint[]>();
  readonly #alarms: Alarm[] = [];
  readonly #onAlarmEvent: (event: ServiceEvent) => void;

  /** @param onAlarmEvent gets the events that go to EventBridge when an alarm changes its state. */
  constructor(onAlarmEvent: (event: ServiceEvent) => void) {
    this.#onAlarmEvent = onAlarmEvent;
  }

  /** @param data with timestamps in milliseconds; by default now. */
  put(namespace: string, data: v.InferOutput<typeof MetricData>): void {
    for (const { MetricName, Dimensions, Value, Timestamp, StorageResolution } of data) {
      if (!Number.isFinite(Value))
        throw new AwsError('InvalidParameterValueException', 'The value is not a number.');
      const key = metricKey(namespace, MetricName, Dimensions);
      const datapoint = {
        timestampMs: Timestamp ?? Date.now(),
        value: Value,
        resolutionSeconds: StorageResolution,
      };
      this.#datapoints.set(key, [...(this.#datapoints.get(key) ?? []), datapoint]);
    }
    this.evaluateAlarms((alarm) => alarm.state === 'ALARM');
  }

  /** Aggregated by period, oldest first; a datapoint is stamped with the start of its period. */
  read(
    metric: { Namespace: string; MetricName: string; Dimensions: Dimensions },
    {
      startMs,
      endMs,
      periodSeconds,
      statistic,
    }: { startMs: number; endMs: number; periodSeconds: number; statistic: string },
  ): { timestampMs: number; value: number }[] {
    const values = new Map<number, number[]>();
    const key = metricKey(metric.Namespace, metric.MetricName, metric.Dimensions);
    for (const { timestampMs, value, resolutionSeconds } of this.#datapoints.get(key) ?? []) {
      const periodMs = Math.max(periodSeconds, resolutionSeconds) * 1000;
      const start = Math.floor(timestampMs / periodMs) * periodMs;
      if (start >= startMs && start < endMs) values.set(start, [...(values.get(start) ?? []), value]);
    }
    const aggregate = statistics[statistic];
    if (!aggregate)
      throw new AwsError('InvalidParameterValueException', `The statistic ${statistic} is not known.`);
    return [...values]
      .sort(([one], [other]) => one - other)
      .map(([timestampMs, all]) => ({ timestampMs, value: aggregate(all) }));
  }

  addAlarm(properties: AlarmProperties): void {
    this.#alarms.push({ properties, state: 'OK' });
  }

  /** Evaluates alarms now, on the last whole periods: they fire when each of those breaches. */
  evaluateAlarms(which: (alarm: Alarm) => boolean = () => true): void {
    for (const alarm of this.#alarms.filter(which)) {
      const { Period, EvaluationPeriods, Statistic, Threshold, TreatMissingData } = alarm.properties;
      const breaches = comparisons[alarm.properties.ComparisonOperator];
      const periodMs = Period * 1000;
      const endMs = Math.floor(Date.now() / periodMs) * periodMs + periodMs;
      const startMs = endMs - EvaluationPeriods * periodMs;
      const datapoints = this.read(alarm.properties, {
        startMs,
        endMs,
        periodSeconds: Period,
        statistic: Statistic,
      });
      const isMissingBreach = TreatMissingData === 'breaching' || datapoints.length === EvaluationPeriods;
      const isAlarm = isMissingBreach && datapoints.every(({ value }) => breaches(value, Threshold));
      this.setAlarmState(alarm, isAlarm ? 'ALARM' : 'OK', 'Threshold Crossed');
    }
  }

  alarms(): readonly Alarm[] {
    return this.#alarms;
  }

  setAlarmState(alarm: Alarm, state: AlarmState, reason: string): void {
    const previous = alarm.state;
    if (previous === state) return;
    alarm.state = state;
    const timestamp = new Date().toISOString();
    const { AlarmName } = alarm.properties;
    this.#onAlarmEvent(
      makeEvent(
        'aws.cloudwatch',
        'CloudWatch Alarm State Change',
        [arn('cloudwatch', `alarm:${AlarmName}`)],
        {
          alarmName: AlarmName,
          state: { value: state, reason, timestamp },
          previousState: { value: previous },
        },
      ),
    );
  }
}

function metricKey(namespace: string, name: string, dimensions: Dimensions): string {
  const sorted = dimensions.map(({ Name, Value }) => `${Name}=${Value}`).sort();
  return [namespace, name, ...sorted].join('\n');
}

export function cloudWatchService(metrics: Metrics): Service {
  return {
    targetPrefix: 'GraniteServiceVersion20100801',
    operations: {
      PutMetricData: operation(v.object({ Namespace: v.string(), MetricData }), (input) => {
        metrics.put(input.Namespace, input.MetricData);
        return {};
      }),

      GetMetricData: operation(
        v.object({
          StartTime: Time,
          EndTime: Time,
          ScanBy: v.optional(
            v.picklist(['TimestampAscending', 'TimestampDescending']),
            'TimestampDescending',
          ),
          MetricDataQueries: v.array(
            v.object({
              Id: v.string(),
              MetricStat: v.object({
                Metric: v.object({ Namespace: v.string(), MetricName: v.string(), Dimensions }),
                Period: v.number(),
                Stat: v.string(),
              }),
            }),
          ),
        }),
        ({ StartTime, EndTime, ScanBy, MetricDataQueries }) => ({
          Messages: [],
          MetricDataResults: MetricDataQueries.map(({ Id, MetricStat }) => {
            const datapoints = metrics.read(MetricStat.Metric, {
              startMs: StartTime,
              endMs: EndTime,
              periodSeconds: MetricStat.Period,
              statistic: MetricStat.Stat,
            });
            if (ScanBy === 'TimestampDescending') datapoints.reverse();
            return {
              Id,
              Label: MetricStat.Metric.MetricName,
              StatusCode: 'Complete',
              Timestamps: datapoints.map(({ timestampMs }) => new Date(timestampMs)),
              Values: datapoints.map(({ value }) => value),
            };
          }),
        }),
      ),

      DescribeAlarms: operation(
        v.object({ AlarmNames: v.optional(v.array(v.string())) }),
        ({ AlarmNames }) => ({
          MetricAlarms: metrics
            .alarms()
            .filter(({ properties }) => AlarmNames?.includes(properties.AlarmName) ?? true)
            .map(({ properties, state }) => ({ ...properties, StateValue: state })),
          CompositeAlarms: [],
        }),
      ),

      SetAlarmState: operation(
        v.object({
          AlarmName: v.string(),
          StateValue: v.picklist(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
          StateReason: v.string(),
        }),
        ({ AlarmName, StateValue, StateReason }) => {
          const alarm = metrics.alarms().find(({ properties }) => properties.AlarmName === AlarmName);
          if (!alarm) throw new AwsError('ResourceNotFound', 'The alarm does not exist.', 404);
          metrics.setAlarmState(alarm, StateValue, StateReason);
          return {};
        },
      ),
    },
  };
}
