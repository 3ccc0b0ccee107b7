/** Which findings follow from which: a follower is no cause of its own, and goes when its cause is put right. */
import { type BrokenCode, codesOf } from './catalogue.ts';

/** Whatever keeps the function from a number. */
const noNumber = codesOf('env', 'host', 'endpoint', 'request', 'function', 'schedule', 'network');
const noMetric = codesOf('metric');

export const follows: Readonly<Partial<Record<BrokenCode, readonly BrokenCode[]>>> = {
  InternalKeyMissing: ['EnvGone', 'EnvIncomplete'],
  EndpointUnhealthy: ['EnvGone', 'EnvIncomplete', 'EnvInvalid'],
  InstanceNotManaged: ['InstanceGone', 'InstanceStopped'],
  AddressElsewhere: ['InstanceGone'],
  // The function may well have the right key: what the env says of it can't be sent.
  FunctionEnvWrong: ['InternalKeyUnusable'],
  AgentOffline: ['InstanceGone', 'InstanceStopped'],
  FunctionNotInvoked: ['FunctionNotFound', 'FunctionFailed', 'ScheduleDisabled', 'SchedulerDisabled'],
  MetricNeverPublished: noNumber,
  MetricStopped: noNumber,
  HeartbeatMissing: ['StackNotDeployed'],
  HeartbeatFiring: [...noMetric, 'HeartbeatElsewhere'],
  ScalingAlarmsMissing: ['GroupMissing', 'PolicyMissing', 'PolicyDisabled'],
  ScalingAlarmsElsewhere: ['PolicyElsewhere', 'PolicyOtherDimensions'],
  ScalingAlarmsSilent: [...noMetric, 'ScalingAlarmsElsewhere', 'PolicyOtherUnit', 'PolicyOtherDimensions'],
  PolicyMissing: ['GroupMissing'],
  GroupNotFollowing: ['GroupSuspended', 'ActivityFailed', 'ScalingActionsDisabled', 'PolicyDisabled'],
  NobodySubscribed: ['StackNotDeployed'],
  NoKnownGood: ['StackNotDeployed', 'EnvGone'],
  BackupMissing: ['NoKnownGood', 'StackNotDeployed'],
};

/** The findings among these that a finding follows from; none if it is a cause of its own. */
export const causesOf = (code: BrokenCode, present: ReadonlySet<BrokenCode>): readonly BrokenCode[] =>
  (follows[code] ?? []).filter((cause) => present.has(cause));
