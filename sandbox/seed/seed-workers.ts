/** The workers' group, and the policy that holds the backlog where it was before the outage. */
import * as v from 'valibot';
import { type Metric, scalingOf } from '../../workflow/target.ts';
import type { Sandbox } from '../sandbox.ts';
import { Dimensions, metricOf } from '../services/metric-data.ts';
import type { TargetTrackingConfiguration } from '../services/target-tracking.ts';
import { workOf } from '../workers.ts';

/** A policy as CloudFormation has it: numbers may be texts there. */
export const PolicyProperties = v.object({
  TargetTrackingConfiguration: v.object({
    TargetValue: v.pipe(v.union([v.number(), v.string()]), v.transform(Number)),
    DisableScaleIn: v.optional(v.boolean(), false),
    CustomizedMetricSpecification: v.object({
      Dimensions,
      Metrics: v.array(
        v.object({
          Id: v.string(),
          Expression: v.optional(v.string()),
          MetricStat: v.optional(
            v.object({
              Metric: v.object({ Namespace: v.string(), MetricName: v.string(), Dimensions }),
              Stat: v.string(),
            }),
          ),
          ReturnData: v.optional(v.boolean(), true),
        }),
      ),
    }),
  }),
});

export function seedWorkers({ autoScaling, target, compiledPolicy }: Sandbox): void {
  const scaling = scalingOf(target);
  if (!scaling) return;
  const { group: workerGroup, metric } = scaling;
  autoScaling.addGroup({
    name: workerGroup,
    minSize: 2,
    maxSize: 6,
    desired: 2,
    defaultInstanceWarmup: 60,
    tags: { Name: workerGroup.replace(/s$/, '') },
    createdAt: new Date(Date.now() - 7 * 24 * 3_600_000),
  });
  autoScaling.putPolicy({
    group: workerGroup,
    name: 'hold-backlog',
    enabled: true,
    estimatedInstanceWarmup: undefined,
    configuration: compiledPolicy ?? ownPolicy(metric, workOf(target).steady),
  });
}

/** What a group has that the stack brings no policy for. */
function ownPolicy(metric: Metric, TargetValue: number): TargetTrackingConfiguration {
  return {
    TargetValue,
    DisableScaleIn: false,
    CustomizedMetricSpecification: {
      ...metricOf(metric),
      Statistic: 'Maximum',
      Unit: metric.unit ?? 'Count',
    },
  };
}
