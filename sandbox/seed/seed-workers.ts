/** The workers' group, and the policy that holds the backlog where it was before the outage. */
import * as v from 'valibot';
import { dimensionList } from '../../workflow/dimensions.ts';
import type { Sandbox } from '../sandbox.ts';
import { Dimensions } from '../services/metric-data.ts';
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

export function seedWorkers({ autoScaling, target, workerGroup, compiledPolicy }: Sandbox): void {
  if (workerGroup === undefined) return;
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
    configuration: compiledPolicy ?? ownPolicy(target),
  });
}

/** What a group has that the stack brings no policy for. */
function ownPolicy(target: Sandbox['target']): TargetTrackingConfiguration {
  const { metric } = target;
  return {
    TargetValue: workOf(target).steady,
    DisableScaleIn: false,
    CustomizedMetricSpecification: {
      Namespace: metric.namespace,
      MetricName: metric.name,
      Dimensions: dimensionList(metric.dimensions),
      Statistic: 'Maximum',
      Unit: 'Count',
    },
  };
}
