/** The roles that there are: those of the template, and the one that the host has through its instance profile. */
import { isPath, textNamesOf } from '../workflow/spread-env.ts';
import { nameInArn } from '../workflow/target/fields.ts';
import type { Target } from '../workflow/target.ts';
import { RoleProperties, Roles } from './services/iam.ts';
import { arn, type ResolvedResource, resourcesOf } from './template.ts';

export const hostProfile = 'sandbox-api';
export const hostRole = 'sandbox-api-host';

/** Puts the host's role there with all that docs/host.md asks for. */
export function addHostRole(roles: Roles, { parameter }: Pick<Target, 'parameter'>): void {
  roles.profiles.set(hostProfile, hostRole);
  const statement = (Action: string, Resource: string) => ({
    Effect: 'Allow' as const,
    Action: [Action],
    Resource: [Resource],
  });
  const statements = [
    ...(isPath(parameter.name)
      ? [statement('ssm:GetParametersByPath', arn('ssm', `parameter${parameter.name.replace(/\/$/, '')}`))]
      : (textNamesOf(parameter.name) ?? [parameter.name]).map((name) =>
          statement('ssm:GetParameter', arn('ssm', `parameter${nameInArn(name)}`)),
        )),
    ...(parameter.kmsKeyArn === undefined ? [] : [statement('kms:Decrypt', parameter.kmsKeyArn)]),
  ];
  roles.add(hostRole, {
    Policies: [{ PolicyName: 'read-env', PolicyDocument: { Statement: statements } }],
  });
}

export function rolesOf(resources: ReadonlyMap<string, ResolvedResource>, target: Target): Roles {
  const roles = new Roles();
  for (const { ref, properties } of resourcesOf(resources, 'AWS::IAM::Role', RoleProperties))
    roles.add(ref, properties);
  addHostRole(roles, target);
  return roles;
}
