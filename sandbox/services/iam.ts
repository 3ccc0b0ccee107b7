/** IAM: the roles of the template and of the host, as far as somebody asks what they may do. */
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { formList } from '../query-protocol.ts';
import { accountId } from '../template.ts';
import { type Decision, decide, PolicyDocument, type Question } from './iam-policies.ts';

/** As the template has it. */
export const RoleProperties = v.object({
  Policies: v.optional(v.array(v.object({ PolicyName: v.string(), PolicyDocument })), []),
});
type RoleProperties = v.InferInput<typeof RoleProperties>;

interface Role {
  readonly policies: Map<string, PolicyDocument>;
  /** What it may do at most; everything without one. */
  boundary?: PolicyDocument;
}

export const iamArn = (resource: string): string => `arn:aws:iam::${accountId}:${resource}`;

export class Roles {
  readonly #roles = new Map<string, Role>();
  /** The role in each instance profile. */
  readonly profiles = new Map<string, string>();

  /** In place of one of the same name. */
  add(name: string, properties: RoleProperties): void {
    const { Policies } = v.parse(RoleProperties, properties);
    this.#roles.set(name, {
      policies: new Map(Policies.map((one) => [one.PolicyName, one.PolicyDocument])),
    });
  }

  /** @throws AwsError NoSuchEntity. */
  role(name: string): Role {
    const role = this.#roles.get(name);
    if (!role) throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    return role;
  }

  /** @throws AwsError NoSuchEntity. */
  profile(name: string) {
    const roleName = this.profiles.get(name);
    if (roleName === undefined)
      throw new AwsError('NoSuchEntity', `Instance Profile ${name} cannot be found.`, 404);
    return { Path: '/', InstanceProfileName: name, Arn: iamArn(`instance-profile/${name}`), roleName };
  }
}

const everything: Decision = { decision: 'allowed', matched: [], missingKeys: [] };

/** What a role may do: what a policy of its own allows, and its boundary too. */
function decideFor({ policies, boundary }: Role, question: Question) {
  const own = decide(policies, question);
  const bound = boundary ? decide(new Map([['boundary', boundary]]), question) : everything;
  const isWithin = bound.decision === 'allowed';
  return {
    decision: isWithin || own.decision === 'explicitDeny' ? own.decision : bound.decision,
    matched: own.matched,
    missingKeys: own.missingKeys,
    ...(boundary ? { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: isWithin } } : {}),
  };
}

const Entry = v.object({
  ContextKeyName: v.string(),
  ContextKeyValues: v.array(v.string()),
  ContextKeyType: v.string(),
});
const Simulation = v.object({
  PolicySourceArn: v.pipe(v.string(), v.regex(/^arn:aws:iam::\d{12}:role\/.+$/)),
  ActionNames: v.array(v.pipe(v.string(), v.regex(/^[a-z0-9-]+:\w+$/i))),
  ResourceArns: v.optional(v.array(v.string()), ['*']),
  ContextEntries: v.optional(formList(Entry), []),
});

/** How a simulation names an inline policy of a role. */
const sourceOf = (roleName: string, policy: string) => `role_${roleName}_${policy}`;

/** One result for each action, and in it one for each resource; the strictest decides. */
function simulate(
  roles: Roles,
  { PolicySourceArn, ActionNames, ResourceArns, ContextEntries }: v.InferOutput<typeof Simulation>,
) {
  const roleName = PolicySourceArn.split('/').at(-1) ?? '';
  const role = roles.role(roleName);
  const context = new Map(ContextEntries.map((one) => [one.ContextKeyName, one.ContextKeyValues]));
  const strictest = ['explicitDeny', 'implicitDeny', 'allowed'] as const;
  return ActionNames.map((action) => {
    const results = ResourceArns.map((resource) => {
      const { decision, matched, missingKeys, ...more } = decideFor(role, { action, resource, context });
      return {
        EvalResourceName: resource,
        EvalResourceDecision: decision,
        MatchedStatements: matched.map((policy) => ({
          SourcePolicyId: sourceOf(roleName, policy),
          SourcePolicyType: 'role',
        })),
        MissingContextValues: missingKeys,
        ...more,
      };
    });
    const decisions = results.map(({ EvalResourceDecision }) => EvalResourceDecision);
    const { PermissionsBoundaryDecisionDetail } =
      results.find((one) => one.PermissionsBoundaryDecisionDetail) ?? {};
    return {
      EvalActionName: action,
      EvalResourceName: '*',
      EvalDecision: strictest.find((one) => decisions.includes(one)),
      MatchedStatements: results.flatMap(({ MatchedStatements }) => MatchedStatements),
      MissingContextValues: results.flatMap(({ MissingContextValues }) => MissingContextValues),
      PermissionsBoundaryDecisionDetail,
      ResourceSpecificResults: results,
    };
  });
}

export function iamService(roles: Roles): Service {
  return {
    targetPrefix: 'IAM',
    operations: {
      GetInstanceProfile: operation(
        v.object({ InstanceProfileName: v.string() }),
        ({ InstanceProfileName }) => {
          const { roleName, ...profile } = roles.profile(InstanceProfileName);
          const CreateDate = new Date(0);
          return {
            InstanceProfile: {
              ...profile,
              InstanceProfileId: 'AIPA00000000000000000',
              CreateDate,
              Roles: [
                {
                  Path: '/',
                  RoleName: roleName,
                  RoleId: 'AROA00000000000000000',
                  Arn: iamArn(`role/${roleName}`),
                  CreateDate,
                },
              ],
            },
          };
        },
        'ValidationError',
      ),

      SimulatePrincipalPolicy: operation(
        Simulation,
        (input) => ({ EvaluationResults: simulate(roles, input), IsTruncated: false }),
        'InvalidInput',
      ),

      PutRolePolicy: operation(
        v.object({ RoleName: v.string(), PolicyName: v.string(), PolicyDocument: v.string() }),
        ({ RoleName, PolicyName, PolicyDocument: text }) => {
          const document = v.safeParse(v.pipe(v.string(), v.parseJson(), PolicyDocument), text);
          if (!document.success) throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
          roles.role(RoleName).policies.set(PolicyName, document.output);
          return {};
        },
        'ValidationError',
      ),

      DeleteRolePolicy: operation(
        v.object({ RoleName: v.string(), PolicyName: v.string() }),
        ({ RoleName, PolicyName }) => {
          if (!roles.role(RoleName).policies.delete(PolicyName))
            throw new AwsError(
              'NoSuchEntity',
              `The role policy with name ${PolicyName} cannot be found.`,
              404,
            );
          return {};
        },
        'ValidationError',
      ),
    },
  };
}
