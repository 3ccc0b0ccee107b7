/** CloudWatch: metrics and alarms. Alarms are evaluated as the user guide says, on the existing datapoints. */
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { arn } from '../template.ts';
import { type Alarm, type AlarmState, queriesOf, rangeOf, stateAfter } from './alarms.ts';
import { alarmOperations } from './alarms-api.ts';
import { makeEvent, type ServiceEvent } from './eventbridge.ts';
import { type Datapoint, Dimensions, datapointsOf, Time } from './metric-data.ts';

const statistics: Record<string, (values: readonly number[]) => number> = {
  SampleCount: (values) => values.length,
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Average: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
};

const MetricData = v.array(
  v.object({
    MetricName: v.string(),
    Dimensions,
    // The JSON protocols write numbers that JSON doesn't have as text.
    Value: v.union([v.number(), v.pipe(v.picklist(['NaN', 'Infinity', '-Infinity']), v.transform(Number))]),
    Timestamp: v.optional(Time),
    Unit: v.optional(v.string()),
    StorageResolution: v.optional(v.number(), 60),
  }),
);

interface PublishedValue {
  readonly timestampMs: number;
  readonly value: number;
  readonly resolutionSeconds: number;
  readonly unit: string;
}

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: Dimensions;
}

export class Metrics {
  readonly #published = new Map<string, PublishedValue[]>();
  readonly #metrics = new Map<string, Metric>();
  #alarms: readonly Alarm[] = [];
  readonly #onAlarmEvent: (event: ServiceEvent) => void;
  readonly #now: () => number;
  readonly #minuteSeconds: number;

  /**
   * @param onAlarmEvent gets the events that go to EventBridge when an alarm changes its state.
   * @param minuteSeconds how long a minute takes here: resolutions, and the periods of GetMetricData, go by it.
   */
  constructor(onAlarmEvent: (event: ServiceEvent) => void, now: () => number = Date.now, minuteSeconds = 60) {
    this.#onAlarmEvent = onAlarmEvent;
    this.#now = now;
    this.#minuteSeconds = minuteSeconds;
  }

  /** The seconds that so many take here. */
  pace(seconds: number): number {
    return Math.max(1, Math.round((seconds * this.#minuteSeconds) / 60));
  }

  /** @param data with timestamps in milliseconds; by default now. */
  put(namespace: string, data: v.InferOutput<typeof MetricData>): void {
    this.record(namespace, data);
    this.evaluateAlarms((alarm) => alarm.state === 'ALARM');
  }

  /** As `put`, but no alarm is evaluated: what a service publishes of itself, with which no alarm has to do here. */
  record(namespace: string, data: v.InferOutput<typeof MetricData>): void {
    for (const { MetricName, Dimensions, Value, Timestamp, StorageResolution, Unit } of data) {
      if (!(Math.abs(Value) <= 2 ** 360))
        throw new AwsError('InvalidParameterValueException', 'The value is no number from -2^360 to 2^360.');
      const key = metricKey(namespace, MetricName, Dimensions);
      const published = {
        timestampMs: Timestamp ?? this.#now(),
        value: Value,
        resolutionSeconds: this.pace(StorageResolution),
        // What CloudWatch takes it for, if nobody says: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Unit.
        unit: Unit ?? 'None',
      };
      this.#published.set(key, [...(this.#published.get(key) ?? []), published]);
      this.#metrics.set(key, { Namespace: namespace, MetricName, Dimensions });
    }
  }

  /** Every metric that was ever published. */
  metrics(): readonly Metric[] {
    return [...this.#metrics.values()];
  }

  /**
   * Aggregated by period, oldest first; a datapoint is stamped with the start of its period.
   *
   * @param unit if it is given, only what was published with it counts.
   */
  read(
    metric: { Namespace: string; MetricName: string; Dimensions: Dimensions },
    {
      startMs,
      endMs,
      periodSeconds,
      statistic,
      unit,
    }: {
      startMs: number;
      endMs: number;
      periodSeconds: number;
      statistic: string;
      unit?: string | undefined;
    },
  ): Datapoint[] {
    const values = new Map<number, number[]>();
    const key = metricKey(metric.Namespace, metric.MetricName, metric.Dimensions);
    for (const { timestampMs, value, resolutionSeconds, ...published } of this.#published.get(key) ?? []) {
      if (unit !== undefined && published.unit !== unit) continue;
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

  /** @param state what it is in before it is evaluated for the first time. */
  addAlarm(properties: Alarm['properties'], state: AlarmState = 'OK'): void {
    const reason = 'Unchecked: Initial alarm creation';
    const updatedAt = new Date(this.#now());
    this.#alarms = [...this.#alarms, { properties, state, reason, updatedAt, actionsEnabled: true }];
  }

  removeAlarms(names: readonly string[]): void {
    this.#alarms = this.#alarms.filter(({ properties }) => !names.includes(properties.AlarmName));
  }

  /** Evaluates alarms now, as the user guide says, on the datapoints that there are. */
  evaluateAlarms(which: (alarm: Alarm) => boolean = () => true): void {
    for (const alarm of this.#alarms.filter(which)) {
      const state = stateAfter(alarm, this.datapoints(alarm), rangeOf(alarm.properties, this.#now()).endMs);
      this.setAlarmState(alarm, state, 'Threshold Crossed');
    }
  }

  /** The datapoints that an evaluation of the alarm looks at now, oldest first. */
  datapoints({ properties }: Alarm): readonly Datapoint[] {
    const range = rangeOf(properties, this.#now());
    return datapointsOf(queriesOf(properties), ({ Metric, Period, Stat, Unit }) =>
      this.read(Metric, { ...range, periodSeconds: Period, statistic: Stat, unit: Unit }),
    );
  }

  alarms(): readonly Alarm[] {
    return this.#alarms;
  }

  setAlarmState(alarm: Alarm, state: AlarmState, reason: string): void {
    const previous = alarm.state;
    if (previous === state) return;
    alarm.state = state;
    alarm.reason = reason;
    alarm.updatedAt = new Date(this.#now());
    const timestamp = alarm.updatedAt.toISOString();
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

/** @param evaluate what else has to have happened by the time that alarms are described: they are evaluated each minute. */
export function cloudWatchService(metrics: Metrics, evaluate: () => void = () => undefined): Service {
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
                Unit: v.optional(v.string()),
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
              periodSeconds: metrics.pace(MetricStat.Period),
              statistic: MetricStat.Stat,
              unit: MetricStat.Unit,
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

      ListMetrics: operation(
        v.object({ Namespace: v.optional(v.string()), MetricName: v.optional(v.string()) }),
        (wanted) => ({
          Metrics: metrics
            .metrics()
            .filter(({ Namespace }) => Namespace === (wanted.Namespace ?? Namespace))
            .filter(({ MetricName }) => MetricName === (wanted.MetricName ?? MetricName)),
        }),
      ),

      ...alarmOperations(metrics, evaluate),
    },
  };
}
