/** What can be broken in a healthy chain, for the commands that the doctor prints to put right. */
import type { NewPolicy } from '../../sandbox/services/target-tracking.ts';
import type { TestAws } from './aws.ts';
import {
  type ChainOptions,
  countAgain,
  group,
  putEnv,
  target,
  topicArn,
  trackBacklog,
} from './healthy-chain.ts';

export const afterStop = ['MetricStopped', 'HeartbeatFiring', 'ScalingAlarmsSilent'];
export const stopped: ChainOptions = { stoppedMinutesAgo: 20 };
export const instanceId = target.instances.ids?.[0] ?? '';
const { internalKey = '' } = target.endpoint;

export const envText = ({ parameters }: TestAws) =>
  parameters.history(target.parameter.name).at(-1)?.Value ?? '';
const keyIn = (aws: TestAws) => new RegExp(`^${internalKey}=(.*)$`, 'm').exec(envText(aws))?.[1] ?? '';
const onlyEgress = ({ network }: TestAws, groupId: string) => {
  const found = network.group(groupId);
  found.rules = found.rules.filter(({ isEgress }) => isEgress);
};
const endpointOf = ({ network }: TestAws, service: string) =>
  network.endpoints.findIndex(({ serviceName }) => serviceName.endsWith(`.${service}`));
const scalingAlarms = ({ metrics }: TestAws) =>
  metrics.alarms().filter(({ properties: { AlarmName } }) => AlarmName.startsWith('TargetTracking-'));
const math: NewPolicy['configuration']['CustomizedMetricSpecification']['Metrics'] = [
  {
    Id: 'm1',
    MetricStat: {
      Metric: { Namespace: target.metric.namespace, MetricName: target.metric.name, Dimensions: [] },
      Stat: 'Average',
    },
    ReturnData: false,
  },
  { Id: 'e1', Expression: 'm1 / 2', ReturnData: true },
];

/** One thing that is broken, and what else there is to it. */
export interface Cure {
  readonly what: string;
  readonly options?: ChainOptions;
  readonly change?: (aws: TestAws) => void;
  readonly cause: string;
  readonly followers?: readonly string[];
  /** What only a person knows: what stands in the place of placeholders, or is typed when a value is asked for. */
  readonly fills?: (aws: TestAws) => Readonly<Record<string, string>>;
  readonly typed?: (aws: TestAws) => string;
  /** What happens by itself after the commands. */
  readonly afterwards?: (aws: TestAws) => void;
  /** What is the next thing to put right. */
  readonly left?: readonly string[];
}

export const cures: readonly Cure[] = [
  {
    what: 'a wiped env',
    options: stopped,
    change: (aws) => putEnv(aws, `${internalKey}=${keyIn(aws)}\n`),
    cause: 'EnvIncomplete',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'a deleted parameter',
    options: stopped,
    change: ({ parameters }) => parameters.delete(target.parameter.name),
    cause: 'EnvGone',
    followers: ['InternalKeyMissing', ...afterStop],
    afterwards: countAgain,
    // The label went with the history; an execution puts it on again.
    left: ['NoKnownGood'],
  },
  {
    what: 'values that break a rule',
    change: (aws) => putEnv(aws, envText(aws).replace(/^DB_PORT=.*$/m, 'DB_PORT=none')),
    cause: 'EnvInvalid',
    typed: () => '5432',
  },
  {
    what: 'a lost key that is not required',
    change: (aws) => putEnv(aws, envText(aws).replace(/^DB_PORT=.*\n/m, '')),
    cause: 'EnvKeysLost',
  },
  {
    what: 'a key that no header can carry',
    options: stopped,
    change: (aws) => putEnv(aws, envText(aws).replace(/^(LAMBDA_INTERNAL_API_KEY)=(.*)$/m, '$1=“$2”')),
    cause: 'InternalKeyUnusable',
    followers: ['FunctionEnvWrong', ...afterStop],
    // The function still has it.
    typed: ({ functions }) => functions.variables(target.metricFunction.name)[internalKey] ?? '',
    afterwards: countAgain,
  },
  {
    what: 'a Host that ALLOWED_HOSTS lacks',
    options: stopped,
    change: (aws) => putEnv(aws, `${envText(aws)}ALLOWED_HOSTS=api.example.com\n`),
    cause: 'HostRejected',
    followers: afterStop,
    typed: () => 'api.example.com,127.0.0.1',
    afterwards: countAgain,
  },
  {
    what: 'a stopped instance',
    options: { ...stopped, isOnline: false },
    change: ({ network }) => network.stoppedInstances.add(instanceId),
    cause: 'InstanceStopped',
    followers: ['AgentOffline', ...afterStop],
    afterwards: (aws) => {
      for (const host of aws.hosts) host.online = true;
      countAgain(aws);
    },
  },
  {
    what: 'a security group of the API that is closed',
    options: stopped,
    change: (aws) => onlyEgress(aws, 'sg-0000000000000000a'),
    cause: 'PathBlocked',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'a security group of the endpoints that is closed',
    options: stopped,
    change: (aws) => onlyEgress(aws, 'sg-0000000000000000e'),
    cause: 'ServiceUnreachable',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'private DNS that is off',
    options: stopped,
    change: (aws) => {
      const endpoint = aws.network.endpoints[endpointOf(aws, 'monitoring')];
      if (endpoint) endpoint.privateDnsEnabled = false;
    },
    cause: 'ServiceUnreachable',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'a VPC whose DNS is off',
    options: stopped,
    change: ({ network }) => {
      for (const vpc of network.vpcs)
        Object.assign(vpc, { enableDnsSupport: false, enableDnsHostnames: false });
    },
    cause: 'ServiceUnreachable',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'a deleted endpoint',
    options: stopped,
    change: (aws) => aws.network.endpoints.splice(endpointOf(aws, 'monitoring'), 1),
    cause: 'ServiceUnreachable',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'a policy with other dimensions',
    change: (aws) => trackBacklog(aws, { Dimensions: [] }),
    cause: 'PolicyOtherDimensions',
    followers: ['ScalingAlarmsElsewhere'],
  },
  {
    what: 'metric math with other dimensions',
    change: (aws) =>
      trackBacklog(aws, {
        MetricName: undefined,
        Namespace: undefined,
        Statistic: undefined,
        Dimensions: [],
        Metrics: math,
      }),
    cause: 'PolicyOtherDimensions',
    followers: ['ScalingAlarmsElsewhere'],
  },
  {
    what: 'a policy with a unit that nobody publishes',
    change: (aws) => {
      trackBacklog(aws, { Unit: 'Seconds' });
      for (const alarm of scalingAlarms(aws)) alarm.updatedAt = new Date(Date.now() - 3_600_000);
    },
    cause: 'PolicyOtherUnit',
    followers: ['ScalingAlarmsSilent'],
  },
  {
    what: 'a policy that counts samples',
    change: (aws) => trackBacklog(aws, { Statistic: 'SampleCount' }),
    cause: 'PolicyCountsSamples',
  },
  {
    what: 'a disabled policy',
    change: (aws) => trackBacklog(aws, {}, false),
    cause: 'PolicyDisabled',
  },
  {
    what: 'deleted alarms of target tracking',
    change: (aws) =>
      aws.metrics.removeAlarms(scalingAlarms(aws).map(({ properties: { AlarmName } }) => AlarmName)),
    cause: 'ScalingAlarmsMissing',
  },
  {
    what: 'alarms whose actions are disabled',
    change: (aws) => {
      for (const alarm of scalingAlarms(aws)) alarm.actionsEnabled = false;
    },
    cause: 'ScalingActionsDisabled',
  },
  {
    what: 'suspended processes',
    change: ({ autoScaling }) => {
      for (const name of ['AlarmNotification', 'AZRebalance'] as const)
        autoScaling.group(group).suspended.set(name, 'User suspended');
    },
    cause: 'GroupSuspended',
  },
  {
    what: 'a group at its maximum',
    options: { backlog: 100 },
    cause: 'GroupAtMax',
    fills: () => ({ number: '20' }),
  },
  {
    what: 'a topic without a subscription',
    change: ({ topics }) => topics.add(topicArn),
    cause: 'NobodySubscribed',
    left: ['SubscriptionPending'],
  },
  {
    what: 'a subscription that nobody has confirmed',
    change: ({ topics }) => topics.add(topicArn, [{ Protocol: 'email', Endpoint: 'night@example.com' }]),
    cause: 'SubscriptionPending',
    fills: ({ topics }) => ({ token: topics.tokensTo('night@example.com')[0] ?? '' }),
  },
];
