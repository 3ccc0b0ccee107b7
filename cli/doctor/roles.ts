/** What IAM says of the roles of the host, of the metric function, and of the recovery's own functions. */
import { readFunctionEnv } from '../../aws/function-environment.ts';
import { look } from '../../aws/look.ts';
import { readProfileRole, simulateRole } from '../../aws/roles.ts';
import { seenIn } from '../../workflow/doctor/checks.ts';
import type { Facts } from '../../workflow/doctor/facts.ts';
import type { Place } from '../../workflow/doctor/place.ts';
import type { RoleFacts, RolesFacts } from '../../workflow/doctor/role-facts.ts';
import {
  type FunctionNeed,
  hostNeeds,
  metricFunctionNeeds,
  type RoleNeed,
  recoveryNeeds,
} from '../../workflow/doctor/role-needs.ts';
import { seen } from '../../workflow/network/seen.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import type { Asking } from './clients.ts';

/** @param facts what is known of the instances and of the metric function. */
export async function lookAtRoles(
  doctor: Asking,
  facts: Pick<Facts, 'instances' | 'function'>,
  place: Place,
): Promise<RolesFacts> {
  const configuration = seenIn(facts.function);
  const roleArn = typeof configuration === 'object' ? configuration.roleArn : null;
  const needs = metricFunctionNeeds(doctor.target);
  const [hosts, metricFunction, recovery] = await Promise.all([
    lookAtHosts(doctor, seenIn(facts.instances) ?? [], place),
    roleArn === null || needs.length === 0 ? null : look(() => roleFacts(doctor, roleArn, needs)),
    lookAtRecovery(doctor, place),
  ]);
  return { hosts, metricFunction, recovery };
}

/** A terminated instance has no role any more. */
const isThere = ({ state }: { readonly state: string }) => !['terminated', 'shutting-down'].includes(state);

async function lookAtHosts(
  doctor: Asking,
  instances: readonly { readonly id: string; readonly state: string; readonly profileArn?: string }[],
  place: Place,
): Promise<RolesFacts['hosts']> {
  const there = instances.filter(isThere);
  const profiles = [...new Set(there.flatMap(({ profileArn }) => profileArn ?? []))];
  const roles = new Map(
    await Promise.all(
      profiles.map(async (profileArn) => {
        const found = await look(async () => {
          const roleArn = await readProfileRole(doctor.clients.iam, profileArn);
          return roleArn === undefined ? null : roleFacts(doctor, roleArn, hostNeeds(doctor.target, place));
        });
        return [profileArn, found] as const;
      }),
    ),
  );
  return there.map(({ id: instanceId, profileArn = '' }) => {
    const found = roles.get(profileArn);
    if (!found?.seen) return { instanceId, role: found ?? null };
    return { instanceId, role: found.value && seen(found.value) };
  });
}

/** A function that is not there has no role: that is told of the stack. */
async function lookAtRecovery(doctor: Asking, place: Place): Promise<RolesFacts['recovery']> {
  const found = await Promise.all(
    recoveryNeeds(doctor.target, place).map(async ({ functionName, need }) => ({
      functionName,
      role: await look(async () => {
        const roleArn = await roleOf(doctor, functionName);
        return roleArn === undefined ? undefined : roleFacts(doctor, roleArn, [need]);
      }),
    })),
  );
  return found.flatMap(({ functionName, role }): RolesFacts['recovery'] => {
    if (!role.seen) return [{ functionName, role }];
    return role.value ? [{ functionName, role: seen(role.value) }] : [];
  });
}

async function roleOf(
  { clients }: Asking,
  functionName: FunctionNeed['functionName'],
): Promise<string | undefined> {
  try {
    return (await readFunctionEnv(clients.lambda, functionName)).roleArn;
  } catch (error) {
    if (error instanceof RecoveryError && error.name === 'FunctionNotFound') return undefined;
    throw error;
  }
}

async function roleFacts({ clients }: Asking, arn: string, needs: readonly RoleNeed[]): Promise<RoleFacts> {
  const found = needs.map(async (need) => ({ need, actions: await simulateRole(clients.iam, arn, need) }));
  return { arn, needs: await Promise.all(found) };
}
