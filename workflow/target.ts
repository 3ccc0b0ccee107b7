import * as v from 'valibot';
import { KeyRule } from '../env/contract.ts';
import { envReaders } from '../env/readers/readers.ts';
import { servicesOfStack } from './network/called-services.ts';
import { destinationOf } from './network/destination.ts';
import { longestWindowHours } from './pauses.ts';
import { faultOfSchedule } from './schedule.ts';
import { hostHeader, httpUrl, isHostForDjango, Subscription } from './target-addresses.ts';
import {
  alarmName,
  aliasName,
  checkedBy,
  dimensions,
  envKey,
  functionName,
  functionVariable,
  instanceIds,
  instanceTag,
  keyArn,
  metricName,
  metricNamespace,
  nameInArn,
  parameterName,
  queueName,
  region,
  regionOfKey,
  scalingGroupName,
  seconds,
  text,
  whole,
} from './target-fields.ts';
import { Vpc } from './target-vpc.ts';

/** The state machine leaves this much time for it. */
export const maxApprovalMinutes = 12 * 60;
const defaultApprovalMinutes = 60;

const Instances = v.pipe(
  v.strictObject({
    ids: v.optional(instanceIds),
    tag: v.optional(instanceTag),
  }),
  v.check(({ ids, tag }) => (ids === undefined) !== (tag === undefined), 'expected either ids or tag'),
);

const ScalingPolicy = v.strictObject({
  backlogPerInstance: v.pipe(v.number(), v.finite(), v.gtValue(0, 'expected more than 0')),
});

export const Target = v.pipe(
  v.strictObject({
    parameter: v.strictObject({
      name: parameterName,
      reader: v.optional(v.picklist(envReaders), 'dotenv'),
      requiredKeys: v.pipe(v.array(envKey), v.minLength(1, 'expected at least one key')),
      requiredPrefixes: v.optional(v.array(envKey), []),
      rules: v.optional(v.record(envKey, KeyRule), {}),
      kmsKeyArn: v.optional(keyArn),
    }),
    restore: v.optional(
      v.strictObject({
        backupParameter: v.optional(parameterName),
        backupRegion: v.optional(region),
        backupKmsKeyArn: v.optional(keyArn),
      }),
      {},
    ),
    instances: Instances,
    deploy: v.strictObject({
      commands: v.pipe(
        v.array(
          v.pipe(
            text,
            v.check((command) => !command.includes('{{'), 'SSM takes {{ }} for one of its own parameters'),
          ),
        ),
        v.minLength(1, 'expected at least one command'),
      ),
      timeoutSeconds: v.optional(seconds(5, 3600), 900),
      // SSM takes no less than 30.
      deliveryTimeoutSeconds: v.optional(seconds(30, 3600), 60),
    }),
    endpoint: v.strictObject({
      url: httpUrl,
      host: v.optional(hostHeader),
      internalKey: envKey,
      backlogPath: text,
      requestTimeoutSeconds: v.optional(seconds(1, 30), 10),
      healthyWithinSeconds: v.optional(seconds(1, 120), 90),
    }),
    metricFunction: v.strictObject({
      name: functionName,
      answerPath: text,
      set: v.optional(v.record(functionVariable, v.string()), {}),
      setFromEnv: v.optional(v.record(functionVariable, envKey), {}),
      remove: v.optional(v.array(functionVariable), []),
      alias: v.optional(aliasName),
      kmsKeyArn: v.optional(keyArn),
      deploy: v.optional(v.boolean(), false),
      schedule: v.optional(v.boolean(), false),
      queues: v.optional(v.strictObject({ ai: queueName, video: queueName, messaging: queueName })),
    }),
    metric: v.strictObject({
      namespace: metricNamespace,
      name: metricName,
      dimensions: v.optional(dimensions, {}),
      periodSeconds: v.optional(v.picklist([1, 5, 10, 30, 60]), 60),
      // CloudWatch can take two minutes to show a first datapoint, counted from the next full minute.
      confirmWithinSeconds: v.optional(seconds(10, 600), 300),
    }),
    scaling: v.optional(v.strictObject({ group: scalingGroupName, policy: v.optional(ScalingPolicy) })),
    vpc: v.optional(Vpc),
    triggers: v.optional(
      v.strictObject({
        heartbeat: v.optional(v.boolean(), true),
        alarms: v.optional(v.array(alarmName), []),
        parameterChange: v.optional(v.boolean(), true),
        schedule: v.optional(
          v.union(
            [v.literal(false), checkedBy(faultOfSchedule)],
            'expected rate(…) or cron(…), as EventBridge writes a schedule, or false',
          ),
          'rate(1 hour)',
        ),
      }),
      {},
    ),
    pauses: v.optional(
      v.strictObject({
        cooldownMinutes: v.optional(whole(0, 24 * 60), 10),
        maxFailures: v.optional(whole(1, 10), 3),
        windowHours: v.optional(whole(1, longestWindowHours), 6),
      }),
      {},
    ),
    approval: v.optional(
      v.strictObject({ withinMinutes: v.optional(whole(1, maxApprovalMinutes), defaultApprovalMinutes) }),
    ),
    notify: v.optional(
      v.strictObject({
        subscriptions: v.optional(v.array(Subscription), []),
      }),
      {},
    ),
    stack: v.optional(
      v.strictObject({
        kmsKeyArn: v.optional(keyArn),
        reserveConcurrency: v.optional(v.boolean(), true),
      }),
      {},
    ),
  }),
  v.forward(
    v.check(
      ({ restore }) => restore.backupRegion === undefined || restore.backupParameter !== undefined,
      'expected the name of the copy, since backupRegion says where it is',
    ),
    ['restore', 'backupParameter'],
  ),
  v.forward(
    v.check(
      ({ parameter, restore }) =>
        nameInArn(restore.backupParameter ?? '') !== nameInArn(parameter.name) ||
        // The key of the parameter is of its own region.
        (restore.backupRegion !== undefined &&
          restore.backupRegion !== regionOfKey(parameter.kmsKeyArn ?? '')),
      'expected another name than parameter.name, or backupRegion: the copy would be the parameter itself',
    ),
    ['restore', 'backupParameter'],
  ),
  v.forward(
    v.check(
      ({ restore: { backupRegion, backupKmsKeyArn } }) =>
        backupKmsKeyArn === undefined || regionOfKey(backupKmsKeyArn) === backupRegion,
      'expected a key of backupRegion',
    ),
    ['restore', 'backupKmsKeyArn'],
  ),
  v.forward(
    v.check(
      ({ parameter, restore }) =>
        // A copy with AWS's own key could be read by more people than the original.
        restore.backupRegion === undefined ||
        restore.backupKmsKeyArn !== undefined ||
        parameter.kmsKeyArn === undefined,
      'expected a key of backupRegion: a key works in its own region only, so the copy cannot have parameter.kmsKeyArn',
    ),
    ['restore', 'backupKmsKeyArn'],
  ),
  v.forward(
    v.check(
      ({ parameter, stack }) =>
        parameter.kmsKeyArn === undefined ||
        stack.kmsKeyArn === undefined ||
        regionOfKey(parameter.kmsKeyArn) === regionOfKey(stack.kmsKeyArn),
      'expected a key of the same region as parameter.kmsKeyArn: both are used in the region of the stack',
    ),
    ['stack', 'kmsKeyArn'],
  ),
  v.forward(
    v.check(
      ({ endpoint: { url, host } }) => host !== undefined || isHostForDjango(new URL(url).host),
      'Django refuses the host of this URL, whatever ALLOWED_HOSTS says, since only letters, digits, dots and hyphens are valid there (no _): use another name, or set endpoint.host',
    ),
    ['endpoint', 'url'],
  ),
  v.forward(
    v.check(
      ({ endpoint, metricFunction }) =>
        endpoint.host === undefined || Object.values(metricFunction.set).includes(endpoint.host),
      'the metric function has to send the same Host: name it in metricFunction.set as well',
    ),
    ['endpoint', 'host'],
  ),
  v.forward(
    v.check(
      ({ parameter, endpoint, metricFunction }) =>
        [endpoint.internalKey, ...Object.values(metricFunction.setFromEnv)].every((key) =>
          parameter.requiredKeys.includes(key),
        ),
      'endpoint.internalKey and the keys in metricFunction.setFromEnv have to be required',
    ),
    ['parameter', 'requiredKeys'],
  ),
  v.forward(
    v.check(
      ({ metricFunction: { set, setFromEnv } }) =>
        !Object.keys(setFromEnv).some((name) => Object.hasOwn(set, name)),
      'a variable can be in set or in setFromEnv, not in both',
    ),
    ['metricFunction', 'setFromEnv'],
  ),
  v.forward(
    v.check(
      ({ metricFunction: { remove, set, setFromEnv } }) =>
        !remove.some((name) => Object.hasOwn(set, name) || Object.hasOwn(setFromEnv, name)),
      'a variable can be set or removed, not both',
    ),
    ['metricFunction', 'remove'],
  ),
  v.forward(
    v.check(
      ({ metricFunction }) => !metricFunction.deploy || metricFunction.queues !== undefined,
      'expected the names of the queues, since deploy is true',
    ),
    ['metricFunction', 'queues'],
  ),
  v.forward(
    v.check(
      ({ metricFunction }) => !metricFunction.deploy || metricFunction.alias === undefined,
      'the function that comes with the stack has no alias, and deploy is true',
    ),
    ['metricFunction', 'alias'],
  ),
  v.forward(
    v.check(
      ({ vpc, endpoint }) =>
        !vpc?.manage ||
        vpc.apiSecurityGroupId !== undefined ||
        destinationOf(endpoint.url).address !== undefined,
      'expected the security group of the API, since endpoint.url has a name where a rule needs an address',
    ),
    ['vpc', 'apiSecurityGroupId'],
  ),
  v.forward(
    v.check(
      ({ vpc, metricFunction }) =>
        !vpc?.manage ||
        vpc.endpointClients !== undefined ||
        servicesOfStack(metricFunction).every((service) => vpc.endpoints[service] !== 'create'),
      'expected the blocks or security groups that call the same services, or [] for none: a new endpoint takes the calls of the whole VPC',
    ),
    ['vpc', 'endpointClients'],
  ),
);

export type Target = v.InferOutput<typeof Target>;
export type Metric = Target['metric'];

/** A target with its name, as it is shipped inside each function's bundle. */
export type DeployedTarget = Target & { readonly name: string };

/** The Auto Scaling group of the workers: by name, or else the one that a dimension of the metric names. */
export const scalingGroupOf = ({ scaling, metric }: Pick<Target, 'scaling' | 'metric'>): string | undefined =>
  scaling?.group ?? metric.dimensions.AutoScalingGroupName;

/** How long a person has to answer. A target that asks for no approval has a value for the template only. */
export const approvalMinutesOf = ({ approval }: Pick<Target, 'approval'>): number =>
  approval?.withinMinutes ?? defaultApprovalMinutes;

/** The key and the value of `Key=value`; the value may hold `=` too. */
export function splitTag(tag = ''): { readonly key: string; readonly value: string } {
  const [key = '', ...value] = tag.split('=');
  return { key, value: value.join('=') };
}
