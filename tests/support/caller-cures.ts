/** What can be broken in who invokes the metric function, and in the roles, for the commands of the doctor. */
import { hostRole } from '../../sandbox/roles.ts';
import { iamArn } from '../../sandbox/services/iam.ts';
import type { NewSchedule } from '../../sandbox/services/scheduler.ts';
import { afterStop, type Cure, stopped } from './cures.ts';
import { countAgain, functionArn, metricRole } from './healthy-chain.ts';

export const eachMinute: NewSchedule = {
  ScheduleExpression: 'rate(1 minute)',
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: { Arn: functionArn, RoleArn: iamArn('role/scheduler') },
};

export const callerCures: readonly Cure[] = [
  {
    what: 'a disabled schedule',
    options: { ...stopped, invokedMinutesAgo: 20, isRuleEnabled: false },
    cause: 'ScheduleDisabled',
    followers: ['FunctionNotInvoked', ...afterStop],
    afterwards: countAgain,
  },
  {
    what: 'a disabled schedule of EventBridge Scheduler',
    options: { ...stopped, invokedMinutesAgo: 20, hasRule: false },
    change: ({ schedules }) => schedules.put('count', { ...eachMinute, State: 'DISABLED' }),
    cause: 'SchedulerDisabled',
    followers: ['FunctionNotInvoked', ...afterStop],
    afterwards: countAgain,
  },
  {
    what: 'a function that nothing invokes',
    options: { ...stopped, invokedMinutesAgo: 20, hasRule: false },
    cause: 'FunctionNotInvoked',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'a rule that may not invoke the function',
    options: { ...stopped, invokedMinutesAgo: 20 },
    cause: 'FunctionNotInvoked',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'a schedule of EventBridge Scheduler that may not invoke the function',
    options: { ...stopped, invokedMinutesAgo: 20, hasRule: false },
    change: ({ schedules, roles }) => {
      schedules.put('count', eachMinute);
      roles.add('scheduler', {});
    },
    cause: 'FunctionNotInvoked',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'a role of the host without the env',
    change: ({ roles }) => roles.add(hostRole, {}),
    cause: 'HostCannotReadEnv',
  },
  {
    what: 'a role of the metric function without its metric',
    options: stopped,
    change: ({ roles }) => roles.add(metricRole, {}),
    cause: 'FunctionCannotPublish',
    followers: afterStop,
    afterwards: countAgain,
  },
  {
    what: 'a role of the stack that somebody has changed',
    change: ({ roles }) => roles.add('PatchLambdaEnvRole', {}),
    cause: 'RecoveryNotAllowed',
  },
];
