/** Chains that are broken between the metric and the workers, or not ready for an outage, for the doctor to find. */
import type { Break } from './broken-chains.ts';
import {
  alarm,
  doctorTarget,
  envOf,
  groupOf,
  healthyFacts,
  high,
  low,
  policyOf,
  seen,
  stopped,
} from './healthy-facts.ts';

const heartbeat = 'env-recovery-app-heartbeat';
const otherMetric = { namespace: 'App', name: 'Other', dimensions: {} };
const otherDimensions = { WorkerType: 'Video' };

export const scalingBreaks: readonly Break[] = [
  [
    'a metric that nobody publishes',
    { ...stopped, metric: seen({ lastDatapointMs: null, hasUnit: null }), dimensionSets: seen([]) },
    'MetricNeverPublished',
    ['HeartbeatFiring', 'ScalingAlarmsSilent'],
  ],
  [
    'a metric with other dimensions',
    {
      ...stopped,
      metric: seen({ lastDatapointMs: null, hasUnit: null }),
      dimensionSets: seen([otherDimensions]),
    },
    'MetricElsewhere',
    ['HeartbeatFiring', 'ScalingAlarmsSilent'],
  ],
  [
    'a metric that has stopped for no reason that can be seen',
    stopped,
    'MetricStopped',
    ['HeartbeatFiring', 'ScalingAlarmsSilent'],
  ],
  ['a deleted heartbeat alarm', { alarms: seen([]) }, 'HeartbeatMissing'],
  [
    'an alarm of the target that fires',
    { alarms: seen([alarm(heartbeat), alarm('mine', { state: 'ALARM' })]) },
    'HeartbeatFiring',
    [],
    doctorTarget({ triggers: { alarms: ['mine'] } }),
  ],
  [
    'a heartbeat alarm on another metric',
    { alarms: seen([alarm(heartbeat, { metrics: [otherMetric] })]) },
    'HeartbeatElsewhere',
  ],
  ['deleted alarms of target tracking', { scalingAlarms: seen([]) }, 'ScalingAlarmsMissing'],
  [
    'a deleted alarm of target tracking, the one that scales out',
    { scalingAlarms: seen([alarm(low)]) },
    'ScalingAlarmsMissing',
  ],
  [
    'alarms of target tracking on another metric',
    { scalingAlarms: seen([alarm(high, { metrics: [otherMetric] })]) },
    'ScalingAlarmsElsewhere',
  ],
  [
    'alarms of target tracking that have no data',
    { scalingAlarms: seen([alarm(high, { state: 'INSUFFICIENT_DATA' })]) },
    'ScalingAlarmsSilent',
  ],
  [
    'disabled actions',
    { scalingAlarms: seen([alarm(high, { actionsEnabled: false })]) },
    'ScalingActionsDisabled',
  ],
  ['no policy', { policies: seen([]), scalingAlarms: seen([]) }, 'PolicyMissing', ['ScalingAlarmsMissing']],
  [
    'a policy on another metric',
    {
      policies: seen([policyOf({}, otherMetric)]),
      scalingAlarms: seen([alarm(high, { metrics: [otherMetric] })]),
    },
    'PolicyElsewhere',
    ['ScalingAlarmsElsewhere'],
  ],
  ['a predefined metric', { policies: seen([policyOf({ metrics: [] })]) }, 'PolicyElsewhere'],
  [
    'a policy with other dimensions',
    {
      policies: seen([policyOf({}, { dimensions: otherDimensions })]),
      scalingAlarms: seen([alarm(high, { metrics: [{ ...otherMetric, name: 'BacklogCount' }] })]),
    },
    'PolicyOtherDimensions',
    ['ScalingAlarmsElsewhere'],
  ],
  [
    'a policy with a unit of its own',
    {
      metric: seen({ lastDatapointMs: healthyFacts().nowMs, hasUnit: false }),
      policies: seen([policyOf({}, { unit: 'Seconds' })]),
      scalingAlarms: stopped.scalingAlarms,
    },
    'PolicyOtherUnit',
    ['ScalingAlarmsSilent'],
  ],
  [
    'a policy that counts samples',
    { policies: seen([policyOf({}, { statistic: 'SampleCount' })]) },
    'PolicyCountsSamples',
  ],
  ['a disabled policy', { policies: seen([policyOf({ isEnabled: false })]) }, 'PolicyDisabled'],
  [
    'no group',
    { group: seen(undefined), policies: seen([]), scalingAlarms: seen([]), activities: seen([]) },
    'GroupMissing',
    ['ScalingAlarmsMissing', 'PolicyMissing'],
  ],
  [
    'suspended processes',
    { group: seen(groupOf({ suspendedProcesses: ['AlarmNotification'] })) },
    'GroupSuspended',
  ],
  [
    'a group at its maximum',
    { group: seen(groupOf({ desiredCapacity: 4 })), scalingAlarms: seen([alarm(high, { state: 'ALARM' })]) },
    'GroupAtMax',
  ],
  [
    'an alarm that nobody follows',
    { scalingAlarms: seen([alarm(high, { state: 'ALARM' })]) },
    'GroupNotFollowing',
  ],
  [
    'launches that fail',
    { activities: seen([{ status: 'Failed', at: '2026-11-30T11:00:00.000Z', message: 'no capacity' }]) },
    'ActivityFailed',
  ],
  [
    'no stack',
    {
      isStackDeployed: seen(false),
      subscriptions: seen([]),
      alarms: seen([]),
      env: seen(envOf({ knownGoodVersion: null })),
      backup: seen({ exists: false, gaps: [] }),
    },
    'StackNotDeployed',
    ['HeartbeatMissing', 'NobodySubscribed', 'NoKnownGood', 'BackupMissing'],
  ],
  [
    'an alias that is invoked, and not named',
    {
      callers: seen([{ rule: 'each-minute', alias: 'live', isEnabled: true, schedule: 'rate(1 minute)' }]),
    },
    'AliasNotNamed',
  ],
  ['no subscription', { subscriptions: seen([]) }, 'NobodySubscribed'],
  [
    'a subscription that nobody confirmed',
    { subscriptions: seen([{ protocol: 'email', isConfirmed: false }]) },
    'SubscriptionPending',
  ],
  ['no known-good version', { env: seen(envOf({ knownGoodVersion: null })) }, 'NoKnownGood'],
  ['no backup', { backup: seen({ exists: false, gaps: [] }) }, 'BackupMissing'],
  [
    'a backup that lacks a key',
    { backup: seen({ exists: true, gaps: ['DB_HOST is missing'] }) },
    'BackupIncomplete',
  ],
];
