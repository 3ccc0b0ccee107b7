/** Looks at an Auto Scaling group, and changes nothing. */
import {
  AutoScalingClient,
  type AutoScalingClientConfig,
  type CustomizedMetricSpecification,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribePoliciesCommand,
  type DescribePoliciesCommandOutput,
  DescribeScalingActivitiesCommand,
  type MetricDimension,
} from '@aws-sdk/client-auto-scaling';
import type {
  ActivityFacts,
  Dimensions,
  GroupFacts,
  PolicyFacts,
  PolicyMetric,
} from '../workflow/doctor/facts.ts';
import { oneLine } from '../workflow/words.ts';
import { callAws, readerConfig, required } from './call.ts';

export const openAutoScaling = (config: AutoScalingClientConfig = {}) =>
  new AutoScalingClient({ ...readerConfig(), ...config });

/** How Auto Scaling answers if there is no such group. */
const noGroup = { ValidationError: () => undefined };

/** @returns `undefined` if there is no such group. */
export async function readGroup(client: AutoScalingClient, name: string): Promise<GroupFacts | undefined> {
  const call = { action: 'autoscaling:DescribeAutoScalingGroups', resource: `group ${name}` };
  const { AutoScalingGroups } = await callAws(call, () =>
    client.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] })),
  );
  const [group] = required(call, 'AutoScalingGroups', AutoScalingGroups);
  if (!group) return undefined;
  return {
    minSize: required(call, 'MinSize', group.MinSize),
    maxSize: required(call, 'MaxSize', group.MaxSize),
    desiredCapacity: required(call, 'DesiredCapacity', group.DesiredCapacity),
    inService: (group.Instances ?? []).filter(({ LifecycleState }) => LifecycleState === 'InService').length,
    suspendedProcesses: (group.SuspendedProcesses ?? []).flatMap(({ ProcessName }) => ProcessName ?? []),
  };
}

/** The target tracking policies of a group; none if there is no such group. */
export async function readPolicies(client: AutoScalingClient, group: string): Promise<PolicyFacts[]> {
  const call = { action: 'autoscaling:DescribePolicies', resource: `group ${group}` };
  const policies: PolicyFacts[] = [];
  let nextToken: string | undefined;
  do {
    const page = await callAws<DescribePoliciesCommandOutput | undefined>(
      call,
      () =>
        client.send(
          new DescribePoliciesCommand({
            AutoScalingGroupName: group,
            PolicyTypes: ['TargetTrackingScaling'],
            ...(nextToken === undefined ? {} : { NextToken: nextToken }),
          }),
        ),
      noGroup,
    );
    if (!page) return [];
    for (const policy of required(call, 'ScalingPolicies', page.ScalingPolicies)) {
      const metric = policy.TargetTrackingConfiguration?.CustomizedMetricSpecification;
      policies.push({
        name: policy.PolicyName ?? '',
        // AWS leaves it out where it is true.
        isEnabled: policy.Enabled ?? true,
        metrics: metric ? metricsOf(metric) : [],
        expression: metric?.Metrics?.find(({ ReturnData }) => ReturnData ?? true)?.Expression ?? null,
      });
    }
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return policies;
}

/** One metric, or all that its metric math reads. */
function metricsOf({ Metrics, ...one }: CustomizedMetricSpecification): PolicyMetric[] {
  if (Metrics === undefined || Metrics.length === 0)
    return [
      {
        namespace: one.Namespace ?? '',
        name: one.MetricName ?? '',
        dimensions: dimensionsOf(one.Dimensions),
        statistic: one.Statistic ?? '',
        unit: one.Unit ?? null,
      },
    ];
  return Metrics.flatMap(({ MetricStat }) =>
    MetricStat
      ? [
          {
            namespace: MetricStat.Metric?.Namespace ?? '',
            name: MetricStat.Metric?.MetricName ?? '',
            dimensions: dimensionsOf(MetricStat.Metric?.Dimensions),
            statistic: MetricStat.Stat ?? '',
            unit: MetricStat.Unit ?? null,
          },
        ]
      : [],
  );
}

const dimensionsOf = (dimensions: readonly MetricDimension[] = []): Dimensions =>
  Object.fromEntries(dimensions.map(({ Name, Value }) => [Name ?? '', Value ?? '']));

/** The last scaling activity of a group. */
export async function readActivities(client: AutoScalingClient, group: string): Promise<ActivityFacts[]> {
  const call = { action: 'autoscaling:DescribeScalingActivities', resource: `group ${group}` };
  const page = await callAws(
    call,
    () => client.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group, MaxRecords: 1 })),
    { ValidationError: () => ({ $metadata: {}, Activities: [] }) },
  );
  return required(call, 'Activities', page.Activities).map(
    ({ StatusCode, StartTime, StatusMessage, Description }) => ({
      status: StatusCode ?? '',
      at: StartTime?.toISOString() ?? 'an unknown time',
      message: oneLine(StatusMessage ?? Description ?? ''),
    }),
  );
}

/** The last instance refresh of a group. */
export async function readRefreshes(client: AutoScalingClient, group: string): Promise<ActivityFacts[]> {
  const call = { action: 'autoscaling:DescribeInstanceRefreshes', resource: `group ${group}` };
  const page = await callAws(
    call,
    () => client.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: group, MaxRecords: 1 })),
    { ValidationError: () => ({ $metadata: {}, InstanceRefreshes: [] }) },
  );
  return required(call, 'InstanceRefreshes', page.InstanceRefreshes).map(
    ({ Status, StartTime, StatusReason }) => ({
      status: Status ?? '',
      at: StartTime?.toISOString() ?? 'an unknown time',
      message: oneLine(StatusReason ?? ''),
    }),
  );
}
