/** Chains in which one link is broken, for the doctor to find. */
import type { AnswerFacts, Facts } from '../../workflow/doctor/facts.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import {
  alarm,
  doctorTarget,
  envOf,
  functionOf,
  groupOf,
  healthyFacts,
  high,
  policyOf,
  seen,
  stopped,
} from './healthy-facts.ts';

const heartbeat = 'env-recovery-app-heartbeat';

/** Whatever stands in the place of a number when the metric has stopped. */
const afterStop = ['MetricStopped', 'HeartbeatFiring', 'ScalingAlarmsSilent'];

const answers = (fault: AnswerFacts['fault'], detail: string, isPrivate = false) => ({
  answer: { fault, detail, isPrivate },
});

const otherMetric = { namespace: 'App', name: 'Other', dimensions: {} };
const otherDimensions = { WorkerType: 'Video' };

/** What is broken; the causes that are told, and the codes that follow from them. */
export const breaks: readonly [
  what: string,
  part: Partial<Facts>,
  cause: string,
  followers?: readonly string[],
  of?: DeployedTarget,
][] = [
  [
    'no parameter',
    { ...stopped, env: seen(envOf({ version: 0, internalKey: 'Missing' })) },
    'EnvGone',
    ['InternalKeyMissing', ...afterStop],
  ],
  [
    'a wiped env',
    { ...stopped, env: seen(envOf({ gaps: ['DB_HOST is missing'] })) },
    'EnvIncomplete',
    afterStop,
  ],
  [
    'an env without the internal key',
    { ...stopped, env: seen(envOf({ gaps: ['INTERNAL_KEY is missing'], internalKey: 'Missing' })) },
    'EnvIncomplete',
    ['InternalKeyMissing', ...afterStop],
  ],
  [
    'a placeholder in the env',
    { env: seen(envOf({ mistakes: ['DB_HOST is a placeholder'] })) },
    'EnvInvalid',
  ],
  [
    'an API that fails without its env',
    {
      ...stopped,
      env: seen(envOf({ gaps: ['DB_HOST is missing'] })),
      ...answers('EndpointUnhealthy', 'HTTP 500'),
    },
    'EnvIncomplete',
    ['EndpointUnhealthy', ...afterStop],
  ],
  [
    'keys that nobody wanted to lose',
    { env: seen(envOf({ loss: 'lacks 1 key of known-good version 4 since version 5: SENTRY_DSN' })) },
    'EnvKeysLost',
  ],
  [
    'a tag that no instance has',
    { agents: seen([]) },
    'NoInstances',
    [],
    doctorTarget({ instances: { tag: 'Name=api' } }),
  ],
  ['a terminated instance', { agents: seen([]) }, 'InstanceNotManaged'],
  [
    'a stopped instance',
    {
      ...stopped,
      agents: seen([{ instanceId: 'i-00000001', pingStatus: 'ConnectionLost', lastPingAt: null }]),
    },
    'AgentOffline',
    afterStop,
  ],
  ['a wrong path', { ...stopped, ...answers('EndpointNotFound', 'HTTP 404') }, 'EndpointNotFound', afterStop],
  [
    'a redirect',
    { ...stopped, ...answers('EndpointRedirected', 'HTTP 301') },
    'EndpointRedirected',
    afterStop,
  ],
  [
    'an API that fails',
    { ...stopped, ...answers('EndpointUnhealthy', 'HTTP 502') },
    'EndpointUnhealthy',
    afterStop,
  ],
  [
    'an expired certificate',
    { ...stopped, ...answers('EndpointTlsFailed', 'CERT_HAS_EXPIRED') },
    'EndpointTlsFailed',
    afterStop,
  ],
  [
    'a Host that the API refuses',
    { ...stopped, ...answers('HostRejected', 'HTTP 400') },
    'HostRejected',
    afterStop,
  ],
  [
    'a Host that ALLOWED_HOSTS lacks',
    { ...stopped, env: seen(envOf({ allowsHost: false })) },
    'HostRejected',
    afterStop,
  ],
  [
    'a key that no header can carry',
    { ...stopped, env: seen(envOf({ internalKey: 'Unusable' })) },
    'InternalKeyUnusable',
    afterStop,
  ],
  [
    'a key that no rule asks for',
    { ...stopped, env: seen(envOf({ internalKey: 'Missing' })) },
    'InternalKeyMissing',
    afterStop,
  ],
  [
    'a deleted function',
    { ...stopped, function: seen('NotFound'), invocations: seen(0), callers: seen([]) },
    'FunctionNotFound',
    ['FunctionNotInvoked', ...afterStop],
  ],
  [
    'a disabled key of the function',
    { ...stopped, function: seen('EnvUnreadable') },
    'FunctionEnvUnreadable',
    afterStop,
  ],
  [
    'a function that Lambda could not set up',
    { ...stopped, function: seen(functionOf({ state: 'Failed', stateReason: 'InvalidSubnet' })) },
    'FunctionFailed',
    afterStop,
  ],
  [
    'an update that failed',
    { function: seen(functionOf({ updateStatus: 'Failed', updateReason: 'InvalidSecurityGroup' })) },
    'FunctionUpdateFailed',
  ],
  [
    'a variable that makes the function send another Host',
    { ...stopped, function: seen(functionOf({ extraVariables: ['HOST'] })) },
    'FunctionEnvWrong',
    afterStop,
  ],
  [
    'a disabled schedule',
    {
      ...stopped,
      invocations: seen(0),
      callers: seen([{ rule: 'each-minute', isEnabled: false, schedule: 'rate(1 minute)' }]),
    },
    'ScheduleDisabled',
    ['FunctionNotInvoked', ...afterStop],
  ],
  [
    'nobody who invokes the function',
    { ...stopped, invocations: seen(0), callers: seen([]) },
    'FunctionNotInvoked',
    afterStop,
  ],
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
    'launches that fail',
    { activities: seen([{ status: 'Failed', at: '2026-11-30T11:00:00.000Z', message: 'no capacity' }]) },
    'ActivityFailed',
  ],
  [
    'no stack',
    {
      isStackDeployed: seen(false),
      subscriptions: seen(undefined),
      alarms: seen([]),
      env: seen(envOf({ knownGoodVersion: null })),
      backup: seen({ exists: false, gaps: [] }),
    },
    'StackNotDeployed',
    ['HeartbeatMissing', 'NobodySubscribed', 'NoKnownGood', 'BackupMissing'],
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
