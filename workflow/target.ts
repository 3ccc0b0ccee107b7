import * as v from 'valibot';
import { KeyRule } from '../env/contract.ts';
import { envReaders } from '../env/readers/readers.ts';
import { longestWindowHours } from './pauses.ts';

const text = v.pipe(v.string(), v.nonEmpty('expected some text'));

const matching = (pattern: RegExp, expected: string) => v.pipe(v.string(), v.regex(pattern, expected));

const whole = (least: number, most: number, wanted = 'a whole number', unit = '') =>
  v.pipe(
    v.number(),
    v.integer(`expected ${wanted}`),
    v.minValue(least, `expected at least ${least}${unit}`),
    v.maxValue(most, `expected at most ${most}${unit}`),
  );

const seconds = (least: number, most: number) => whole(least, most, 'whole seconds', ' seconds');

const keyArn = matching(/^arn:[^:]+:kms:[^:]+:\d{12}:key\/.+$/, 'expected the ARN of a KMS key');

/** The state machine leaves this much time for it. */
export const maxApprovalMinutes = 12 * 60;
const defaultApprovalMinutes = 60;

const region = matching(/^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/, 'expected a region such as ap-northeast-1');

const regionOfKey = (arn: string) => arn.split(':')[3];

const parameterName = matching(/^\/[A-Za-z0-9_.\-/]+$/, 'expected a parameter name such as /app/api/env');

const envKey = matching(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable, such as DB_HOST');

const httpUrl = v.pipe(
  v.string(),
  v.url('expected a URL'),
  v.regex(/^https?:\/\//, 'expected a URL that starts with http:// or https://'),
  // They would show in the template and in messages.
  v.check((url) => {
    const { username, password } = new URL(url);
    return username === '' && password === '';
  }, 'a URL with a user or a password would show them: send them in a header from the parameter'),
);

/** Names that Lambda keeps for itself; UpdateFunctionConfiguration refuses them. */
const reserved = /^(AWS_.*|_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;

/** Variables that make a runtime, a shell or the loader run code, or load it from elsewhere. */
const executed =
  /^(NODE_OPTIONS|NODE_PATH|PYTHON(STARTUP|PATH|HOME|INSPECT|WARNINGS|BREAKPOINT)|RUBY(OPT|LIB)|PERL5(OPT|LIB|DB)|(_JAVA|JDK_JAVA|JAVA_TOOL)_OPTIONS|CLASSPATH|DOTNET_.*|CORECLR_.*|LD_.*|BASH_ENV|ENV|PATH|IFS|PS4|GCONV_PATH|OPENSSL_CONF)$/;

const functionVariable = v.pipe(
  envKey,
  v.check((name) => !reserved.test(name), 'this name is reserved by Lambda'),
  v.check((name) => !executed.test(name), 'this variable makes a runtime run or load code'),
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
      // CloudWatch can take two minutes to show a first datapoint, counted from the next full minute.
      confirmWithinSeconds: v.optional(seconds(10, 600), 300),
    }),
    scaling: v.optional(v.strictObject({ group: text })),
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
        windowHours: v.optional(whole(1, longestWindowHours), 6),
      }),
      {},
    ),
    approval: v.optional(
      v.strictObject({ withinMinutes: v.optional(whole(1, maxApprovalMinutes), defaultApprovalMinutes) }),
    ),
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
      ({ restore }) => restore.backupRegion === undefined || restore.backupParameter !== undefined,
      'expected the name of the copy, since backupRegion says where it is',
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
