/** The functions of a target's stack with the roles that its template gives them, on the wire. None of them runs. */
import { join } from 'node:path';
import * as v from 'valibot';
import { RoleProperties } from '../../sandbox/services/iam.ts';
import { arn, resolveTemplate, resourcesOf } from '../../sandbox/template.ts';
import { functionsOf } from '../../stack/functions.ts';
import { leaseTableOf, stackNameOf } from '../../workflow/stack-names.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import type { TestAws } from './aws.ts';

const projectDirectory = join(import.meta.dirname, '..', '..');
const Role = v.looseObject({ Properties: v.looseObject({ Policies: v.unknown() }) });
const Block = v.object({ name: v.string(), role: v.object({ 'Fn::Sub': v.string() }) });

/** What the roles refer to. */
function referredTo(target: DeployedTarget, keys: readonly string[]) {
  const prefix = stackNameOf(target.name);
  const logGroups = keys.map((key) => [
    `${key.charAt(0).toUpperCase()}${key.slice(1)}LogGroup`,
    { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/${key}` } },
  ]);
  return {
    ...Object.fromEntries(logGroups),
    LeaseTable: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: leaseTableOf(target.name) } },
    RecoveryTopic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: prefix } },
    UndeliveredEvents: { Type: 'AWS::SQS::Queue', Properties: { QueueName: `${prefix}-undelivered` } },
    DeployDocument: { Type: 'AWS::SSM::Document', Properties: { Name: `${prefix}-deploy` } },
  };
}

/** The functions of a target's stack with the names and policies of their roles. */
function stackFunctions(target: DeployedTarget) {
  const stack = functionsOf(target, projectDirectory);
  const resources = Object.entries(stack.roles).map(([id, role]) => [id, v.parse(Role, role)]);
  const template = resolveTemplate(
    JSON.stringify({
      Resources: { ...Object.fromEntries(resources), ...referredTo(target, Object.keys(stack.functions)) },
    }),
  );
  const roles = resourcesOf(template, 'AWS::IAM::Role', RoleProperties);
  return Object.values(stack.functions).flatMap((block) => {
    const { name, role } = v.parse(Block, block);
    const found = roles.find(({ logicalId }) => role['Fn::Sub'] === `\${${logicalId}.Arn}`);
    return found ? [{ name, role: found }] : [];
  });
}

/** The policies of each function of a target's stack, by the function's name. */
export const stackRoles = (target: DeployedTarget) =>
  new Map(
    stackFunctions(target).map(({ name, role: { properties } }) => [
      name,
      new Map(properties.Policies.map(({ PolicyName, PolicyDocument }) => [PolicyName, PolicyDocument])),
    ]),
  );

/** Puts them there; the metric function only with its role. */
export function addStackFunctions({ functions, roles }: TestAws, target: DeployedTarget): void {
  for (const { name: FunctionName, role } of stackFunctions(target)) {
    roles.add(role.ref, role.properties);
    if (FunctionName === target.metricFunction?.name) continue;
    functions.add(
      { FunctionName, Role: role.arn, Handler: 'x.y', Runtime: 'nodejs24.x', MemorySize: 128, Timeout: 5 },
      arn('lambda', `function:${FunctionName}`),
      'no code',
    );
  }
}
