/** The command that allows a role what it needs. */
import { jsonArgument } from './json-argument.ts';
import type { RoleNeed } from './role-needs.ts';

/**
 * Puts a policy of its own beside those that the role has. It has all of the need, not just what is missing: one of
 * the same name replaces it.
 *
 * @param name of the policy, which no other need of this role has.
 * @returns nothing if a shell would not take it as it is.
 */
export function allowCommand(roleArn: string, name: string, need: RoleNeed): readonly string[] {
  const { actions, resource, context, condition = {} } = need;
  const conditions = {
    ...condition,
    ...(Object.keys(context).length > 0 ? { StringEquals: context } : {}),
  };
  const statement = {
    Effect: 'Allow',
    Action: actions,
    Resource: resource,
    ...(Object.keys(conditions).length > 0 ? { Condition: conditions } : {}),
  };
  const document = jsonArgument({ Version: '2012-10-17', Statement: [statement] });
  const role = roleNameOf(roleArn);
  return document === undefined || !/^[\w+=,.@-]+$/.test(role)
    ? []
    : [`aws iam put-role-policy --role-name ${role} --policy-name ${name} --policy-document ${document}`];
}

/** A role's ARN has its path too. */
export const roleNameOf = (roleArn: string): string => roleArn.split('/').at(-1) ?? roleArn;
