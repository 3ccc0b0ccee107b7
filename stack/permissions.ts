/** IAM statements: those that several functions share, by name, and the resources that statements refer to. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import { startingAlarms } from '../workflow/doctor/scaling-rules.ts';
import { invokedFunctionOf } from '../workflow/invoked-function.ts';
import { isPath, textNamesOf } from '../workflow/spread-env.ts';
import { functionNameOf, stackNameOf } from '../workflow/stack-names.ts';
import { nameInArn, partitionOfArn } from '../workflow/target/fields.ts';
import { type DeployedTarget, type MetricFunction, scalingOf, splitTag } from '../workflow/target.ts';

const Actions = v.union([v.string(), v.array(v.string())]);
/** `Resource` is a name from `scopesOf`, or CloudFormation's own notation. */
export const Statement = v.strictObject({
  Action: Actions,
  Resource: v.unknown(),
  /** In addition to the resource's own condition, if it has one. */
  Condition: v.optional(v.record(v.string(), v.unknown())),
});
type Statement = v.InferOutput<typeof Statement>;
/** A statement, or the name of shared statements in permissions.yml. */
export type Permission = string | Statement;

const Shared = v.record(v.string(), v.array(Statement));
const shared = v.parse(Shared, parse(readFileSync(join(import.meta.dirname, 'permissions.yml'), 'utf8')));

/** On what, and under which condition, a statement allows its actions. */
interface Scope {
  readonly Resource: unknown;
  readonly Condition?: object;
}

/**
 * The statements of a policy. A statement on something that the target doesn't have is left out.
 *
 * @throws Error if a permission or a resource isn't known.
 */
export function statementsFor(permissions: readonly Permission[], target: DeployedTarget): object[] {
  const scopes = scopesOf(target);
  return permissions
    .flatMap((permission) => {
      if (typeof permission !== 'string') return [permission];
      const statements = shared[permission];
      if (!statements) throw new Error(`stack/permissions.yml has no ${permission}`);
      return statements;
    })
    .flatMap(({ Action, Resource, Condition }) => {
      const allow = { Effect: 'Allow', Action };
      if (typeof Resource !== 'string') return [{ ...allow, Resource }];
      if (!Object.hasOwn(scopes, Resource))
        throw new Error(`stack/permissions.ts has no resource ${Resource}`);
      const scope = scopes[Resource];
      if (!scope) return [];
      const conditions = { ...scope.Condition, ...Condition };
      const isBound = Object.keys(conditions).length > 0;
      return [{ ...allow, Resource: scope.Resource, ...(isBound ? { Condition: conditions } : {}) }];
    });
}

const ownRegion = '${AWS::Region}';

/** A text as it is, unless CloudFormation has something to fill in. */
const substituted = (text: string) => (text.includes('${') ? { 'Fn::Sub': text } : text);

const arn = (service: string, resource: string, region = ownRegion) => ({
  'Fn::Sub': `arn:\${AWS::Partition}:${service}:${region}:\${AWS::AccountId}:${resource}`,
});

/** The use of a key, but only through one service. */
const keyThrough = (keyArn: string | undefined, service: string, region = ownRegion): Scope | undefined =>
  keyArn === undefined
    ? undefined
    : {
        Resource: keyArn,
        Condition: {
          StringEquals: { 'kms:ViaService': namesOfService(service, region, keyArn) },
        },
      };

/** In China, a service has the domain of its endpoints there, or that of the other partitions. */
const namesOfService = (service: string, region: string, keyArn: string) => {
  const name = `${service}.${region}.amazonaws.com`;
  return partitionOfArn(keyArn) === 'aws-cn' ? [name, `${name}.cn`].map(substituted) : substituted(name);
};

function scopesOf(target: DeployedTarget): Readonly<Record<string, Scope | undefined>> {
  const { name, parameter, restore, metricFunction, metric, stack } = target;
  const machine = stackNameOf(name);
  // Without `vpc`, the functions of the stack are in none; a metric function of somebody else may be.
  const hasNetwork = target.vpc !== undefined || metricFunction?.deploy === false;
  const env = parametersOf(parameter.name);
  const copy = parametersOf(restore.backupParameter, restore.backupRegion);
  return {
    leaseTable: { Resource: { 'Fn::GetAtt': ['LeaseTable', 'Arn'] } },
    stateMachine: { Resource: arn('states', `stateMachine:${machine}`) },
    executions: { Resource: arn('states', `execution:${machine}:*`) },
    topic: { Resource: { Ref: 'RecoveryTopic' } },
    undeliveredEvents: { Resource: { 'Fn::GetAtt': ['UndeliveredEvents', 'Arn'] } },
    parameter: env.all,
    wholeText: env.one,
    belowPath: env.below,
    path: env.path,
    backupParameter: copy.all,
    backupPath: copy.path,
    // Only a customer managed key needs a permission; the key policy of alias/aws/ssm covers the whole account.
    parameterKey: keyThrough(parameter.kmsKeyArn, 'ssm'),
    // A backup in the same region has the key of the parameter.
    backupKey: keyThrough(restore.backupKmsKeyArn, 'ssm', restore.backupRegion),
    deployDocument: { Resource: arn('ssm', 'document/${DeployDocument}') },
    changeCalendars: calendarsOf(target),
    instances: instancesOf(target),
    ...functionScopes(metricFunction),
    // GetMetricData knows neither resources nor the condition on the namespace.
    metric: metric && { Resource: '*' },
    // Also what AWS counts of the metric function.
    metrics: (metric ?? metricFunction) && { Resource: '*' },
    // DescribeAlarms finds those of target tracking by the beginning of their names.
    alarms: startingAlarms(target).length > 0 || scalingOf(target) ? { Resource: '*' } : undefined,
    // PutMetricData knows no resources; the condition restricts it to the target's namespace.
    metricNamespace: metric && {
      Resource: '*',
      Condition: { StringEquals: { 'cloudwatch:namespace': metric.namespace } },
    },
    // What describes scaling knows no resources; a target without a group needs none of it.
    scaledWorkers: scalingOf(target) && { Resource: '*' },
    historyKey:
      stack.kmsKeyArn === undefined
        ? undefined
        : {
            Resource: stack.kmsKeyArn,
            Condition: {
              StringEquals: {
                'kms:EncryptionContext:aws:states:stateMachineArn': arn('states', `stateMachine:${machine}`),
              },
            },
          },
    // What describes a network knows no resources.
    network: hasNetwork ? { Resource: '*' } : undefined,
    // AWS's own lists belong to the account `aws`.
    prefixLists: hasNetwork
      ? {
          Resource: [
            arn('ec2', 'prefix-list/*'),
            { 'Fn::Sub': 'arn:${AWS::Partition}:ec2:${AWS::Region}:aws:prefix-list/*' },
          ],
        }
      : undefined,
    doctorFunction: { Resource: ofLambda(functionNameOf(name, 'diagnoseChain')) },
    checksFunction: target.vpc?.manage
      ? { Resource: ofLambda(functionNameOf(name, 'checkEndpoint')) }
      : undefined,
    queueKey: keyThrough(stack.kmsKeyArn, 'sqs'),
    // For actions that know no resources; a comment says so next to each.
    '*': { Resource: '*' },
  };
}

const ofLambda = (functionName: string) => arn('lambda', `function:${functionName}`);

/** Of the metric function, and of what it counts; each `undefined` without one. */
function functionScopes(metricFunction: MetricFunction | undefined) {
  const { name = '', alias, kmsKeyArn, queues } = metricFunction ?? {};
  const hasAlias = alias !== undefined;
  return {
    metricFunction: metricFunction && { Resource: ofLambda(name) },
    invokedFunction: metricFunction && { Resource: ofLambda(invokedFunctionOf(metricFunction)) },
    // A version or an alias has an ARN of its own, which a statement on the function alone does not cover.
    metricFunctionVersions: hasAlias ? { Resource: ofLambda(`${name}:*`) } : undefined,
    metricFunctionAlias: hasAlias
      ? { Resource: [name, invokedFunctionOf({ name, alias })].map(ofLambda) }
      : undefined,
    aliasedFunction: hasAlias ? { Resource: ofLambda(name) } : undefined,
    functionKey: keyThrough(kmsKeyArn, 'lambda'),
    // The rules that invoke it may have any name, and what lists them knows no resources.
    rules: metricFunction && { Resource: arn('events', 'rule/*') },
    ruleNames: metricFunction && { Resource: '*' },
    queues: queues && {
      Resource: [queues.ai, queues.video, queues.messaging].map((queue) => arn('sqs', queue)),
    },
  };
}

/** Those of another account are named by their ARN. */
function calendarsOf({ pauses: { changeCalendars } }: DeployedTarget): Scope | undefined {
  if (changeCalendars.length === 0) return undefined;
  return {
    Resource: changeCalendars.map((calendar) =>
      calendar.startsWith('arn:') ? calendar : arn('ssm', `document/${calendar}`),
    ),
  };
}

/** What an env is kept in. A path is asked for by itself, and its ARN may have the slash at its end or not. */
function parametersOf(
  name: string | undefined,
  region?: string,
): { readonly [Part in 'all' | 'one' | 'below' | 'path']?: Scope } {
  if (name === undefined) return {};
  const named = (end: string) => arn('ssm', `parameter${end}`, region);
  if (!isPath(name)) {
    const [first, ...others] = (textNamesOf(name) ?? [name]).map((one) => named(nameInArn(one)));
    const one = { Resource: others.length === 0 ? first : [first, ...others] };
    return { all: one, one };
  }
  const below = { Resource: named(`${name}*`) };
  return { all: below, below, path: { Resource: [named(name.slice(0, -1)), named(`${name}*`)] } };
}

/** With a tag, instances come and go; the condition says which ones are meant. */
function instancesOf({ instances: { ids, tag } }: DeployedTarget): Scope {
  if (ids) {
    // A hybrid node (mi-…) is a managed instance of SSM, not one of EC2.
    const resources = ids.map((id) =>
      id.startsWith('mi-') ? arn('ssm', `managed-instance/${id}`) : arn('ec2', `instance/${id}`),
    );
    return { Resource: resources };
  }
  const { key, value } = splitTag(tag);
  return {
    Resource: [arn('ec2', 'instance/*'), arn('ssm', 'managed-instance/*')],
    Condition: { StringEquals: { [`ssm:resourceTag/${key}`]: value } },
  };
}
