/** What can be broken between the metric and the workers, and what has to be there before an outage. */
import {
  type BrokenEntry,
  checkTargetFile,
  deployStack,
  functionLog,
  startDeploy,
  startRecovery,
} from './entries.ts';

const listMetrics = 'aws cloudwatch list-metrics --namespace <namespace> --metric-name <metric>';
const describeAlarm = 'aws cloudwatch describe-alarms --alarm-names <alarm>';
const describePolicies = 'aws autoscaling describe-policies --auto-scaling-group-name <group>';
const describeBackup =
  'aws ssm get-parameter --name <backup> --query Parameter.Version --region <backup-region>';
const putPolicy =
  'aws autoscaling put-scaling-policy --auto-scaling-group-name <group> --policy-name <policy> --policy-type TargetTrackingScaling --target-tracking-configuration file://policy.json';

export const scalingFindings = {
  MetricNeverPublished: {
    link: 'metric',
    meaning: 'CloudWatch knows no metric of that name and namespace from the last two weeks.',
    look: listMetrics,
    fix: startRecovery,
    note: 'The role of the metric function has to allow cloudwatch:PutMetricData, and the target file to name the metric as the function does.',
  },
  MetricElsewhere: {
    link: 'metric',
    meaning: 'The metric is published, but with other dimensions than the target file names.',
    look: listMetrics,
    fix: checkTargetFile,
    note: 'Correct metric.dimensions in the target file first, or the function that publishes it; then deploy the stack.',
  },
  MetricStopped: {
    link: 'metric',
    meaning:
      'The metric has no datapoint of the last five minutes, or of its last three periods, so nothing can scale by it.',
    look: functionLog,
    lookWithoutFunction: `${listMetrics} --recently-active PT3H`,
    fix: startRecovery,
  },
  HeartbeatMissing: {
    link: 'alarms',
    meaning: 'An alarm that starts a recovery does not exist.',
    look: describeAlarm,
    fix: deployStack,
    note: 'An alarm of your own, under triggers.alarms in the target file, has to be made by you.',
  },
  HeartbeatFiring: {
    link: 'alarms',
    meaning: 'An alarm that starts a recovery is not OK.',
    look: describeAlarm,
    fix: startRecovery,
  },
  HeartbeatElsewhere: {
    link: 'alarms',
    meaning: 'The heartbeat alarm watches another metric, or other dimensions, than the target file names.',
    look: describeAlarm,
    fix: deployStack,
  },
  ScalingAlarmsMissing: {
    link: 'alarms',
    meaning: 'The group has no alarms of target tracking: they were deleted, or there is no policy.',
    look: 'aws cloudwatch describe-alarms --alarm-name-prefix "TargetTracking-<group>-Alarm"',
    fix: putPolicy,
    note: 'Target tracking makes its alarms again when the policy is put again.',
  },
  ScalingAlarmsElsewhere: {
    link: 'alarms',
    meaning: 'The alarms of target tracking watch another metric, or other dimensions, than is published.',
    look: 'aws cloudwatch describe-alarms --alarm-name-prefix "TargetTracking-<group>-Alarm"',
    fix: putPolicy,
    note: 'Never edit these alarms by hand: put the policy with the right metric.',
  },
  ScalingAlarmsSilent: {
    link: 'alarms',
    meaning: 'The alarms of target tracking have no data, so they neither scale out nor in.',
    look: describeAlarm,
    fix: putPolicy,
    note: 'Target tracking makes its alarms again when the policy is put again.',
  },
  ScalingActionsDisabled: {
    link: 'alarms',
    meaning: 'An alarm of target tracking may not act: its actions are disabled.',
    look: describeAlarm,
    fix: 'aws cloudwatch enable-alarm-actions --alarm-names <alarm>',
  },
  PolicyMissing: {
    link: 'policy',
    meaning: 'The group has no target tracking policy.',
    look: describePolicies,
    fix: deployStack,
    note: 'The stack brings one if the target file has scaling.policy.',
  },
  PolicyElsewhere: {
    link: 'policy',
    meaning: 'No target tracking policy of the group reads the metric of the target.',
    look: describePolicies,
    fix: deployStack,
    note: 'The stack brings one if the target file has scaling.policy; of several policies, the one that asks for the most workers counts. A policy of your own has to be put with the right metric.',
  },
  PolicyOtherDimensions: {
    link: 'policy',
    meaning:
      'The policy reads the metric with other dimensions than it is published with. To CloudWatch that is another metric, without data.',
    look: describePolicies,
    fix: putPolicy,
  },
  PolicyOtherUnit: {
    link: 'policy',
    meaning:
      'The policy asks for datapoints with a unit with which none is published, or with another one than the target names.',
    look: describePolicies,
    fix: putPolicy,
    note: 'Name the unit that the metric has (metric.unit), or leave it out: CloudWatch then takes the datapoints as they are.',
  },
  PolicyCountsSamples: {
    link: 'policy',
    meaning: 'The policy takes the number of datapoints (SampleCount) instead of what they say.',
    look: describePolicies,
    fix: putPolicy,
    note: 'Average or Maximum is meant for a backlog.',
  },
  PolicyDisabled: {
    link: 'policy',
    meaning: 'The policy on the metric is disabled.',
    look: describePolicies,
    fix: `${putPolicy} --enabled`,
  },
  GroupMissing: {
    link: 'group',
    meaning: 'There is no Auto Scaling group of that name in this region.',
    look: 'aws autoscaling describe-auto-scaling-groups --query "AutoScalingGroups[].AutoScalingGroupName"',
    fix: checkTargetFile,
    note: 'Correct scaling.group in the target file first, or its dimension AutoScalingGroupName.',
  },
  GroupSuspended: {
    link: 'group',
    meaning: 'Processes of the group are suspended that scaling needs.',
    look: 'aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names <group>',
    fix: 'aws autoscaling resume-processes --auto-scaling-group-name <group> --scaling-processes <process>',
    note: 'Ask first who suspended them, and why.',
  },
  GroupAtMax: {
    link: 'group',
    meaning: 'The alarm asks for more workers, but the group has as many as it may have.',
    look: 'aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names <group>',
    fix: 'aws autoscaling update-auto-scaling-group --auto-scaling-group-name <group> --max-size <number>',
  },
  GroupNotFollowing: {
    link: 'group',
    meaning: 'An alarm of target tracking asks for more workers, and no scaling activity has followed.',
    look: 'aws autoscaling describe-scaling-activities --auto-scaling-group-name <group> --max-items 3',
    fix: putPolicy,
    note: 'Target tracking makes its alarms, and what they do, again when the policy is put again.',
  },
  ActivityFailed: {
    link: 'group',
    meaning: 'The last scaling activity of the group failed, as when there is no capacity or no image.',
    look: 'aws autoscaling describe-scaling-activities --auto-scaling-group-name <group> --max-items 3',
    fix: 'aws autoscaling update-auto-scaling-group --auto-scaling-group-name <group> --launch-template <template>',
    note: 'What has to be put right is what the message names.',
  },
  StackNotDeployed: {
    link: 'readiness',
    meaning: 'There is no state machine of this target in this region: nothing recovers by itself.',
    look: 'aws stepfunctions describe-state-machine --state-machine-arn <machine>',
    fix: deployStack,
  },
  AliasNotNamed: {
    link: 'readiness',
    meaning:
      'A rule invokes an alias of the metric function that the target file does not name. A recovery changes `$LATEST` and moves only the alias that is named, so it would not repair what the rule invokes.',
    look: 'aws lambda list-aliases --function-name <function>',
    fix: checkTargetFile,
    note: 'Put the alias into metricFunction.alias in the target file first, and deploy the stack.',
  },
  NobodySubscribed: {
    link: 'readiness',
    meaning:
      'Nobody is told about recoveries: the topic is not there, or has no subscription. The commands are for those whom the target file names.',
    look: 'aws sns list-subscriptions-by-topic --topic-arn <topic>',
    fix: 'aws sns subscribe --topic-arn <topic> --protocol email --notification-endpoint <address>',
  },
  SubscriptionPending: {
    link: 'readiness',
    meaning: 'A subscription is not confirmed, so nothing is sent there.',
    look: 'aws sns list-subscriptions-by-topic --topic-arn <topic>',
    fix: 'aws sns confirm-subscription --topic-arn <topic> --token <token>',
    note: 'The link in the mail does the same, and holds the token.',
  },
  NoKnownGood: {
    link: 'readiness',
    meaning: 'No version of the parameter is known-good, so a restore takes the newest complete one.',
    look: 'npx --no-install recover env history --target <target>',
    fix: startDeploy,
    note: 'That deploys the newest version, and marks it if everything works.',
  },
  BackupMissing: {
    link: 'readiness',
    meaning:
      'The backup parameter of the target does not exist. If the parameter is deleted, its history goes too.',
    look: describeBackup,
    fix: startDeploy,
    note: 'An execution copies the version that it marks as known-good.',
  },
  BackupIncomplete: {
    link: 'readiness',
    meaning: 'The backup parameter lacks what the target asks for, so nothing can be restored from it.',
    look: describeBackup,
    fix: startDeploy,
    note: 'An execution copies the version that it marks as known-good.',
  },
} as const satisfies Readonly<Record<string, BrokenEntry>>;
