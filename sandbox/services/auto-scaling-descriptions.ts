/** How EC2 Auto Scaling describes a group and a policy. */
import { arn } from '../template.ts';
import { availabilityZone, type ScalingGroup } from './auto-scaling-group.ts';
import type { TrackingPolicy } from './target-tracking.ts';

const launchTemplate = {
  LaunchTemplateId: 'lt-0123456789abcdef0',
  LaunchTemplateName: 'workers',
  Version: '1',
};

export function describeGroup(group: ScalingGroup) {
  const { name, createdAt, tags = {}, instanceType = 't3.small', defaultInstanceWarmup } = group.settings;
  return {
    AutoScalingGroupName: name,
    AutoScalingGroupARN: arn('autoscaling', `autoScalingGroup:${group.id}:autoScalingGroupName/${name}`),
    LaunchTemplate: launchTemplate,
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desired,
    DefaultCooldown: group.cooldown,
    DefaultInstanceWarmup: defaultInstanceWarmup,
    AvailabilityZones: [availabilityZone],
    LoadBalancerNames: [],
    TargetGroupARNs: [],
    HealthCheckType: 'EC2',
    HealthCheckGracePeriod: 0,
    Instances: group.instances.map(({ id, state }) => ({
      InstanceId: id,
      InstanceType: instanceType,
      AvailabilityZone: availabilityZone,
      LifecycleState: state,
      HealthStatus: 'Healthy',
      LaunchTemplate: launchTemplate,
      ProtectedFromScaleIn: false,
    })),
    CreatedTime: createdAt,
    SuspendedProcesses: [...group.suspended].map(([ProcessName, SuspensionReason]) => ({
      ProcessName,
      SuspensionReason,
    })),
    VPCZoneIdentifier: 'subnet-0123456789abcdef0',
    EnabledMetrics: [],
    Tags: Object.entries(tags).map(([Key, Value]) => ({
      ResourceId: name,
      ResourceType: 'auto-scaling-group',
      Key,
      Value,
      PropagateAtLaunch: true,
    })),
    TerminationPolicies: ['Default'],
    NewInstancesProtectedFromScaleIn: false,
  };
}

export const describeAlarms = ({ alarmHigh, alarmLow }: TrackingPolicy) =>
  [alarmHigh, alarmLow].map((AlarmName) => ({
    AlarmName,
    AlarmARN: arn('cloudwatch', `alarm:${AlarmName}`),
  }));

export function describePolicy(AutoScalingGroupName: string, policy: TrackingPolicy) {
  return {
    AutoScalingGroupName,
    PolicyName: policy.name,
    PolicyARN: policy.arn,
    PolicyType: 'TargetTrackingScaling',
    StepAdjustments: [],
    EstimatedInstanceWarmup: policy.estimatedInstanceWarmup,
    Alarms: describeAlarms(policy),
    TargetTrackingConfiguration: policy.configuration,
    Enabled: policy.enabled,
  };
}
