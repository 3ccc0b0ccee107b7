/**
 * What the roles have to be allowed, as far as the doctor asks IAM about it: of each the actions without which its
 * work can't be done, on one resource. The stack gives its functions these and more (functions/*.yml).
 */
import { headerKeysOf } from '../endpoint-request.ts';
import { invokedFunctionOf } from '../invoked-function.ts';
import { isPath, parameterNameOf, textNamesOf } from '../spread-env.ts';
import { functionNameOf, leaseTableOf, stackNameOf } from '../stack-names.ts';
import { nameInArn } from '../target/fields.ts';
import type { DeployedTarget, MetricFunction } from '../target.ts';
import { arnOf, type Place, topicArnOf } from './place.ts';

export interface RoleNeed {
  readonly actions: readonly string[];
  readonly resource: string;
  /** The values that condition keys have in such a call, each of one string. */
  readonly context: Readonly<Record<string, string>>;
  /** More conditions under which the stack allows it: a policy that is put in its place has them too. */
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A function of the stack, and what its role needs. */
export interface FunctionNeed {
  readonly functionName: string;
  readonly need: RoleNeed;
}

const parameterArn = (place: Place, name: string, region = place.region) =>
  arnOf({ ...place, region }, 'ssm', `parameter${nameInArn(name)}`);

const onName = (place: Place, name: string, ...actions: readonly string[]): RoleNeed => ({
  actions,
  resource: parameterArn(place, name),
  context: {},
});

/** Of an env that is spread over several parameters, one stands for all. */
function onParameter(
  { parameter: { name, requiredKeys } }: DeployedTarget,
  place: Place,
  ...actions: readonly string[]
): RoleNeed {
  const one = isPath(name)
    ? parameterNameOf(name, requiredKeys[0] ?? 'KEY')
    : (textNamesOf(name)?.[0] ?? name);
  return onName(place, one, ...actions);
}

/** A path is asked for by itself. */
const onPath = ({ parameter: { name } }: DeployedTarget, place: Place): RoleNeed =>
  onName(place, name.slice(0, -1), 'ssm:GetParametersByPath');

/** https://docs.amazonaws.cn/en_us/general/latest/gr/rande.html: the domain of the services in a region. */
const domainOf = (region: string) => `amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

/** Of the host: docs/host.md. */
export function hostNeeds(target: DeployedTarget, place: Place): readonly RoleNeed[] {
  const { kmsKeyArn, name } = target.parameter;
  return [
    ...(isPath(name)
      ? [onPath(target, place)]
      : (textNamesOf(name) ?? [name]).map((one) => onName(place, one, 'ssm:GetParameter'))),
    // The key policy of the account's own key covers everybody in it.
    ...(kmsKeyArn === undefined
      ? []
      : [
          {
            actions: ['kms:Decrypt'],
            resource: kmsKeyArn,
            context: { 'kms:ViaService': `ssm.${place.region}.${domainOf(place.region)}` },
          },
        ]),
  ];
}

/** Of the metric function; nothing without a metric. PutMetricData knows no resources. */
export const metricFunctionNeeds = ({ metric }: Pick<DeployedTarget, 'metric'>): readonly RoleNeed[] =>
  metric === undefined
    ? []
    : [
        {
          actions: ['cloudwatch:PutMetricData'],
          resource: '*',
          context: { 'cloudwatch:namespace': metric.namespace },
        },
      ];

const on = (resource: string, ...actions: readonly string[]): RoleNeed => ({
  actions,
  resource,
  context: {},
});

/** Of the states that change the metric function and invoke it. */
function onMetricFunction(metricFunction: MetricFunction, place: Place): Readonly<Record<string, RoleNeed>> {
  const ofLambda = (functionName: string) => arnOf(place, 'lambda', `function:${functionName}`);
  return {
    patchLambdaEnv: {
      ...on(ofLambda(metricFunction.name), 'lambda:UpdateFunctionConfiguration'),
      condition: { Null: { 'lambda:Layer': 'true', 'lambda:VpcIds': 'true' } },
    },
    confirmBacklog: on(ofLambda(invokedFunctionOf(metricFunction)), 'lambda:InvokeFunction'),
  };
}

/** Of the recovery's own functions. */
export function recoveryNeeds(target: DeployedTarget, place: Place): readonly FunctionNeed[] {
  const { name, endpoint, metricFunction } = target;
  const isBelowPath = isPath(target.parameter.name);
  const read = isBelowPath
    ? onPath(target, place)
    : onParameter(target, place, 'ssm:GetParameter', 'ssm:GetParameterHistory');
  const needs: Readonly<Record<string, RoleNeed>> = {
    takeLease: on(
      arnOf(place, 'dynamodb', `table/${leaseTableOf(name)}`),
      'dynamodb:GetItem',
      'dynamodb:PutItem',
    ),
    validateEnv: read,
    // Otherwise it asks the endpoint without the env.
    ...(headerKeysOf(endpoint).length > 0 ? { checkEndpoint: read } : {}),
    uploadEnv: onParameter(target, place, 'ssm:GetParameterHistory', 'ssm:PutParameter'),
    deployApi: on(arnOf(place, 'ssm', `document/${stackNameOf(name)}-deploy`), 'ssm:SendCommand'),
    verifyEndpoint: read,
    markKnownGood: onParameter(
      target,
      place,
      'ssm:GetParameterHistory',
      // Below a path there are no labels.
      ...(isBelowPath ? [] : ['ssm:LabelParameterVersion']),
    ),
    reportRecovery: on(topicArnOf(place, name), 'sns:Publish'),
    ...(metricFunction ? onMetricFunction(metricFunction, place) : {}),
  };
  return Object.entries(needs).map(([key, need]) => ({ functionName: functionNameOf(name, key), need }));
}
