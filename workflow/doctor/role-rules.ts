/** What the roles may do: facts in, checks out. Without facts, since nobody looked, there is nothing to say. */
import type { Seen } from '../network/seen.ts';
import { stackNameOf } from '../stack-names.ts';
import type { DeployedTarget } from '../target.ts';
import { counted, listNames } from '../words.ts';
import type { BrokenCode } from './catalogue.ts';
import { broken, type Check, ok, unknown } from './checks.ts';
import type { Facts } from './facts.ts';
import { freshDatapointMs } from './metric-age.ts';
import { allowCommand, roleNameOf } from './role-command.ts';
import type { NeedFacts, RoleFacts } from './role-facts.ts';

/** A role that was asked about, and what it means if it may not do its work. */
interface Asked {
  /** Whose it is, e.g. `instance i-…`. */
  readonly who: string;
  readonly code: BrokenCode;
  /** The last part of the name of a policy that is put for it. */
  readonly policy: string;
}

export function hostRoles({ roles }: Facts, target: DeployedTarget): readonly Check[] {
  return (roles?.hosts ?? []).flatMap(({ instanceId, role }) =>
    role === null
      ? [unknown('RoleUnknown', `instance ${instanceId} has no role, so its credentials are not known`)]
      : roleChecks(role, target, {
          who: `instance ${instanceId}`,
          code: 'HostCannotReadEnv',
          policy: 'host',
        }),
  );
}

export function metricFunctionRole(facts: Facts, target: DeployedTarget): readonly Check[] {
  const role = facts.roles?.metricFunction ?? null;
  // A datapoint proves more than a simulation.
  if (role === null || freshDatapointMs(facts, target) !== undefined) return [];
  const who = `function ${target.metricFunction?.name}`;
  return roleChecks(role, target, { who, code: 'FunctionCannotPublish', policy: 'metric' });
}

export function recoveryRoles({ roles }: Facts, target: DeployedTarget): readonly Check[] {
  const found = (roles?.recovery ?? []).map(({ functionName, role }) => ({
    role,
    checks: roleChecks(role, target, {
      who: `function ${functionName}`,
      code: 'RecoveryNotAllowed',
      policy: functionName.slice(stackNameOf(target.name).length + 1),
    }),
  }));
  if (found.length === 0) return [];
  const unseen = found.filter(({ role }) => !role.seen).flatMap(({ checks }) => checks);
  const wrong = found
    .filter(({ role }) => role.seen)
    .flatMap(({ checks }) => checks.filter(({ state }) => state !== 'ok'));
  // Whatever keeps somebody from looking at one role keeps them from all.
  const [first, ...more] = unseen;
  const notLooked =
    first?.state === 'unknown'
      ? [
          unknown(
            first.code,
            more.length > 0 ? `${first.says} (and ${counted(more.length, 'role')} more)` : first.says,
          ),
        ]
      : [];
  return wrong.length + unseen.length > 0
    ? [...wrong, ...notLooked]
    : [ok(`the roles of ${counted(found.length, 'function')} may do their work`)];
}

function roleChecks(role: Seen<RoleFacts>, target: DeployedTarget, asked: Asked): readonly Check[] {
  if (!role.seen) return [unknown(role.code, role.why)];
  const { arn, needs } = role.value;
  const wrong = needs.flatMap((need, index) => {
    // Each need has a policy of its own.
    const policy = `${stackNameOf(target.name)}-${asked.policy}${index === 0 ? '' : `-${index + 1}`}`;
    return needChecks(need, arn, { ...asked, policy });
  });
  return wrong.length > 0
    ? wrong
    : [ok(`role ${roleNameOf(arn)} of ${asked.who} may ${listNames(actionsOf(needs))}`)];
}

const actionsOf = (needs: readonly NeedFacts[]) => needs.flatMap(({ need }) => need.actions);

function needChecks(
  { need, actions }: NeedFacts,
  arn: string,
  { who, code, policy }: Asked,
): readonly Check[] {
  const denied = actions.filter(({ decision }) => decision !== 'allowed');
  if (denied.length === 0) return [];
  const says = `role ${roleNameOf(arn)} of ${who} may not ${listNames(denied.map(({ action }) => action))} on ${need.resource}`;
  const deniedBy = [...new Set(denied.flatMap((one) => one.deniedBy))];
  const unknownKeys = [...new Set(denied.flatMap((one) => one.unknownKeys))];
  const role = { role: roleNameOf(arn), 'role-arn': arn };
  if (deniedBy.length > 0) return [broken(code, `${says}: ${listNames(deniedBy)} denies it`, role)];
  if (unknownKeys.length > 0)
    return [unknown('RoleUnknown', `${says}, unless by the values of ${listNames(unknownKeys)}`, role)];
  // The policy of a key can allow a role what none of its own policies does.
  if (need.actions.every((action) => action.startsWith('kms:')))
    return [
      unknown('RoleUnknown', `${says} by policies of its own; the policy of the key was not read`, role),
    ];
  return [broken(code, says, role, allowCommand(arn, policy, need))];
}
