/** All fields of a target file, each checked by itself. */
import * as v from 'valibot';
import { Deploy, Instances } from './deploy.ts';
import { Endpoint } from './endpoint.ts';
import { Metric, MetricFunction, Scaling } from './metric.ts';
import { Parameter, Restore } from './parameter.ts';
import { Notify, Stack } from './stack.ts';
import { Approval, Pauses, Triggers } from './triggers.ts';
import { Vpc } from './vpc.ts';

export const TargetFields = v.strictObject({
  parameter: Parameter,
  restore: Restore,
  instances: Instances,
  deploy: Deploy,
  endpoint: Endpoint,
  metricFunction: v.optional(MetricFunction),
  metric: v.optional(Metric),
  scaling: Scaling,
  vpc: v.optional(Vpc),
  triggers: Triggers,
  pauses: Pauses,
  approval: Approval,
  notify: Notify,
  stack: Stack,
});
export type TargetFields = v.InferOutput<typeof TargetFields>;
