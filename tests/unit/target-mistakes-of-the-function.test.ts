/** What a mistake in the variables of the metric function is told as. */
import { loadTarget } from '../../targets/load.ts';
import { fileWith, mistakeIn } from '../support/target-file.ts';

const mistakes: [values: Readonly<Record<string, unknown>>, told: string][] = [
  ...[
    { 'metricFunction.set': {} },
    { 'metricFunction.set': { VIDEO_BACKLOG_API_INTERNAL: 'http://other/' } },
    {
      'endpoint.host': 'api.example.com',
      'metricFunction.remove': [],
      'metricFunction.set': {
        VIDEO_BACKLOG_API_INTERNAL: loadTarget('academy-api').endpoint.url,
        OTHER: 'api.example.com',
      },
    },
  ].map((values): (typeof mistakes)[0] => [
    { 'metricFunction.deploy': true, ...values },
    'metricFunction.set: the function that comes with the stack asks what VIDEO_BACKLOG_API_INTERNAL says: set it to endpoint.url, and VIDEO_BACKLOG_API_HOST to endpoint.host if that is set',
  ]),
  [
    {
      'metricFunction.deploy': true,
      'metricFunction.setFromEnv': { OTHER_NAME: 'LAMBDA_INTERNAL_API_KEY' },
    },
    'metricFunction.setFromEnv: the function that comes with the stack sends the key in LAMBDA_INTERNAL_API_KEY: set that from endpoint.internalKey',
  ],
  [
    { 'metricFunction.deploy': true, 'metricFunction.answerPath': 'count' },
    'metricFunction.answerPath: expected video_backlog_count, where the function that comes with the stack answers with the number',
  ],
  [
    { 'metricFunction.set': { AB: '가'.repeat(1365) } },
    'metricFunction.set: expected at most 4 KB: Lambda takes no more for all variables of a function together',
  ],
  ...[
    'NODE_OPTIONS',
    'PYTHONSTARTUP',
    'LD_PRELOAD',
    'BASH_ENV',
    'JAVA_TOOL_OPTIONS',
    'DOTNET_STARTUP_HOOKS',
  ].map((name): (typeof mistakes)[0] => [
    { 'metricFunction.set': { [name]: 'x' } },
    `metricFunction.set.${name}: this variable makes a runtime run or load code`,
  ]),
];

it.each(mistakes)('in %j', (values, told) => {
  expect(mistakeIn(fileWith(values))).toBe(`targets/x.yml: ${told}`);
});
