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

export const Metric = v.strictObject({
  namespace: metricNamespace,
  name: metricName,
  dimensions: v.optional(dimensions, {}),
  periodSeconds: v.optional(v.picklist([1, 5, 10, 30, 60]), 60),
  // CloudWatch can take two minutes to show a first datapoint, counted from the next full minute.
  confirmWithinSeconds: v.optional(seconds(10, 600), 300),
});

const ScalingPolicy = v.strictObject({
  backlogPerInstance: v.pipe(v.number(), v.finite(), v.gtValue(0, 'expected more than 0')),
});

export const Scaling = v.optional(
  v.strictObject({ group: scalingGroupName, policy: v.optional(ScalingPolicy) }),
);
