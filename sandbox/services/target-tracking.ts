/** Target tracking, as EC2 Auto Scaling documents it: the alarms on the metric, and the capacity that they ask for. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AwsError } from '../endpoint.ts';
import { FormBoolean, FormInteger, FormNumber, formList } from '../query-protocol.ts';
import { arn } from '../template.ts';
import type { Alarm, AlarmProperties, MathAlarmProperties } from './alarms.ts';
import { type MetricDataQuery, readExpression } from './metric-data.ts';

/** Seconds; with less than 60 the metric has to be one of high resolution. */
const Period = v.optional(v.pipe(FormInteger, v.picklist([10, 30, 60])));
const Dimensions = v.optional(formList(v.object({ Name: v.string(), Value: v.string() })), []);

const MetricQuery = v.object({
  Id: v.pipe(v.string(), v.regex(/^[a-z]\w*$/)),
  Label: v.optional(v.string()),
  Expression: v.optional(v.string()),
  MetricStat: v.optional(
    v.object({
      Metric: v.object({ Namespace: v.string(), MetricName: v.string(), Dimensions }),
      Stat: v.string(),
      Unit: v.optional(v.string()),
      Period,
    }),
  ),
  Period,
  ReturnData: v.optional(FormBoolean, 'true'),
});

const CustomizedMetric = v.object({
  MetricName: v.optional(v.string()),
  Namespace: v.optional(v.string()),
  Dimensions,
  Statistic: v.optional(v.picklist(['Average', 'Minimum', 'Maximum', 'SampleCount', 'Sum'])),
  Unit: v.optional(v.string()),
  Period,
  Metrics: v.optional(formList(MetricQuery)),
});

export const TargetTrackingConfiguration = v.object({
  TargetValue: FormNumber,
  DisableScaleIn: v.optional(FormBoolean, 'false'),
  CustomizedMetricSpecification: CustomizedMetric,
});
export type TargetTrackingConfiguration = v.InferOutput<typeof TargetTrackingConfiguration>;

export interface TrackingPolicy {
  readonly name: string;
  readonly arn: string;
  readonly configuration: TargetTrackingConfiguration;
  readonly enabled: boolean;
  /** Seconds; without it the group's own counts. */
  readonly estimatedInstanceWarmup: number | undefined;
  readonly alarmHigh: string;
  readonly alarmLow: string;
  /** When it last asked for a capacity. */
  askedAtMs: number;
}

export type NewPolicy = Pick<
  TrackingPolicy,
  'name' | 'configuration' | 'enabled' | 'estimatedInstanceWarmup'
> & { readonly group: string };

/** A new policy, or a new version of one, with the names of alarms of its own. */
export function newPolicy(
  { group, ...policy }: NewPolicy,
  existing: TrackingPolicy | undefined,
): TrackingPolicy {
  const alarmName = (which: string) => `TargetTracking-${group}-${which}-${randomUUID()}`;
  return {
    ...policy,
    arn:
      existing?.arn ??
      arn(
        'autoscaling',
        `scalingPolicy:${randomUUID()}:autoScalingGroupName/${group}:policyName/${policy.name}`,
      ),
    alarmHigh: alarmName('AlarmHigh'),
    alarmLow: alarmName('AlarmLow'),
    askedAtMs: 0,
  };
}

/**
 * The two alarms of a policy: three datapoints above the target for more capacity, fifteen well below it for less.
 *
 * @param minuteSeconds how long a minute takes.
 * @throws AwsError ValidationError for a metric that is not named whole.
 */
export function alarmsOf(
  { arn: policyArn, configuration, alarmHigh, alarmLow }: TrackingPolicy,
  minuteSeconds: number,
): (AlarmProperties | MathAlarmProperties)[] {
  const { TargetValue, CustomizedMetricSpecification } = configuration;
  const metric = trackedMetric(CustomizedMetricSpecification, minuteSeconds);
  const common = {
    AlarmDescription: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${policyArn}.`,
    AlarmActions: [policyArn],
    TreatMissingData: 'missing' as const,
    ...metric,
  };
  return [
    {
      AlarmName: alarmHigh,
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: TargetValue,
      EvaluationPeriods: 3,
      ...common,
    },
    {
      AlarmName: alarmLow,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: TargetValue * 0.9,
      EvaluationPeriods: 15,
      ...common,
    },
  ];
}

type TrackedMetric =
  | Pick<AlarmProperties, 'Namespace' | 'MetricName' | 'Dimensions' | 'Statistic' | 'Unit' | 'Period'>
  | Pick<MathAlarmProperties, 'Metrics'>;

function trackedMetric(
  { Metrics, MetricName, Namespace, ...metric }: v.InferOutput<typeof CustomizedMetric>,
  minuteSeconds: number,
): TrackedMetric {
  const pace = (seconds = 60) => Math.max(1, Math.round((seconds * minuteSeconds) / 60));
  if (Metrics === undefined) {
    if (MetricName === undefined || Namespace === undefined || metric.Statistic === undefined)
      throw new AwsError(
        'ValidationError',
        'A customized metric needs Namespace, MetricName and Statistic, or Metrics.',
      );
    const { Dimensions, Statistic, Period, Unit } = metric;
    return { Namespace, MetricName, Dimensions, Statistic, Unit, Period: pace(Period) };
  }
  if (Metrics.filter(({ ReturnData }) => ReturnData).length !== 1)
    throw new AwsError('ValidationError', 'Exactly one element of the metrics list should return data.');
  return {
    Metrics: Metrics.map(({ Period: _period, MetricStat, Expression, ...query }): MetricDataQuery => {
      for (const id of Expression === undefined ? [] : readExpression(Expression).ids)
        if (!Metrics.some(({ Id }) => Id === id))
          throw new AwsError(
            'ValidationError',
            `The expression ${Expression} names ${id}, which is no query.`,
          );
      return {
        ...query,
        Expression,
        MetricStat: MetricStat && { ...MetricStat, Period: pace(MetricStat.Period) },
      };
    }),
  };
}

/** What arithmetic with fractions may be off by: 3 × 0.1 / 0.1 is no reason for a fourth instance. */
const rounding = 1e-9;

/** What a policy has to know of its group. */
export interface Capacity {
  readonly desired: number;
  /** Instances in service whose warm-up is over. */
  readonly warm: number;
  readonly minSize: number;
  readonly maxSize: number;
}

/** What an alarm of a policy says: its state, and the newest datapoint. */
export interface Reading {
  readonly state: Alarm['state'];
  readonly value: number | undefined;
}

/**
 * The capacity that a policy asks for. More is asked for in proportion to the metric, and as long as instances warm
 * up, they count as if they were there already: the metric doesn't show yet what they do. Less is asked for only
 * when none of them warms up. Without data, nothing is asked for.
 */
export function askedCapacity(
  { TargetValue, DisableScaleIn }: Pick<TargetTrackingConfiguration, 'TargetValue' | 'DisableScaleIn'>,
  { high, low }: { readonly high: Reading; readonly low: Reading },
  { desired, warm, minSize, maxSize }: Capacity,
): number {
  const proportional = (value: number) =>
    Math.min(Math.max(Math.ceil((Math.max(warm, 1) * value) / TargetValue - rounding), minSize), maxSize);
  if (high.state === 'ALARM' && high.value !== undefined) return Math.max(desired, proportional(high.value));
  if (low.state === 'ALARM' && low.value !== undefined && !DisableScaleIn && warm >= desired)
    return Math.min(desired, proportional(low.value));
  return desired;
}
