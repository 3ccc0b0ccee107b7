/** Chains in which one link is broken, for the doctor to find. */
import type { AnswerFacts, Facts } from '../../workflow/doctor/facts.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { doctorTarget, envOf, functionOf, scheduleOf, seen, stopped } from './healthy-facts.ts';

/** Whatever stands in the place of a number when the metric has stopped. */
const afterStop = ['MetricStopped', 'HeartbeatFiring', 'ScalingAlarmsSilent'];

const answers = (fault: AnswerFacts['fault'], detail: string, isPrivate = false) => ({
  answer: { fault, detail, isPrivate },
});

const lost = { instanceId: 'i-00000001', pingStatus: 'ConnectionLost', lastPingAt: null };

/** What is broken; the cause that is told, and the codes that follow from it. */
export type Break = [
  what: string,
  part: Partial<Facts>,
  cause: string,
  followers?: readonly string[],
  of?: DeployedTarget,
];

export const breaks: readonly Break[] = [
  [
    'no parameter',
    { ...stopped, env: seen(envOf({ version: 0, headerKeys: { INTERNAL_KEY: 'Missing' as const } })) },
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
    {
      ...stopped,
      env: seen(
        envOf({ gaps: ['INTERNAL_KEY is missing'], headerKeys: { INTERNAL_KEY: 'Missing' as const } }),
      ),
    },
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
    { agents: seen([]), instances: seen([]) },
    'NoInstances',
    [],
    doctorTarget({ instances: { tag: 'Name=api' } }),
  ],
  [
    'a terminated instance',
    { agents: seen([]), instances: seen([]) },
    'InstanceGone',
    ['InstanceNotManaged'],
  ],
  [
    'a stopped instance',
    { ...stopped, agents: seen([lost]), instances: seen([{ id: 'i-00000001', state: 'stopped' }]) },
    'InstanceStopped',
    ['AgentOffline', ...afterStop],
  ],
  ['an instance without an agent', { agents: seen([]) }, 'InstanceNotManaged'],
  ['an agent that does not report', { agents: seen([lost]) }, 'AgentOffline'],
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
    'a key of another header that has no value',
    { ...stopped, env: seen(envOf({ headerKeys: { INTERNAL_KEY: 'Usable', API_TOKEN: 'Missing' } })) },
    'InternalKeyMissing',
    afterStop,
  ],
  [
    'a key that no header can carry',
    { ...stopped, env: seen(envOf({ headerKeys: { INTERNAL_KEY: 'Unusable' as const } })) },
    'InternalKeyUnusable',
    afterStop,
  ],
  [
    'a key that no rule asks for',
    { ...stopped, env: seen(envOf({ headerKeys: { INTERNAL_KEY: 'Missing' as const } })) },
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
    'a disabled schedule of EventBridge Scheduler',
    {
      ...stopped,
      invocations: seen(0),
      callers: seen([]),
      schedules: seen({ isWhole: true, schedules: [scheduleOf({ state: 'Disabled' })] }),
    },
    'SchedulerDisabled',
    ['FunctionNotInvoked', ...afterStop],
  ],
  [
    'nobody who invokes the function',
    { ...stopped, invocations: seen(0), callers: seen([]) },
    'FunctionNotInvoked',
    afterStop,
  ],
];
