/** Roles that may not do their work, for the doctor to find. */

import type { ActionFacts, RoleFacts, RolesFacts } from '../../workflow/doctor/role-facts.ts';
import type { RoleNeed } from '../../workflow/doctor/role-needs.ts';
import { seen } from '../../workflow/network/seen.ts';
import type { Break } from './broken-chains.ts';
import { stopped } from './healthy-facts.ts';

export const needOf = (
  action: string,
  resource = 'arn:aws:ssm:ap-northeast-2:111122223333:parameter/app/env',
): RoleNeed => ({
  actions: [action],
  resource,
  context: {},
});

/** A role of which one action is asked; nothing allows it unless `part` says otherwise. */
export const roleWith = (need: RoleNeed, part: Partial<ActionFacts> = {}): RoleFacts => ({
  arn: 'arn:aws:iam::111122223333:role/path/app-role',
  needs: [
    {
      need,
      actions: need.actions.map((action) => ({
        action,
        decision: 'implicitDeny',
        deniedBy: [],
        unknownKeys: [],
        ...part,
      })),
    },
  ],
});

const none: RolesFacts = { hosts: [], metricFunction: null, recovery: [] };
export const hostRole = (part: Partial<ActionFacts> = {}, need = needOf('ssm:GetParameter')): RolesFacts => ({
  ...none,
  hosts: [{ instanceId: 'i-00000001', role: seen(roleWith(need, part)) }],
});
export const recoveryRole = (part: Partial<ActionFacts> = {}): RolesFacts => ({
  ...none,
  recovery: [
    {
      functionName: 'env-recovery-app-uploadEnv',
      role: seen(roleWith(needOf('ssm:PutParameter'), part)),
    },
  ],
});
export const metricRole = (part: Partial<ActionFacts> = {}): RolesFacts => ({
  ...none,
  metricFunction: seen(roleWith(needOf('cloudwatch:PutMetricData', '*'), part)),
});

export const roleBreaks: readonly Break[] = [
  ['a role of the host that may not read the env', { roles: hostRole() }, 'HostCannotReadEnv'],
  [
    'a role of the metric function that may not publish',
    { ...stopped, roles: metricRole() },
    'FunctionCannotPublish',
    ['MetricStopped', 'HeartbeatFiring', 'ScalingAlarmsSilent'],
  ],
  ['a role of the stack that lacks something', { roles: recoveryRole() }, 'RecoveryNotAllowed'],
];
