/** What the mistakes in a target file are told as that are about when a recovery starts, the metric, and the stack. */
import { fileWith, mistakeIn } from '../support/target-file.ts';

const noCalendar = 'expected the name or the ARN of a change calendar';
const noPeriod = 'expected 1, 5, 10, 30, or a multiple of 60 up to 3600';
const noUnit = 'expected a unit of CloudWatch, such as Count, Seconds, Bytes or None';
const noPolicy = 'expected the ARN of an IAM policy';
const noKey = 'expected the key of a tag: up to 128 letters, digits, blanks and _ . : / = + - @';
const noValue = 'expected the value of a tag: up to 256 letters, digits, blanks and _ . : / = + - @';
const tags = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, 'x']));

it.each<[field: string, value: unknown, told: string]>([
  ['triggers.act', 'observe', 'expected ("recover" | "plan")'],
  ...[0, 15, 90, 3660, 1.5].map((seconds): [string, number, string] => [
    'metric.periodSeconds',
    seconds,
    noPeriod,
  ]),
  ...['count', 'Requests', ''].map((unit): [string, string, string] => ['metric.unit', unit, noUnit]),
  ...['ap', 'a calendar', 'arn:aws:ssm:ap-northeast-2:111122223333:parameter/x'].map(
    (calendar): [string, string, string] => ['pauses.changeCalendars.0', calendar, noCalendar],
  ),
  ['stack.permissionsBoundaryArn', 'arn:aws:iam::111122223333:role/x', noPolicy],
  ['stack.permissionsBoundaryArn', 'boundary', noPolicy],
  ['stack.permissionsBoundaryArn', 'arn:aws:iam::111122223333:policy/x/', noPolicy],
  ['stack.permissionsBoundaryArn', `arn:aws:iam::111122223333:policy/${'x'.repeat(129)}`, noPolicy],
  [
    'stack.tags',
    { stage: 'dev' },
    'expected STAGE in capitals, or another key: Serverless gives each resource STAGE, and IAM takes both for the same',
  ],
  ['stack.tags', tags(50), 'expected at most 49, since a resource takes 50, and gets STAGE from Serverless'],
  [
    'stack.tags',
    { Team: 'a', team: 'b' },
    'expected keys that differ in more than small and capital letters: IAM takes them for the same',
  ],
])('at %s: %j', (field, value, told) => {
  expect(mistakeIn(fileWith({ [field]: value }))).toBe(`targets/x.yml: ${field}: ${told}`);
});

it.each<[values: Readonly<Record<string, unknown>>, told: string]>([
  [
    { 'pauses.changeCalendars': ['arn:aws-cn:ssm:ap-northeast-2:111122223333:document/freeze'] },
    'pauses.changeCalendars.0: its region is in another partition than the one that the ARN names',
  ],
  [
    { 'triggers.alarms': Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(100, 'x')) },
    'triggers.alarms: expected fewer alarms, or shorter names: a rule of EventBridge names them all in 2048 characters; a composite alarm stands for several',
  ],
  [
    { 'triggers.alarms': ['beat', { onInsufficientData: true }] },
    'triggers.alarms.1.name: this field is missing',
  ],
  [
    { 'triggers.alarms': [{ name: 'beat', onInsufficientData: 'yes' }] },
    'triggers.alarms.0.onInsufficientData: expected true or false',
  ],
  [
    { 'triggers.alarms': [{ name: 'beat', onOk: true }] },
    'triggers.alarms.0.onOk: no field of this name is known here',
  ],
  [
    { 'metric.periodSeconds': 120, scaling: { group: 'workers', policy: { backlogPerInstance: 10 } } },
    'metric.periodSeconds: expected at most 60, since scaling.policy looks at each minute: publish the metric each minute, or bring a policy of your own',
  ],
  ...[
    { 'metric.periodSeconds': 240 },
    { 'metric.periodSeconds': 540, 'metric.confirmWithinSeconds': 600 },
  ].map((values): [Readonly<Record<string, unknown>>, string] => [
    { metricFunction: undefined, ...values },
    'metric.periodSeconds: expected metric.confirmWithinSeconds, 600 at most, to be 120 more than this: without metricFunction, a recovery waits until somebody else publishes the metric',
  ]),
  [
    { 'stack.tags': { 'AWS:team': 'x' } },
    'stack.tags.AWS:team: the key of a tag begins with aws: only if it is one of AWS itself',
  ],
  [{ 'stack.tags': { '': 'x' } }, `stack.tags.: ${noKey}`],
  [{ 'stack.tags': { 'a*b': 'x' } }, `stack.tags.a*b: ${noKey}`],
  // A field is shown as far as a line allows.
  [{ 'stack.tags': { ['x'.repeat(129)]: 'x' } }, `${`stack.tags.${'x'.repeat(129)}`.slice(0, 80)}: ${noKey}`],
  [{ 'stack.tags': { Team: 'x'.repeat(257) } }, `stack.tags.Team: ${noValue}`],
  [{ 'stack.tags': { Team: 'a,b' } }, `stack.tags.Team: ${noValue}`],
  [{ 'stack.tags': { CostCenter: 1234 } }, 'stack.tags.CostCenter: expected text: put it in quotes'],
])('in %j', (values, told) => {
  expect(mistakeIn(fileWith(values))).toBe(`targets/x.yml: ${told}`);
});

it('is no mistake to have what AWS takes', () => {
  for (const values of [
    { 'stack.tags': tags(49) },
    { 'stack.tags': { STAGE: 'dev' } },
    { 'stack.tags': { 부서: '영상', 'Cost@Center': '', [`${'k'.repeat(128)}`]: 'v'.repeat(256) } },
    { 'stack.permissionsBoundaryArn': 'arn:aws:iam::aws:policy/PowerUserAccess' },
    {
      'pauses.changeCalendars': ['freeze', 'arn:aws:ssm:ap-northeast-2:111122223333:document/shared.freeze'],
    },
    { metricFunction: undefined, 'metric.periodSeconds': 180 },
    { metricFunction: undefined, 'metric.periodSeconds': 480, 'metric.confirmWithinSeconds': 600 },
    ...[1, 30, 60, 120, 3600].map((seconds) => ({ 'metric.periodSeconds': seconds })),
  ])
    expect(mistakeIn(fileWith(values))).toBe('none');
});
