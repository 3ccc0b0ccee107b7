/** What `serverless package` makes of serverless.yml: the very templates that get deployed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { RuleProperties } from '../../sandbox/services/eventbridge.ts';
import { StateMachineProperties } from '../../sandbox/services/states.ts';
import { resolveTemplate, resourcesOf } from '../../sandbox/template.ts';
import { loadTarget } from '../../targets/load.ts';
import { packagedIn } from './package-stacks.ts';

export const read = (target: string) =>
  readFileSync(join(packagedIn(target), 'cloudformation-template-update-stack.json'), 'utf8');
export const academy = resolveTemplate(read('academy-api'));
export const sandbox = resolveTemplate(read('sandbox'));
export const target = { name: 'academy-api', ...loadTarget('academy-api') };

export const oneOrMore = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
);
const Statement = v.object({ Action: oneOrMore, Resource: oneOrMore, Condition: v.optional(v.unknown()) });
export const Role = v.object({
  Policies: v.array(v.object({ PolicyDocument: v.object({ Statement: v.array(Statement) }) })),
});
export const statementsOf = (resources: typeof academy) =>
  resourcesOf(resources, 'AWS::IAM::Role', Role).flatMap(({ logicalId, properties }) =>
    properties.Policies.flatMap(({ PolicyDocument }) =>
      PolicyDocument.Statement.map((statement) => ({ role: logicalId, ...statement })),
    ),
  );
/** Of a role, before its intrinsic functions are resolved. */
export const Policies = v.object({
  Policies: v.array(
    v.object({
      PolicyDocument: v.object({
        Statement: v.array(v.object({ Action: oneOrMore, Condition: v.optional(v.unknown()) })),
      }),
    }),
  ),
});
export const actionsOf = (resources: typeof academy, role: string) =>
  statementsOf(resources)
    .filter((statement) => statement.role === role)
    .flatMap(({ Action }) => Action)
    .filter((action) => !/^(logs|xray|ec2):/.test(action))
    .sort();

export const [machine] = resourcesOf(academy, 'AWS::StepFunctions::StateMachine', StateMachineProperties);
export const Definition = v.object({
  States: v.record(
    v.string(),
    v.object({
      Type: v.string(),
      Resource: v.optional(v.string()),
      TimeoutSeconds: v.optional(v.number()),
      Parameters: v.optional(v.object({ FunctionName: v.optional(v.string()) })),
    }),
  ),
});
export const definition = v.parse(Definition, JSON.parse(machine?.properties.DefinitionString ?? ''));
export const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task');
/** Functions that are no state: those that tidy up from outside, look at the whole chain, and publish the metric. */
export const otherFunctions = ['close-recovery', 'diagnose-chain', 'queue-depth-metric'];
export const camelCase = (state: string) => `${state.charAt(0).toLowerCase()}${state.slice(1)}`;
export const kebabCase = (state: string) =>
  camelCase(state).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const Rule = v.object({
  ...RuleProperties.entries,
  Targets: v.array(
    v.object({
      Arn: v.string(),
      RoleArn: v.optional(v.string()),
      DeadLetterConfig: v.object({ Arn: v.string() }),
      RetryPolicy: v.object({ MaximumEventAgeInSeconds: v.number(), MaximumRetryAttempts: v.number() }),
    }),
  ),
});
