/** What a target file may say, and how it becomes the settings that serverless.yml hands to the functions. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import { type EnvContract, KeyRule } from '../recovery/contract.ts';
import { envReaders } from '../recovery/env-text.ts';
import { describeIssue } from '../recovery/handler.ts';

const text = v.pipe(v.string(), v.nonEmpty('expected some text'));
const seconds = (least: number, most: number) =>
  v.pipe(
    v.number(),
    v.integer('expected whole seconds'),
    v.minValue(least, `expected at least ${least} seconds`),
    v.maxValue(most, `expected at most ${most} seconds`),
  );
const matching = (pattern: RegExp, expected: string) => v.pipe(v.string(), v.regex(pattern, expected));

const whole = (least: number, most: number) =>
  v.pipe(
    v.number(),
    v.integer('expected a whole number'),
    v.minValue(least, `expected at least ${least}`),
    v.maxValue(most, `expected at most ${most}`),
  );
const keyArn = matching(/^arn:[^:]+:kms:[^:]+:\d{12}:key\/.+$/, 'expected the ARN of a KMS key');
/** The state machine leaves so much time for it. */
export const maxApprovalMinutes = 12 * 60;

const parameterName = matching(/^\/[A-Za-z0-9_.\-/]+$/, 'expected a parameter name such as /app/api/env');
/** An SSM parameter's name can't hold a comma, nor can these: they travel as comma-separated lists. */
const envKey = matching(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable, such as DB_HOST');
const httpUrl = v.pipe(
  v.string(),
  v.url('expected a URL'),
  v.regex(/^https?:\/\//, 'expected a URL that starts with http:// or https://'),
);

/** The whole environment of a function may have 4 KB, counted as JSON; the names of the variables need some of it. */
const maxSettingsLength = 3600;

/** Names that Lambda keeps for itself; UpdateFunctionConfiguration refuses them. */
const reserved = /^(AWS_.*|_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;
const functionVariable = v.pipe(
  envKey,
  v.check((name) => !reserved.test(name), 'this name is reserved by Lambda'),
);

const Instances = v.pipe(
  v.strictObject({
    ids: v.optional(
      v.pipe(
        v.array(matching(/^(i|mi)-[0-9a-f]{8,17}$/, 'expected an instance id such as i-0123456789abcdef0')),
        v.minLength(1, 'expected at least one id'),
        v.maxLength(50, 'SendCommand takes at most 50 ids'),
      ),
    ),
    tag: v.optional(matching(/^[^=]+=.+$/, 'expected Key=value')),
  }),
  v.check(({ ids, tag }) => (ids === undefined) !== (tag === undefined), 'expected either ids or tag'),
);

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
    restore: v.optional(v.strictObject({ backupParameter: v.optional(parameterName) }), {}),
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
      // SSM's own least is 30.
      deliveryTimeoutSeconds: v.optional(seconds(30, 3600), 60),
    }),
    endpoint: v.strictObject({
      url: httpUrl,
      host: v.optional(matching(/^[A-Za-z0-9.:[\]-]+$/, 'expected a host name')),
      internalKey: envKey,
      backlogPath: text,
      requestTimeoutSeconds: v.optional(seconds(1, 30), 10),
      healthyWithinSeconds: v.optional(seconds(1, 120), 90),
    }),
    metricFunction: v.strictObject({
      name: matching(/^[A-Za-z0-9_-]{1,64}$/, 'expected the name of a function'),
      answerPath: text,
      set: v.optional(v.record(functionVariable, v.string()), {}),
      setFromEnv: v.optional(v.record(functionVariable, envKey), {}),
      remove: v.optional(v.array(functionVariable), []),
      deploy: v.optional(v.boolean(), false),
      schedule: v.optional(v.boolean(), false),
      queues: v.optional(v.strictObject({ ai: text, video: text, messaging: text })),
    }),
    metric: v.strictObject({
      namespace: text,
      name: text,
      dimensions: v.optional(v.record(text, text), {}),
      periodSeconds: v.optional(v.picklist([1, 5, 10, 30, 60]), 60),
      // CloudWatch can take two minutes to show a first datapoint, behind the next full minute.
      confirmWithinSeconds: v.optional(seconds(10, 600), 300),
    }),
    vpc: v.optional(
      v.strictObject({
        subnetIds: v.pipe(v.array(matching(/^subnet-[0-9a-f]+$/, 'expected a subnet id')), v.minLength(1)),
        securityGroupIds: v.pipe(
          v.array(matching(/^sg-[0-9a-f]+$/, 'expected a security group id')),
          v.minLength(1),
        ),
      }),
    ),
    triggers: v.optional(
      v.strictObject({
        heartbeat: v.optional(v.boolean(), true),
        alarms: v.optional(v.array(text), []),
        parameterChange: v.optional(v.boolean(), true),
        schedule: v.optional(
          v.union([
            v.literal(false),
            matching(/^(rate|cron)\(.+\)$/, 'expected rate(…) or cron(…), as EventBridge writes a schedule'),
          ]),
          'rate(1 hour)',
        ),
      }),
      {},
    ),
    pauses: v.optional(
      v.strictObject({
        cooldownMinutes: v.optional(whole(0, 24 * 60), 10),
        maxFailures: v.optional(whole(1, 10), 3),
        windowHours: v.optional(whole(1, 7 * 24), 6),
      }),
      {},
    ),
    approval: v.optional(v.strictObject({ withinMinutes: v.optional(whole(1, maxApprovalMinutes), 60) })),
    notify: v.optional(
      v.strictObject({
        subscriptions: v.optional(
          v.array(
            v.strictObject({
              protocol: v.picklist(['email', 'https', 'sms', 'sqs', 'lambda']),
              endpoint: text,
            }),
          ),
          [],
        ),
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
      ({ parameter, instances, metricFunction: { set, setFromEnv, remove } }) =>
        // As planRecovery gets them, which needs the most; each is a text within the JSON.
        [contractOf({ parameter }), instances.ids ?? [], set, setFromEnv, remove]
          .map((setting) => JSON.stringify(JSON.stringify(setting)).length)
          .reduce((sum, length) => sum + length) <= maxSettingsLength,
      `these, with the required keys, the instances and the variables of the metric function, are more than a Lambda's environment holds (${maxSettingsLength} characters)`,
    ),
    ['parameter', 'rules'],
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
);
export type Target = v.InferOutput<typeof Target>;

/** A mistake in a target file, in one line: file, field, and what was expected. */
export class TargetInvalid extends Error {
  override readonly name = 'TargetInvalid';
}

/**
 * Checks the content of a target file.
 *
 * @param file for the message.
 * @throws TargetInvalid
 */
export function readTarget(file: string, content: unknown): Target {
  const result = v.safeParse(Target, content, { abortEarly: true });
  if (result.success) return result.output;
  throw new TargetInvalid(`${file}: ${describeIssue(result.issues[0])}`);
}

export function targetNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.yml'))
    .map((file) => file.replace(/\.yml$/, ''));
}

/**
 * Reads `targets/<name>.yml`.
 *
 * @throws TargetInvalid
 */
export function loadTarget(name: string): Target {
  const file = `targets/${name}.yml`;
  // The name becomes part of the names of functions, alarms and log groups.
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    throw new TargetInvalid(`${file}: a target's name has up to 31 small letters, digits and hyphens`);
  const path = join(import.meta.dirname, `${name}.yml`);
  if (!existsSync(path)) {
    throw new TargetInvalid(
      `${file}: there is no such file. The targets that are there: ${targetNames().join(', ')}`,
    );
  }
  const text = readFileSync(path, 'utf8');
  // Serverless would put the deployer's own variables, files and secrets into the template.
  const [variable] = /\$\{(env|file|ssm|s3|cf|self|opt|param|sls|aws|strToBool)[:(]/.exec(text) ?? [];
  if (variable !== undefined)
    throw new TargetInvalid(`${file}: ${variable}…} is not expanded in a target file`);
  return readTarget(file, parseYaml(file, text));
}

function parseYaml(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The first line of a syntax error says what and where; the others draw it.
    const [what = 'not YAML'] = error instanceof Error ? error.message.split('\n') : [];
    throw new TargetInvalid(`${file}: ${what.replace(/:$/, '')}`);
  }
}

export function contractOf({ parameter }: { readonly parameter: EnvContract }): EnvContract {
  const { requiredKeys, requiredPrefixes, rules } = parameter;
  return { requiredKeys, requiredPrefixes, rules };
}

/** Stands in a branch of the template that isn't taken without a key; an ARN has to be there all the same. */
const noKeyArn = 'arn:aws:kms:us-east-1:000000000000:key/none';

/** The shape in which serverless.yml reads a target: texts for variables, and whole sections of the template. */
export function templateSettings(target: Target, name: string) {
  const { parameter, restore, instances, deploy, endpoint, metricFunction, metric, vpc } = target;
  const { triggers, pauses, approval, notify, stack } = target;
  const heartbeatAlarmName = `env-recovery-${name}-heartbeat`;
  const alarmNames = [...(triggers.heartbeat ? [heartbeatAlarmName] : []), ...triggers.alarms];
  const approveWithinMinutes = approval?.withinMinutes ?? 60;
  const [tagKey = '', ...tagValue] = (instances.tag ?? '').split('=');
  return {
    parameterName: parameter.name,
    reader: parameter.reader,
    envContract: JSON.stringify(contractOf(target)),
    kmsKeyArn: parameter.kmsKeyArn ?? '',
    kmsKeyResource: parameter.kmsKeyArn ?? noKeyArn,
    backupParameterName: restore.backupParameter ?? '',
    instanceIds: (instances.ids ?? []).join(','),
    instanceTag: instances.tag ?? '',
    instanceTagCondition: { [`ssm:resourceTag/${tagKey}`]: tagValue.join('=') },
    instanceArns:
      instances.ids?.map((id) => ({
        // A hybrid node (mi-…) is a managed instance of SSM, not one of EC2.
        'Fn::Sub': id.startsWith('mi-')
          ? `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:managed-instance/${id}`
          : `arn:\${AWS::Partition}:ec2:\${AWS::Region}:\${AWS::AccountId}:instance/${id}`,
      })) ?? [],
    // The shebang decides the shell: without it the agent takes sh, which knows no pipefail on Debian and Ubuntu.
    deployScript: ['#!/bin/bash', 'set -euo pipefail', ...deploy.commands],
    deployTimeoutSeconds: String(deploy.timeoutSeconds),
    deliveryTimeoutSeconds: String(deploy.deliveryTimeoutSeconds),
    endpointUrl: endpoint.url,
    endpointHost: endpoint.host ?? '',
    internalKey: endpoint.internalKey,
    backlogPath: endpoint.backlogPath,
    requestTimeoutSeconds: String(endpoint.requestTimeoutSeconds),
    healthyWithinSeconds: String(endpoint.healthyWithinSeconds),
    functionName: metricFunction.name,
    answerPath: metricFunction.answerPath,
    functionSet: JSON.stringify(metricFunction.set),
    functionSetFromEnv: JSON.stringify(metricFunction.setFromEnv),
    functionRemove: metricFunction.remove.join(','),
    metricFunctionEnvironment: {
      AI_QUEUE_NAME: metricFunction.queues?.ai ?? '',
      VIDEO_QUEUE_NAME: metricFunction.queues?.video ?? '',
      MESSAGING_QUEUE_NAME: metricFunction.queues?.messaging ?? '',
      BACKLOG_PATH: endpoint.backlogPath,
      REQUEST_TIMEOUT_SECONDS: String(endpoint.requestTimeoutSeconds),
      METRIC_NAMESPACE: metric.namespace,
      METRIC_NAME: metric.name,
      METRIC_DIMENSIONS: JSON.stringify(metric.dimensions),
      METRIC_PERIOD_SECONDS: String(metric.periodSeconds),
      // The key comes with the first recovery, from the parameter: no template may hold it.
      ...metricFunction.set,
    },
    deployMetricFunction: metricFunction.deploy,
    scheduleMetricFunction: metricFunction.schedule,
    aiQueue: metricFunction.queues?.ai ?? '',
    videoQueue: metricFunction.queues?.video ?? '',
    messagingQueue: metricFunction.queues?.messaging ?? '',
    metricNamespace: metric.namespace,
    metricName: metric.name,
    metricDimensions: JSON.stringify(metric.dimensions),
    metricDimensionList: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
    metricPeriodSeconds: String(metric.periodSeconds),
    confirmWithinSeconds: String(metric.confirmWithinSeconds),
    // Two empty lists are how CloudFormation spells "in no VPC".
    vpc: vpc ?? { subnetIds: [], securityGroupIds: [] },
    heartbeatAlarmName,
    heartbeat: String(triggers.heartbeat),
    // An empty list is no pattern; the rule isn't there then, but has to be spelled.
    alarmNames: alarmNames.length > 0 ? alarmNames : ['none'],
    alarmCount: String(alarmNames.length),
    parameterChange: String(triggers.parameterChange),
    schedule: triggers.schedule || '',
    cooldownMinutes: String(pauses.cooldownMinutes),
    maxFailures: String(pauses.maxFailures),
    windowHours: String(pauses.windowHours),
    needsApproval: String(approval !== undefined),
    approveWithinMinutes: String(approveWithinMinutes),
    approveWithinSeconds: approveWithinMinutes * 60,
    subscriptions: notify.subscriptions.map(({ protocol, endpoint: Endpoint }) => ({
      Protocol: protocol,
      Endpoint,
    })),
    stackKeyArn: stack.kmsKeyArn ?? '',
    stackKeyResource: stack.kmsKeyArn ?? noKeyArn,
    oneAtATime: stack.reserveConcurrency ? 1 : { Ref: 'AWS::NoValue' },
  };
}
