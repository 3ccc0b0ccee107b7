/**
 * The single fields of a target file, each checked as the one who reads it would: AWS, DNS or HTTP. The reference of
 * an API is named where its limits are repeated, so that a mistake is found when packaging and not by a deploy.
 */
import * as v from 'valibot';

export const text = v.pipe(v.string(), v.nonEmpty('expected some text'));

export const matching = (pattern: RegExp, expected: string) => v.pipe(v.string(), v.regex(pattern, expected));

/** A string with its own words for each thing that can be wrong with it; `undefined` for nothing. */
export const checkedBy = (faultOf: (value: string) => string | undefined) =>
  v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      const message = dataset.typed ? faultOf(dataset.value) : undefined;
      if (message !== undefined) addIssue({ message });
    }),
  );

export const whole = (least: number, most: number, wanted = 'a whole number', unit = '') =>
  v.pipe(
    v.number(),
    v.integer(`expected ${wanted}`),
    v.minValue(least, `expected at least ${least}${unit}`),
    v.maxValue(most, `expected at most ${most}${unit}`),
  );

export const seconds = (least: number, most: number) => whole(least, most, 'whole seconds', ' seconds');

function isEachOnce(items: readonly string[]): boolean {
  return new Set(items).size === items.length;
}

/** `list` of at least one item, and of as many as the API takes. */
export const listOf = <Item extends v.GenericSchema>(item: Item, most: number, tooMany: string) =>
  v.pipe(v.array(item), v.minLength(1, 'expected at least one'), v.maxLength(most, tooMany));

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html: the partition that a region is in. */
export function partitionOf(region: string): string {
  const [, partition] = partitions.find(([regions]) => regions.test(region)) ?? [];
  return partition ?? 'aws';
}

const partitions: readonly (readonly [regions: RegExp, partition: string])[] = [
  [/^cn-/, 'aws-cn'],
  [/^us-gov-/, 'aws-us-gov'],
  [/^us-iso-/, 'aws-iso'],
  [/^us-isob-/, 'aws-iso-b'],
  [/^us-isof-/, 'aws-iso-f'],
  [/^eu-isoe-/, 'aws-iso-e'],
  [/^eusc-/, 'aws-eusc'],
];

/** Whether the region of an ARN, if it has one, is in the partition that the ARN names. */
const hasItsPartition = (arn: string): boolean => {
  const [, partition = '', , region = ''] = arn.split(':');
  return region === '' || partitionOf(region) === partition;
};

const otherPartition = 'its region is in another partition than the one that the ARN names';

/** https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html, the ARN and the id of a key. */
export const keyArn = v.pipe(
  matching(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, 'expected the ARN of a KMS key'),
  v.check(hasItsPartition, otherPartition),
);

export const region = matching(/^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/, 'expected a region such as ap-northeast-1');

export const regionOfArn = (arn: string) => arn.split(':')[3];
export const partitionOfArn = (arn: string) => arn.split(':')[1];

const maxParameterLevels = 15;
/** 1011 with the ARN before it, which has at least 45: `arn:aws:ssm:us-east-2:111122223333:parameter/`. */
const maxParameterNameLength = 1011 - 45;

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html, `Name`. */
export const parameterName = checkedBy(faultOfName);

function faultOfName(name: string): string | undefined {
  if (name.startsWith('arn:')) return 'expected the name of the parameter, not its ARN';
  if (/^[\w.-]+\//.test(name)) return 'a parameter name with a / in it has to begin with /';
  if (!/^(\/[A-Za-z0-9_.-]+)+$|^[A-Za-z0-9_.-]+$/.test(name))
    return 'expected a parameter name such as /app/api/env or app-api-env';
  if (/^\/?(aws|ssm)/i.test(name)) return 'AWS refuses a parameter name that begins with aws or ssm';
  if (name.split('/').length - 1 > maxParameterLevels)
    return `a parameter name has at most ${maxParameterLevels} levels`;
  if (name.length > maxParameterNameLength)
    return `a parameter name has at most ${maxParameterNameLength} characters`;
  return undefined;
}

/** Of those whose texts make one env, the last one of which counts most. */
export const parameterNames = v.pipe(
  listOf(parameterName, 10, 'expected at most 10'),
  v.minLength(2, 'expected at least two'),
  v.check((names) => isEachOnce(names.map(nameInArn)), 'expected each name once'),
);

/** A path with one more level to come: the key. */
export const parameterPath = checkedBy((path) =>
  /^\/.+\/$/.test(path)
    ? faultOfName(`${path}KEY`)
    : 'expected a path such as /app/prod/, with a slash at both ends',
);

/**
 * A parameter name as its ARN has it after `parameter`: always with one slash. So `env` and `/env` are the same to IAM.
 */
export const nameInArn = (name: string) => `/${name.replace(/^\//, '')}`;

export const envKey = matching(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'expected the name of a variable, such as DB_HOST',
);

/** Names that Lambda keeps for itself; UpdateFunctionConfiguration refuses them. */
const reserved = /^(AWS_.*|_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/;

/** Variables that make a runtime, a shell or the loader run code, or load it from elsewhere. */
const executed =
  /^(NODE_OPTIONS|NODE_PATH|PYTHON(STARTUP|PATH|HOME|INSPECT|WARNINGS|BREAKPOINT)|RUBY(OPT|LIB)|PERL5(OPT|LIB|DB)|(_JAVA|JDK_JAVA|JAVA_TOOL)_OPTIONS|CLASSPATH|DOTNET_.*|CORECLR_.*|LD_.*|BASH_ENV|ENV|PATH|IFS|PS4|GCONV_PATH|OPENSSL_CONF)$/;

/** https://docs.aws.amazon.com/lambda/latest/dg/API_Environment.html, the pattern of a key. */
export const functionVariable = v.pipe(
  envKey,
  v.check((name) => !reserved.test(name), 'this name is reserved by Lambda'),
  v.check((name) => !executed.test(name), 'this variable makes a runtime run or load code'),
  v.regex(/^[A-Za-z]\w+$/, 'Lambda takes variables that begin with a letter and have two characters or more'),
);

/** https://docs.aws.amazon.com/lambda/latest/dg/API_FunctionConfiguration.html, `FunctionName`. */
export const functionName = checkedBy((name) => {
  if (name.startsWith('arn:')) return 'expected the name of the function, not its ARN';
  return /^[A-Za-z0-9_-]{1,64}$/.test(name) ? undefined : 'expected the name of a function';
});

/** A name of digits only would be a version: API_CreateAlias.html there, `Name`. */
export const aliasName = matching(
  /^(?![0-9]+$)[A-Za-z0-9_-]{1,128}$/,
  'expected the name of an alias, such as live',
);

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html, `QueueName`. */
export const queueName = checkedBy((name) => {
  if (/^(arn|https?):/.test(name)) return 'expected the name of the queue, neither its ARN nor its URL';
  return /^(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?$/.test(name) ? undefined : 'expected the name of a queue';
});

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, `AlarmName`. */
export const alarmName = checkedBy((name) => {
  if (name.startsWith('arn:')) return 'expected the name of the alarm, not its ARN';
  return /^\P{Cc}{1,255}$/u.test(name) ? undefined : 'expected the name of an alarm, of up to 255 characters';
});

const documentName = '[A-Za-z0-9_.-]{3,128}';

/**
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCalendarState.html, `CalendarNames`, and
 * API_CreateDocument.html there, `Name`.
 */
export const changeCalendar = v.pipe(
  matching(
    new RegExp(`^(arn:[^:]+:ssm:[^:]+:\\d{12}:document/)?${documentName}$`),
    'expected the name or the ARN of a change calendar',
  ),
  v.check((calendar) => !calendar.startsWith('arn:') || hasItsPartition(calendar), otherPartition),
);

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html, `AutoScalingGroupName`. */
export const scalingGroupName = checkedBy((name) => {
  if (name.startsWith('arn:')) return 'expected the name of the group, not its ARN';
  return /^[!-9;-~]{1,255}$/.test(name)
    ? undefined
    : 'expected the name of a group: up to 255 ASCII characters, without blanks and colons';
});

/** ASCII without control characters, which is what CloudWatch takes, and not blanks alone. */
const printable = (most: number) => new RegExp(`^(?=.*[!-~])[ -~]{1,${most}}$`);

/**
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html, `Namespace`, and
 * API_Metric.html there, whose pattern is `[^:].*`.
 */
export const metricNamespace = checkedBy((name) => {
  if (name.startsWith('AWS/'))
    return 'a namespace that begins with AWS/ is one of AWS itself: nobody else publishes to it';
  return printable(255).test(name) && !name.startsWith(':')
    ? undefined
    : 'expected a namespace of up to 255 ASCII characters, such as App/Jobs';
});

/** API_MetricDatum.html there, `MetricName`. */
export const metricName = matching(printable(255), 'expected a name of up to 255 ASCII characters');

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html. */
export const dimensions = v.pipe(
  v.record(
    v.pipe(
      v.string(),
      v.regex(printable(255), 'expected the name of a dimension: up to 255 ASCII characters'),
      v.regex(/^[^:]/, 'the name of a dimension begins with no colon'),
    ),
    matching(printable(1024), 'expected the value of a dimension: up to 1024 ASCII characters'),
  ),
  v.maxEntries(30, 'a metric has at most 30 dimensions'),
);

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html, `InstanceIds`. */
const instanceId = matching(
  /^(i-([0-9a-f]{8}|[0-9a-f]{17})|mi-[0-9a-f]{17})$/,
  'expected an instance id such as i-0123456789abcdef0',
);

/** At most 50, and none twice (DuplicateInstanceId), as API_SendCommand.html there says. */
export const instanceIds = v.pipe(
  listOf(instanceId, 50, 'SendCommand takes at most 50 ids'),
  v.check((items) => isEachOnce(items), 'SendCommand takes no id twice'),
);

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: of an account, or one of AWS's own. */
export const policyArn = matching(
  /^arn:[a-z-]+:iam::(\d{12}|aws):policy\/([\w+=,.@/-]+\/)?[\w+=,.@-]{1,128}$/,
  'expected the ARN of an IAM policy',
);

/** What each service takes: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html, the naming limits. */
const tagCharacters = '\\p{L}\\p{Z}\\p{N}_.:/=+@-';
const tagKey = checkedBy((key) => {
  if (/^aws:/i.test(key)) return 'the key of a tag begins with aws: only if it is one of AWS itself';
  return new RegExp(`^[${tagCharacters}]{1,128}$`, 'u').test(key)
    ? undefined
    : 'expected the key of a tag: up to 128 letters, digits, blanks and _ . : / = + - @';
});
const tagValue = matching(
  new RegExp(`^[${tagCharacters}]{0,256}$`, 'u'),
  'expected the value of a tag: up to 256 letters, digits, blanks and _ . : / = + - @',
);
/** A resource has at most 50, and Serverless gives the stack one, which all of its resources get. */
const mostTags = 49;
export const tags = v.pipe(
  v.record(tagKey, tagValue),
  v.maxEntries(
    mostTags,
    `expected at most ${mostTags}, since a resource takes 50, and gets STAGE from Serverless`,
  ),
  v.check(
    (all) => new Set(Object.keys(all).map((key) => key.toLowerCase())).size === Object.keys(all).length,
    'expected keys that differ in more than small and capital letters: IAM takes them for the same',
  ),
  v.check(
    (all) => Object.keys(all).every((key) => key === 'STAGE' || key.toUpperCase() !== 'STAGE'),
    'expected STAGE in capitals, or another key: Serverless gives each resource STAGE, and IAM takes both for the same',
  ),
);

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html, the restrictions: 128 and 256 characters. */
export const instanceTag = checkedBy((tag) => {
  if (!/^[^=]+=.+$/.test(tag)) return 'expected Key=value';
  if (/^[^=]+=[^=]*[,;\s]\s*[^=\s]+=/.test(tag)) return 'expected one tag as Key=value, not several';
  if (/^tag:/.test(tag)) return 'expected Key=value, without tag: before it';
  if (!/^[^=]{1,128}=.{1,256}$/u.test(tag))
    return 'the key of a tag has at most 128 characters, its value 256';
  // PutRolePolicy, `PolicyDocument`: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html.
  if (!/^[ -~\u00A0-\u00FF]+$/.test(tag) || tag.includes('${'))
    return 'a policy of IAM has to name the tag, and takes Latin letters only, without ${: give the instances another tag for this, or name their ids';
  // API_SendCommand.html, `Targets`, the pattern of a key.
  return /^[\p{L}\p{Z}\p{N}_.:/@-]+=/u.test(tag)
    ? undefined
    : 'SendCommand takes the key of a tag with letters, digits, blanks and _ . : / - @ only';
});

/** https://docs.aws.amazon.com/lambda/latest/dg/API_VpcConfig.html: 16 subnets and 5 security groups. */
export const subnetIds = v.pipe(
  listOf(
    matching(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'expected a subnet id'),
    16,
    'Lambda takes at most 16 subnets',
  ),
  v.check((items) => isEachOnce(items), 'expected each subnet once'),
);
export const securityGroupId = matching(/^sg-([0-9a-f]{8}|[0-9a-f]{17})$/, 'expected a security group id');
export const securityGroupIds = v.pipe(
  listOf(securityGroupId, 5, 'Lambda takes at most 5 security groups'),
  v.check((items) => isEachOnce(items), 'expected each security group once'),
);
