/** Looks at an Auto Scaling group, and changes nothing. */
import {
  AutoScalingClient,
  type AutoScalingClientConfig,
  type CustomizedMetricSpecification,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribeScalingActivitiesCommand,
  paginateDescribePolicies,
} from '@aws-sdk/client-auto-scaling';
import { dimensionsFrom } from '../workflow/dimensions.ts';
import type { ActivityFacts, GroupFacts, PolicyFacts, PolicyMetric } from '../workflow/doctor/facts.ts';
import { oneLine } from '../workflow/words.ts';
import { callAws, callPages, readerConfig, required } from './call.ts';

export const openAutoScaling = (config: AutoScalingClientConfig = {}) =>
  new AutoScalingClient({ ...readerConfig(), ...config });

/** How Auto Scaling answers if there is no such group. */
const noGroup = { ValidationError: () => [] };

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
    // Without a warm-up of its own, the cooldown is the warm-up.
    warmupSeconds: group.DefaultInstanceWarmup ?? group.DefaultCooldown ?? 300,
  };
}

/** The target tracking policies of a group; none if there is no such group. */
export async function readPolicies(client: AutoScalingClient, group: string): Promise<PolicyFacts[]> {
  const call = { action: 'autoscaling:DescribePolicies', resource: `group ${group}` };
  const input = { AutoScalingGroupName: group, PolicyTypes: ['TargetTrackingScaling'] };
  const policies = await callPages(
    call,
    paginateDescribePolicies({ client }, input),
    'ScalingPolicies',
    noGroup,
  );
  return policies.map(({ PolicyName = '', Enabled = true, EstimatedInstanceWarmup, ...policy }) => {
    const configuration = policy.TargetTrackingConfiguration;
    const metric = configuration?.CustomizedMetricSpecification;
    return {
      name: PolicyName,
      isEnabled: Enabled,
      warmupSeconds: EstimatedInstanceWarmup ?? null,
      configuration: configuration ?? {},
      metrics: metric ? metricsOf(metric) : [],
      expression: metric?.Metrics?.find(({ ReturnData }) => ReturnData ?? true)?.Expression ?? null,
    };
  });
}

/** One metric, or all that its metric math reads. */
function metricsOf({ Metrics, ...one }: CustomizedMetricSpecification): PolicyMetric[] {
  if (Metrics === undefined || Metrics.length === 0)
    return [
      {
        namespace: one.Namespace ?? '',
        name: one.MetricName ?? '',
        dimensions: dimensionsFrom(one.Dimensions),
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
            dimensions: dimensionsFrom(MetricStat.Metric?.Dimensions),
            statistic: MetricStat.Stat ?? '',
            unit: MetricStat.Unit ?? null,
          },
        ]
      : [],
  );
}

/** The last scaling activity of a group. */
export async function readActivities(client: AutoScalingClient, group: string): Promise<ActivityFacts[]> {
  const call = { action: 'autoscaling:DescribeScalingActivities', resource: `group ${group}` };
  const input = { AutoScalingGroupName: group, MaxRecords: 1 };
  const activities = await callAws(
    call,
    async () => {
      const { Activities } = await client.send(new DescribeScalingActivitiesCommand(input));
      return required(call, 'Activities', Activities);
    },
    noGroup,
  );
  return activities.map(({ StatusCode = '', StartTime, StatusMessage, Description = '' }) => ({
    status: StatusCode,
    at: timeOf(StartTime),
    message: oneLine(StatusMessage ?? Description),
  }));
}

/** The last instance refresh of a group. */
export async function readRefreshes(client: AutoScalingClient, group: string): Promise<ActivityFacts[]> {
  const call = { action: 'autoscaling:DescribeInstanceRefreshes', resource: `group ${group}` };
  const input = { AutoScalingGroupName: group, MaxRecords: 1 };
  const refreshes = await callAws(
    call,
    async () => {
      const { InstanceRefreshes } = await client.send(new DescribeInstanceRefreshesCommand(input));
      return required(call, 'InstanceRefreshes', InstanceRefreshes);
    },
    noGroup,
  );
  return refreshes.map(({ Status = '', StartTime, StatusReason = '' }) => ({
    status: Status,
    at: timeOf(StartTime),
    message: oneLine(StatusReason),
  }));
}

const timeOf = (time: Date | undefined) => time?.toISOString() ?? 'an unknown time';
