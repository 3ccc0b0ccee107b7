/** CloudWatch alarms: what one looks at, and which state its datapoints put it into. */
import * as v from 'valibot';
import { type Datapoint, Dimensions, type MetricDataQuery } from './metric-data.ts';

const comparisons = {
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
};

const Rule = v.object({
  AlarmName: v.string(),
  AlarmDescription: v.optional(v.string()),
  AlarmActions: v.optional(v.array(v.unknown()), []),
  ComparisonOperator: v.picklist([
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
  ]),
  Threshold: v.number(),
  EvaluationPeriods: v.number(),
  TreatMissingData: v.picklist(['breaching', 'notBreaching', 'missing']),
});
type Rule = v.InferOutput<typeof Rule>;

/** An alarm on one metric; `Period` in seconds. */
export const AlarmProperties = v.object({
  ...Rule.entries,
  Namespace: v.string(),
  MetricName: v.string(),
  Dimensions,
  Statistic: v.picklist(['SampleCount', 'Sum', 'Average', 'Maximum', 'Minimum']),
  Period: v.number(),
  Unit: v.optional(v.string()),
});
export type AlarmProperties = v.InferOutput<typeof AlarmProperties>;

/** An alarm on the result of metric math. */
export interface MathAlarmProperties extends Rule {
  readonly Metrics: readonly MetricDataQuery[];
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface Alarm {
  readonly properties: AlarmProperties | MathAlarmProperties;
  state: AlarmState;
  reason: string;
  updatedAt: Date;
  /** Without its actions, nobody acts on its state. */
  actionsEnabled: boolean;
}

/** What the alarm looks at, in the form of queries. */
export function queriesOf(properties: Alarm['properties']): readonly MetricDataQuery[] {
  if ('Metrics' in properties) return properties.Metrics;
  const { Namespace, MetricName, Dimensions, Statistic, Period, Unit } = properties;
  return [
    {
      Id: 'm1',
      MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Stat: Statistic, Period, Unit },
      ReturnData: true,
    },
  ];
}

/** Of metric math, the longest period counts. */
const periodMsOf = (properties: Alarm['properties']) =>
  Math.max(...queriesOf(properties).map(({ MetricStat }) => MetricStat?.Period ?? 0)) * 1000;

/**
 * The times between which datapoints count, the running period included. Where missing data is left missing, CloudWatch
 * looks at more periods than it evaluates, "to evaluate as many real datapoints as possible".
 */
export function rangeOf(
  properties: Alarm['properties'],
  nowMs: number,
): { readonly startMs: number; readonly endMs: number } {
  const periodMs = periodMsOf(properties);
  const endMs = Math.floor(nowMs / periodMs) * periodMs + periodMs;
  const spare = properties.TreatMissingData === 'missing' ? 2 : 0;
  return { startMs: endMs - (properties.EvaluationPeriods + spare) * periodMs, endMs };
}

/**
 * The state after an evaluation. Where missing data is left missing, an alarm fires as soon as the oldest of the
 * breaching datapoints is as many periods old as are evaluated, and all newer ones breach or are missing; without any
 * datapoint it knows nothing.
 *
 * @param datapoints those in the alarm's range, oldest first.
 */
export function stateAfter(
  { properties, state }: Pick<Alarm, 'properties' | 'state'>,
  datapoints: readonly Datapoint[],
  endMs: number,
): AlarmState {
  const { EvaluationPeriods, Threshold, TreatMissingData, ComparisonOperator } = properties;
  const evaluated = datapoints.slice(-EvaluationPeriods);
  const isBreach = evaluated.every(({ value }) => comparisons[ComparisonOperator](value, Threshold));
  if (TreatMissingData !== 'missing') {
    const isMissingBreach = TreatMissingData === 'breaching' || evaluated.length === EvaluationPeriods;
    return isMissingBreach && isBreach ? 'ALARM' : 'OK';
  }
  const [oldest] = evaluated;
  if (!oldest) return 'INSUFFICIENT_DATA';
  if (!isBreach) return 'OK';
  return endMs - oldest.timestampMs >= EvaluationPeriods * periodMsOf(properties) ? 'ALARM' : state;
}
