/** What each mistake in a target file is told as: one line, with the file, the field, and what to write. */
import { fileWith, mistakeIn } from '../support/target-file.ts';

const keyOf = (region: string) =>
  `arn:aws:kms:${region}:111122223333:key/00000000-0000-0000-0000-000000000000`;

it('is none in the file of which each of these is a copy with one mistake', () => {
  expect(mistakeIn(fileWith({}))).toBe('none');
});

const noPlainHost = 'expected a host such as api.example.com, without scheme and path';
const shown = 'a URL with a user or a password would show them:';
const sixFields =
  'expected six fields in cron(…), not 5: minutes hours day-of-month month day-of-week year, such as cron(0/5 * * * ? *)';
const subscription = 'notify.subscriptions.0';
const noSchedule = 'expected rate(…) or cron(…), as EventBridge writes a schedule, or false';

const notRequired =
  'parameter.requiredKeys: endpoint.internalKey and the keys in endpoint.headersFromEnv and metricFunction.setFromEnv have to be required';
const deployNeeds =
  'the function that comes with the stack takes the number at endpoint.backlogPath and publishes it as metric: set both, or deploy: false';

/** A field, a value of it, and what is wrong with that. */
const single: [field: string, value: unknown, told: string][] = [
  ['extra', {}, 'no field of this name is known here'],
  ['parameter.nam', 'x', 'no field of this name is known here'],
  ['endpoint.url', undefined, 'this field is missing'],
  ['triggers.heartbeat', 'yes', 'expected true or false'],
  ['parameter.name', '/app/env file', 'expected a parameter name such as /app/api/env or app-api-env'],
  ['parameter.name', '/app//env', 'expected a parameter name such as /app/api/env or app-api-env'],
  ['parameter.name', 'app/env', 'a parameter name with a / in it has to begin with /'],
  ['parameter.name', '/aws/app/env', 'AWS refuses a parameter name that begins with aws or ssm'],
  ['parameter.name', '/SSM/app', 'AWS refuses a parameter name that begins with aws or ssm'],
  ['parameter.name', 'aws-env', 'AWS refuses a parameter name that begins with aws or ssm'],
  ['parameter.name', '/a'.repeat(16), 'a parameter name has at most 15 levels'],
  ['parameter.name', `/${'a'.repeat(966)}`, 'a parameter name has at most 966 characters'],
  [
    'parameter.name',
    'arn:aws:ssm:ap-northeast-2:111122223333:parameter/env',
    'expected the name of the parameter, not its ARN',
  ],
  ['parameter.kmsKeyArn', 'alias/mine', 'expected the ARN of a KMS key'],
  ['parameter.kmsKeyArn', `${keyOf('ap-northeast-2')} `, 'expected the ARN of a KMS key'],
  ['parameter.kmsKeyArn', 'arn:aws:kms:ap-northeast-2:111122223333:key/*', 'expected the ARN of a KMS key'],
  [
    'parameter.kmsKeyArn',
    keyOf('cn-north-1'),
    'its region is in another partition than the one that the ARN names',
  ],
  ['restore.backupRegion', 'ap-northeast-1a', 'expected a region such as ap-northeast-1'],
  ['restore.backupParameter', '/aws/copy', 'AWS refuses a parameter name that begins with aws or ssm'],
  ['deploy.commands', 'x', 'expected a list'],
  ['deploy.commands', [], 'expected at least one command'],
  ['deploy.commands.0', 'echo {{ x }}', 'SSM takes {{ }} for one of its own parameters'],
  ...['a\0b', 'a\r\nb', 'a\uD800b'].map((command): (typeof single)[0] => [
    'deploy.commands.0',
    command,
    'expected text without control characters; line breaks as \\n alone',
  ]),
  [
    'deploy.commands',
    ['echo '.padEnd(62_000, 'x')],
    'expected at most 60 KB, since a document of SSM takes 64 KB: put them into a script on the host',
  ],
  ['deploy.deliveryTimeoutSeconds', 20, 'expected at least 30 seconds'],
  ['endpoint.url', 'ftp://x/', 'expected a URL that starts with http:// or https://'],
  ['endpoint.url', 'http://10.0.0.10/ ', 'expected a URL without blanks, tabs and line breaks'],
  ['endpoint.url', 'http://10.0.0.10:0/', 'expected a port from 1 to 65535'],
  ['endpoint.url', '10.0.0.10:8000/', 'expected a URL that starts with http:// or https://'],
  [
    'endpoint.url',
    'http://user:canary@10.0.0.10/',
    `${shown} send them in a header from the parameter, by endpoint.headersFromEnv`,
  ],
  ['endpoint.url', 'http://academy$api:8000/', 'expected a host of letters, digits, dots, hyphens and _'],
  ['endpoint.host', 'https://api.example.com', noPlainHost],
  ['endpoint.host', 'api.example.com/count', noPlainHost],
  ['endpoint.host', 'academy api', 'expected a host such as api.example.com'],
  ['endpoint.host', 'api.example.com:http', 'expected a host such as api.example.com'],
  ['endpoint.internalKey', 'X-Internal-Key', 'expected the name of a variable, such as DB_HOST'],
  ['metricFunction.name', 'depth:live', 'expected the name of a function'],
  [
    'metricFunction.name',
    'arn:aws:lambda:ap-northeast-2:111122223333:function:depth',
    'expected the name of the function, not its ARN',
  ],
  [
    'metricFunction.queues.ai',
    'https://sqs.ap-northeast-2.amazonaws.com/111122223333/ai',
    'expected the name of the queue, neither its ARN nor its URL',
  ],
  ['metricFunction.queues.ai', 'ai jobs', 'expected the name of a queue'],
  [
    'metric.namespace',
    'AWS/SQS',
    'a namespace that begins with AWS/ is one of AWS itself: nobody else publishes to it',
  ],
  ['metric.namespace', '대기열', 'expected a namespace of up to 255 ASCII characters, such as App/Jobs'],
  ['metric.name', ' ', 'expected a name of up to 255 ASCII characters'],
  [
    'metric.dimensions',
    Object.fromEntries(Array.from({ length: 31 }, (_, index) => [`d${index}`, 'x'])),
    'a metric has at most 30 dimensions',
  ],
  ['vpc.subnetIds.0', 'vpc-00000000', 'expected a subnet id'],
  ['vpc.subnetIds', ['subnet-00000000', 'subnet-00000000'], 'expected each subnet once'],
  ['vpc.securityGroupIds', ['sg-00000000', 'sg-00000000'], 'expected each security group once'],
  ['vpc.reachabilityAnalyzer', 'yes', 'expected true or false'],
  [
    'vpc.securityGroupIds',
    Array.from({ length: 6 }, (_, index) => `sg-0000000${index}`),
    'Lambda takes at most 5 security groups',
  ],
  [
    'triggers.alarms.0',
    'arn:aws:cloudwatch:ap-northeast-2:111122223333:alarm:backlog',
    'expected the name of the alarm, not its ARN',
  ],
  ['triggers.alarms.0', 'a'.repeat(256), 'expected the name of an alarm, of up to 255 characters'],
  ['triggers.schedule', true, noSchedule],
  ['triggers.schedule', 'cron(*/5 * * * *)', sixFields],
  [
    'triggers.schedule',
    `cron(${[...Array(60).keys()]} ${[...Array(24).keys()]} ? * ${[1, 2, 3, 4, 5, 6, 7]} *)`.padEnd(257, ' '),
    'expected at most 256 characters',
  ],
  ['scaling', 'workers', 'expected an object'],
  ['pauses.maxFailures', 0, 'expected at least 1'],
  ['stack.kmsKeyArn', 'alias/mine', 'expected the ARN of a KMS key'],
];

/** Values of which one is wrong with regard to another, or in a part of the field. */
const others: [values: Readonly<Record<string, unknown>>, told: string][] = [
  [
    { [`${subscription}.protocol`]: 'slack' },
    `${subscription}.protocol: expected ("email" | "https" | "sms" | "sqs" | "lambda")`,
  ],
  [
    { 'restore.backupParameter': '/academy/api/env' },
    'restore.backupParameter: expected another name than parameter.name, or backupRegion: the copy would be the parameter itself',
  ],
  [
    { 'parameter.name': 'env', 'restore.backupParameter': '/env' },
    'restore.backupParameter: expected another name than parameter.name, or backupRegion: the copy would be the parameter itself',
  ],
  [
    {
      'parameter.kmsKeyArn': keyOf('ap-northeast-2'),
      restore: {
        backupParameter: '/academy/api/env',
        backupRegion: 'ap-northeast-2',
        backupKmsKeyArn: keyOf('ap-northeast-2'),
      },
    },
    'restore.backupParameter: expected another name than parameter.name, or backupRegion: the copy would be the parameter itself',
  ],
  [
    { restore: { backupRegion: 'ap-northeast-1' } },
    'restore.backupParameter: expected the name of the copy, since backupRegion says where it is',
  ],
  [
    { 'restore.backupRegion': 'ap-northeast-1', 'restore.backupKmsKeyArn': keyOf('ap-northeast-2') },
    'restore.backupKmsKeyArn: expected a key of backupRegion',
  ],
  [
    { 'restore.backupRegion': 'ap-northeast-1', 'parameter.kmsKeyArn': keyOf('ap-northeast-2') },
    'restore.backupKmsKeyArn: expected a key of backupRegion: a key works in its own region only, so the copy cannot have parameter.kmsKeyArn',
  ],
  [
    { 'parameter.kmsKeyArn': keyOf('ap-northeast-2'), 'stack.kmsKeyArn': keyOf('us-east-1') },
    'stack.kmsKeyArn: expected a key of the same region as parameter.kmsKeyArn: both are used in the region of the stack',
  ],
  [
    { 'parameter.rules': { DB_PORT: { min: 1 } } },
    'parameter.rules.DB_PORT.min: no field of this name is known here',
  ],
  [
    { 'parameter.rules': { DB_PORT: { pattern: '(' } } },
    'parameter.rules.DB_PORT.pattern: expected a regular expression',
  ],
  [
    { 'parameter.rules': { DEBUG: { oneOf: [true] } } },
    'parameter.rules.DEBUG.oneOf.0: expected text: put it in quotes',
  ],
  [
    {
      scaling: {
        group:
          'arn:aws:autoscaling:ap-northeast-2:111122223333:autoScalingGroup:0:autoScalingGroupName/workers',
      },
    },
    'scaling.group: expected the name of the group, not its ARN',
  ],
  [
    { scaling: { group: 'video workers' } },
    'scaling.group: expected the name of a group: up to 255 ASCII characters, without blanks and colons',
  ],
  [{ instances: {} }, 'instances: expected either ids or tag'],
  [{ 'instances.ids': ['i-00000000'] }, 'instances: expected either ids or tag'],
  [
    { instances: { ids: ['i-000000000'] } },
    'instances.ids.0: expected an instance id such as i-0123456789abcdef0',
  ],
  [{ instances: { ids: ['i-00000000', 'i-00000000'] } }, 'instances.ids: SendCommand takes no id twice'],
  ...['Name=api,Env=prod', 'Key=Name,Values=api', 'Name=api Env=prod'].map((tag): (typeof others)[0] => [
    { instances: { tag } },
    'instances.tag: expected one tag as Key=value, not several',
  ]),
  [{ instances: { tag: 'academy-api' } }, 'instances.tag: expected Key=value'],
  [
    { instances: { tag: `Name=${'a'.repeat(257)}` } },
    'instances.tag: the key of a tag has at most 128 characters, its value 256',
  ],
  ...['이름=api', 'Name=영상', 'Name=a\tb', 'Name=${x}'].map((tag): (typeof others)[0] => [
    { instances: { tag } },
    'instances.tag: a policy of IAM has to name the tag, and takes Latin letters only, without ${: give the instances another tag for this, or name their ids',
  ]),
  [
    { instances: { tag: 'a+b=api' } },
    'instances.tag: SendCommand takes the key of a tag with letters, digits, blanks and _ . : / - @ only',
  ],
  [{ instances: { tag: 'tag:Name=api' } }, 'instances.tag: expected Key=value, without tag: before it'],
  [
    { 'endpoint.host': 'api.example.com' },
    'endpoint.host: the metric function has to send the same Host: name it in metricFunction.set as well',
  ],
  [{ 'endpoint.internalKey': 'OTHER_KEY' }, notRequired],
  [
    { 'metricFunction.set': { LAMBDA_INTERNAL_API_KEY: 'x' } },
    'metricFunction.setFromEnv: a variable can be in set or in setFromEnv, not in both',
  ],
  [
    { 'metricFunction.remove': ['LAMBDA_INTERNAL_API_KEY'] },
    'metricFunction.remove: a variable can be set or removed, not both',
  ],
  [
    {
      parameter: {
        names: [`/${'b'.repeat(900)}`, `/${'c'.repeat(900)}`],
        requiredKeys: ['LAMBDA_INTERNAL_API_KEY'],
      },
      restore: { backupNames: ['/b', '/c'] },
    },
    'parameter.names: expected shorter names, or triggers.parameterChange: false: a rule of EventBridge names them all in 2048 characters',
  ],
  [
    { 'metricFunction.deploy': true, 'metricFunction.queues': undefined },
    'metricFunction.queues: expected the names of the queues, since deploy is true',
  ],
  [
    { 'metricFunction.deploy': true, 'endpoint.backlogPath': undefined },
    `metricFunction.deploy: ${deployNeeds}`,
  ],
  [
    { 'metricFunction.deploy': true, metric: undefined, triggers: {} },
    `metricFunction.deploy: ${deployNeeds}`,
  ],
  [
    { metric: undefined },
    'triggers.heartbeat: the heartbeat alarm watches the metric: set metric as well, or leave this out',
  ],
  [
    { metric: undefined, triggers: {}, scaling: { group: 'workers' } },
    'scaling.group: the workers scale by the metric: set metric as well, or leave scaling out',
  ],
  [{ metricFunction: {} }, 'metricFunction.name: this field is missing'],
  [{ metric: { name: 'BacklogCount' } }, 'metric.namespace: this field is missing'],
  [{ metricFunction: undefined, 'endpoint.internalKey': 'OTHER_KEY' }, notRequired],
  [{ 'endpoint.internalKey': undefined, 'metricFunction.setFromEnv': { API_KEY: 'OTHER_KEY' } }, notRequired],
  [
    { 'metricFunction.deploy': true, 'metricFunction.alias': 'live' },
    'metricFunction.alias: the function that comes with the stack has no alias, and deploy is true',
  ],
  [{ 'metricFunction.alias': '3' }, 'metricFunction.alias: expected the name of an alias, such as live'],
  [
    { 'metricFunction.set': { AWS_REGION: 'x' } },
    'metricFunction.set.AWS_REGION: this name is reserved by Lambda',
  ],
  [
    { 'metricFunction.set': { A: 'x' } },
    'metricFunction.set.A: Lambda takes variables that begin with a letter and have two characters or more',
  ],
  [
    { 'metric.dimensions': { ':group': 'x' } },
    'metric.dimensions.:group: the name of a dimension begins with no colon',
  ],
  [
    { 'metric.dimensions': { WorkerType: '비디오' } },
    'metric.dimensions.WorkerType: expected the value of a dimension: up to 1024 ASCII characters',
  ],
  [{ approval: { withinMinutes: 721 } }, 'approval.withinMinutes: expected at most 720'],
];

it.each(single)('at %s: %j', (field, value, told) => {
  expect(mistakeIn(fileWith({ [field]: value }))).toBe(`targets/x.yml: ${field}: ${told}`);
});

it.each(others)('in %j', (values, told) => {
  expect(mistakeIn(fileWith(values))).toBe(`targets/x.yml: ${told}`);
});
