/** The target sandbox with every link ok, from its env to its workers. */

import * as v from 'valibot';
import { networkOf } from '../../sandbox/private-network.ts';
import { addHostRole } from '../../sandbox/roles.ts';
import { AlarmProperties } from '../../sandbox/services/alarms.ts';
import { iamArn } from '../../sandbox/services/iam.ts';
import { invocationOf } from '../../sandbox/services/metric-data.ts';
import { arn } from '../../sandbox/template.ts';
import { loadTarget } from '../../targets/load.ts';
import { dimensionList } from '../../workflow/dimensions.ts';
import { scalingOf } from '../../workflow/target.ts';
import { knownGoodLabel } from '../../workflow/versions.ts';
import { openAws, secret, type TestAws } from './aws.ts';
import { addStackFunctions } from './stack-functions.ts';
import { measured } from './target-file.ts';

export const target = measured(loadTarget('sandbox'));
export const group = scalingOf(target)?.group ?? '';
export const topicArn = arn('sns', 'env-recovery-sandbox');
export const machineArn = arn('states', 'stateMachine:env-recovery-sandbox');
/** Of the metric function, as the template has it. */
export const metricRole = 'QueueDepthMetricRole';
export const functionArn = arn('lambda', `function:${target.metricFunction.name}`);

export const dimensions = dimensionList(target.metric.dimensions);

/** A complete env whose values are easily found again. */
export function completeEnv(): string {
  const values = Object.fromEntries(target.parameter.requiredKeys.map((key) => [key, secret()]));
  return Object.entries({
    ...values,
    R2_KEY: secret(),
    REDIS_URL: `redis://:${secret()}@cache:6379/0`,
    DB_PORT: '5432',
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

export interface ChainOptions {
  /** How long the function has had no number; 0 by default. */
  readonly stoppedMinutesAgo?: number;
  /** How long ago it was last invoked; 0 by default. */
  readonly invokedMinutesAgo?: number;
  readonly isRuleEnabled?: boolean;
  /** Whether there is a rule that invokes the function; true by default. */
  readonly hasRule?: boolean;
  /** The alias of the function that the rule invokes; none by default. */
  readonly callerAlias?: string;
  readonly isOnline?: boolean;
  /** 7 by default, at which the policy holds it. */
  readonly backlog?: number;
}

export async function openChain(options: ChainOptions = {}): Promise<TestAws> {
  const { stoppedMinutesAgo = 0, invokedMinutesAgo = 0, isRuleEnabled = true, isOnline = true } = options;
  const { hasRule = true } = options;
  const { callerAlias: alias, backlog = 7 } = options;
  const invoked = alias === undefined ? functionArn : `${functionArn}:${alias}`;
  const aws = await openAws({
    instances: [{ id: target.instances.ids?.[0] ?? '', online: isOnline }],
    minuteSeconds: 60,
    network: networkOf(target, target.instances.ids ?? []),
    rules: (hasRule ? [true] : []).map(() => ({
      Name: 'count-each-minute',
      ScheduleExpression: 'rate(1 minute)',
      State: isRuleEnabled ? 'ENABLED' : 'DISABLED',
      Targets: [{ Arn: invoked }],
    })),
  });
  const text = completeEnv();
  putEnv(aws, text);
  aws.parameters.label(target.parameter.name, undefined, [knownGoodLabel]);
  aws.elsewhere.put({ Name: target.restore.backupParameter ?? '', Value: text, Type: 'SecureString' });
  addHostRole(aws.roles, target);
  addMetricFunction(aws, text);
  addStackFunctions(aws, { name: 'sandbox', ...target });
  aws.topics.add(topicArn, [{ Protocol: 'email', Endpoint: 'oncall@example.com' }]);
  aws.topics.confirmSubscriptions();
  aws.machines.add(
    machineArn,
    'env-recovery-sandbox',
    JSON.stringify({ StartAt: 'End', States: { End: { Type: 'Succeed' } } }),
    true,
  );
  for (let minute = 60; minute >= 0; minute -= 1) {
    if (minute >= invokedMinutesAgo) invoke(aws, minute);
    if (minute >= stoppedMinutesAgo) publish(aws, minute, backlog);
  }
  aws.metrics.addAlarm(heartbeat);
  aws.metrics.evaluateAlarms();
  aws.autoScaling.addGroup({
    name: group,
    minSize: 1,
    maxSize: 4,
    desired: 1,
    createdAt: new Date(Date.now() - 3_600_000),
  });
  trackBacklog(aws);
  return aws;
}

/** Never runs here: nobody invokes it. */
function addMetricFunction({ functions }: TestAws, env: string): void {
  const { name, set } = target.metricFunction;
  const { internalKey: key = '' } = target.endpoint;
  functions.add(
    {
      FunctionName: name,
      Role: iamArn(`role/${metricRole}`),
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      MemorySize: 128,
      Timeout: 5,
      Environment: { Variables: { ...set, [key]: new RegExp(`^${key}=(.*)$`, 'm').exec(env)?.[1] ?? '' } },
      ...(target.vpc && !target.vpc.manage
        ? { VpcConfig: { SubnetIds: target.vpc.subnetIds, SecurityGroupIds: target.vpc.securityGroupIds } }
        : {}),
    },
    functionArn,
    'no code',
  );
}

export const putEnv = (aws: TestAws, Value: string) =>
  aws.parameters.put({ Name: target.parameter.name, Value, Type: 'SecureString', Overwrite: true });

const heartbeat = v.parse(AlarmProperties, {
  AlarmName: 'env-recovery-sandbox-heartbeat',
  Namespace: target.metric.namespace,
  MetricName: target.metric.name,
  Dimensions: dimensions,
  Statistic: 'SampleCount',
  ComparisonOperator: 'LessThanThreshold',
  Threshold: 1,
  Period: 60,
  EvaluationPeriods: 5,
  TreatMissingData: 'breaching',
});

const invoke = (aws: TestAws, minutesAgo: number) =>
  aws.metrics.record('AWS/Lambda', [
    invocationOf(target.metricFunction.name, Date.now() - minutesAgo * 60_000),
  ]);

const publish = (aws: TestAws, minutesAgo: number, backlog: number) =>
  aws.metrics.record(target.metric.namespace, [
    {
      MetricName: target.metric.name,
      Dimensions: dimensions,
      Value: backlog,
      Unit: 'Count',
      Timestamp: Date.now() - minutesAgo * 60_000,
      StorageResolution: 60,
    },
  ]);

/** The function is invoked again and gets a number, as it would within a minute. */
export function countAgain(aws: TestAws): void {
  invoke(aws, 0);
  publish(aws, 0, 7);
}

/** Puts the policy that follows the backlog, and lets its alarms look at it. */
export function trackBacklog(aws: TestAws, part: object = {}, enabled = true): void {
  aws.autoScaling.putPolicy({
    group,
    name: 'hold-backlog',
    enabled,
    estimatedInstanceWarmup: undefined,
    configuration: {
      TargetValue: 7,
      DisableScaleIn: false,
      CustomizedMetricSpecification: {
        Namespace: target.metric.namespace,
        MetricName: target.metric.name,
        Dimensions: dimensions,
        Statistic: 'Maximum',
        ...part,
      },
    },
  });
  aws.autoScaling.advance();
}
