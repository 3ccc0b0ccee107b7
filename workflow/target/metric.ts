/** `metricFunction`, `metric` and `scaling` of a target: what counts the backlog, and who follows it. */
import * as v from 'valibot';
import {
  aliasName,
  dimensions,
  envKey,
  functionName,
  functionVariable,
  keyArn,
  metricName,
  metricNamespace,
  queueName,
  scalingGroupName,
  seconds,
  text,
} from './fields.ts';

export const MetricFunction = v.strictObject({
  name: functionName,
  answerPath: text,
  set: v.optional(v.record(functionVariable, v.string()), {}),
  setFromEnv: v.optional(v.record(functionVariable, envKey), {}),
  remove: v.optional(v.array(functionVariable), []),
  alias: v.optional(aliasName),
  kmsKeyArn: v.optional(keyArn),
  deploy: v.optional(v.boolean(), false),
  schedule: v.optional(v.boolean(), false),
  queues: v.optional(v.strictObject({ ai: queueName, video: queueName, messaging: queueName })),
});

/**
 * Below a minute, as GetMetricData takes it for a high-resolution metric; up to the longest rate of which three fit into
 * the hours for which the doctor looks back.
 */
const metricPeriod = v.pipe(
  v.number(),
  v.check(
    (seconds) => [1, 5, 10, 30].includes(seconds) || (seconds % 60 === 0 && seconds >= 60 && seconds <= 3600),
    'expected 1, 5, 10, 30, or a multiple of 60 up to 3600',
  ),
);

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html, `Unit` of a datum. */
const unit = v.picklist(
  [
    ...(['Seconds', 'Microseconds', 'Milliseconds', 'Percent', 'Count', 'None', 'Count/Second'] as const),
    ...(['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes'] as const),
    ...(['Bits', 'Kilobits', 'Megabits', 'Gigabits', 'Terabits'] as const),
    ...(['Bytes/Second', 'Kilobytes/Second', 'Megabytes/Second', 'Gigabytes/Second'] as const),
    ...(['Terabytes/Second', 'Bits/Second', 'Kilobits/Second', 'Megabits/Second'] as const),
    ...(['Gigabits/Second', 'Terabits/Second'] as const),
  ],
  'expected a unit of CloudWatch, such as Count, Seconds, Bytes or None',
);

export const Metric = v.strictObject({
  namespace: metricNamespace,
  name: metricName,
  dimensions: v.optional(dimensions, {}),
  unit: v.optional(unit),
  periodSeconds: v.optional(metricPeriod, 60),
  // CloudWatch can take two minutes to show a first datapoint, counted from the next full minute.
  confirmWithinSeconds: v.optional(seconds(10, 600), 300),
});

const ScalingPolicy = v.strictObject({
  backlogPerInstance: v.pipe(
    v.number(),
    v.finite('expected a number that is finite'),
    v.gtValue(0, 'expected more than 0'),
  ),
});

export const Scaling = v.optional(
  v.strictObject({ group: scalingGroupName, policy: v.optional(ScalingPolicy) }),
);
