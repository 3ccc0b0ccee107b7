/** What roles may do, as IAM simulates it. For `recover doctor` alone. */
import {
  type EvaluationResult,
  GetInstanceProfileCommand,
  IAMClient,
  type IAMClientConfig,
  paginateSimulatePrincipalPolicy,
} from '@aws-sdk/client-iam';
import type { ActionFacts } from '../workflow/doctor/role-facts.ts';
import type { RoleNeed } from '../workflow/doctor/role-needs.ts';
import { callAws, callPages, readerConfig, required } from './call.ts';

export const openIam = (config: IAMClientConfig = {}) => new IAMClient({ ...readerConfig(), ...config });

/** @returns the ARN of the role in an instance profile; `undefined` without one, or if there is no such profile. */
export async function readProfileRole(iam: IAMClient, profileArn: string): Promise<string | undefined> {
  const name = profileArn.split('/').at(-1) ?? '';
  const call = { action: 'iam:GetInstanceProfile', resource: `instance profile ${name}` };
  return callAws<string | undefined>(
    call,
    async () => {
      const { InstanceProfile } = await iam.send(
        new GetInstanceProfileCommand({ InstanceProfileName: name }),
      );
      return required(call, 'InstanceProfile', InstanceProfile).Roles?.[0]?.Arn;
    },
    { NoSuchEntityException: () => undefined },
  );
}

/**
 * Asks whether a role may do what it has to. IAM goes by the policies of the role, its boundary and the SCPs of its
 * account, and by no policy of a resource, such as that of a key:
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html.
 *
 * @returns an entry for each action of the need.
 */
export async function simulateRole(
  iam: IAMClient,
  roleArn: string,
  { actions, resource, context }: RoleNeed,
): Promise<ActionFacts[]> {
  const call = { action: 'iam:SimulatePrincipalPolicy', resource: `role ${roleArn.split('/').at(-1)}` };
  // Policies can go by who calls, such as those of docs/permissions.md.
  const entries = Object.entries({ 'aws:PrincipalArn': roleArn, ...context });
  const pages = paginateSimulatePrincipalPolicy(
    { client: iam },
    {
      PolicySourceArn: roleArn,
      ActionNames: [...actions],
      ResourceArns: [resource],
      ContextEntries: entries.map(([ContextKeyName, value]) => ({
        ContextKeyName,
        ContextKeyValues: [value],
        ContextKeyType: 'string' as const,
      })),
    },
  );
  const results = await callPages(call, pages, 'EvaluationResults');
  return actions.map((action) => {
    const result = results.find(({ EvalActionName }) => EvalActionName === action);
    return actionFacts(action, required(call, `EvaluationResults of ${action}`, result));
  });
}

/** With one resource, what is said of it is what is said of the action. */
function actionFacts(action: string, result: EvaluationResult): ActionFacts {
  const [ofResource] = result.ResourceSpecificResults ?? [];
  const { MatchedStatements = [], MissingContextValues = [], ...found } = ofResource ?? result;
  const decision = ofResource?.EvalResourceDecision ?? result.EvalDecision ?? 'implicitDeny';
  const isOutside = (detail: { AllowedByPermissionsBoundary?: boolean | undefined } | undefined) =>
    detail?.AllowedByPermissionsBoundary === false;
  return {
    action,
    decision,
    deniedBy: [
      ...(result.OrganizationsDecisionDetail?.AllowedByOrganizations === false
        ? ['a service control policy']
        : []),
      ...(isOutside(found.PermissionsBoundaryDecisionDetail) ? ['its permissions boundary'] : []),
      ...(decision === 'explicitDeny'
        ? [...new Set(MatchedStatements.flatMap(({ SourcePolicyId }) => SourcePolicyId ?? []))]
        : []),
    ],
    unknownKeys: MissingContextValues,
  };
}
