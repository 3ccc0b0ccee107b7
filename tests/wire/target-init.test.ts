/** `recover target init`: a first target file, from a .env and from what can be read in the account. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError } from '../../sandbox/endpoint.ts';
import { loadTarget } from '../../targets/load.ts';
import { secret } from '../support/aws.ts';
import { type CliOptions, recover } from '../support/cli.ts';
import { useOperator, utf16 } from '../support/operator.ts';

const { aws, directory, file, put } = useOperator();
const parameter = '/shop/api/env';

let shown = '';
const init = async (commandLine: readonly string[], options?: CliOptions) => {
  const run = await recover(
    aws().endpoint.url,
    ['target', 'init', 'mine', '--targets', directory(), ...commandLine],
    options,
  );
  shown += run.stdout + run.stderr;
  return run;
};
const written = () => readFileSync(join(directory(), 'mine.yml'), 'utf8');
const check = async () => {
  const { stdout } = await recover(undefined, [
    'target',
    'check',
    '--targets',
    directory(),
    '--target',
    'mine',
  ]);
  return stdout.replaceAll(join(directory(), 'mine.yml'), '').trimEnd().split('\n');
};
const toDo = (...fields: readonly string[]) =>
  fields.map((field) => `: ${field}: still TODO: the comment above it says what belongs there`);

/** Fills a TODO in, as a person does. */
const fill = (...replacements: readonly (readonly [field: string, value: string])[]) => {
  const text = replacements.reduce(
    (left, [field, value]) => left.replace(new RegExp(`(${field}: |- )TODO$`, 'm'), `$1${value}`),
    written(),
  );
  writeFileSync(join(directory(), 'mine.yml'), text);
};

/** An account with one of each. */
function furnish(key: string): void {
  const [one] = aws().network.interfaces.filter(({ instanceId }) => instanceId !== undefined);
  if (one)
    aws().network.interfaces.push({
      ...one,
      instanceId: 'i-00000001',
      tags: { Name: 'shop api', team: 'x' },
    });
  aws().addFunction('shop-queue-depth', 'return {};', { INTERNAL_API_KEY: key, LOG_LEVEL: 'info' });
  aws().addFunction('shop-web', 'return {};', {});
  aws().metrics.put('Shop/Jobs', [
    {
      MetricName: 'BacklogCount',
      Dimensions: [{ Name: 'WorkerType', Value: 'Video' }],
      Value: 1,
      Unit: 'Count',
      Timestamp: Date.now(),
      StorageResolution: 60,
    },
  ]);
}

beforeEach(() => {
  shown = '';
});
afterEach(() => {
  expect(shown).not.toContain('canary');
  if (existsSync(join(directory(), 'mine.yml'))) expect(written()).not.toContain('canary');
});

it('fills in what the account shows, and marks the rest, until the file is valid', async () => {
  const key = secret();
  put(`# shop\nDB_HOST=${secret()}\nDB_PORT=5432\nINTERNAL_API_KEY=${key}\nSENTRY_DSN=\n`, parameter);
  furnish(key);
  const { exitCode, stdout } = await init(['--parameter', parameter]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`from parameter ${parameter}. Its reader is dotenv`);
  expect(stdout).toContain('5 fields to fill in, as the comment above each says:\n  deploy.commands.0\n');
  expect(written()).toContain('# vpc:\n');
  expect(await check()).toEqual([
    ...toDo(
      'deploy.commands.0',
      'endpoint.url',
      'endpoint.backlogPath',
      'metricFunction.answerPath',
      'notify.subscriptions.0.endpoint',
    ),
    'NOT FINE: 5 mistakes. What each field is: docs/targets.md',
  ]);
  fill(
    ['commands', 'bash deploy.sh'],
    ['url', 'http://10.0.0.10/backlog/'],
    ['backlogPath', 'backlog'],
    ['answerPath', 'count'],
  );
  writeFileSync(
    join(directory(), 'mine.yml'),
    written().replace('endpoint: TODO }', 'endpoint: a@example.com }'),
  );
  expect(await check()).toEqual([': fine']);
  expect(loadTarget('mine', directory())).toMatchObject({
    parameter: {
      name: parameter,
      reader: 'dotenv',
      requiredKeys: ['DB_HOST', 'DB_PORT', 'INTERNAL_API_KEY'],
      rules: { DB_PORT: { type: 'integer' } },
    },
    restore: { backupParameter: `${parameter}-backup` },
    instances: { tag: 'Name=shop api' },
    endpoint: { internalKey: 'INTERNAL_API_KEY' },
    metricFunction: { name: 'shop-queue-depth', setFromEnv: {} },
    metric: { namespace: 'Shop/Jobs', name: 'BacklogCount', dimensions: { WorkerType: 'Video' } },
  });
});

it('sees which variables of a named function hold a key of the env, and shows neither', async () => {
  const key = secret();
  put(`INTERNAL_API_KEY=${key}\nWORKERS=4\nDB_HOST=db\n`, parameter);
  aws().addFunction('shop-counter', 'return {};', { API_KEY: key, CONCURRENCY: '4', DB_HOST: 'db' });
  const { exitCode } = await init(['--parameter', parameter, '--function', 'shop-counter']);
  expect(exitCode).toBe(0);
  expect(written()).toContain('  # Variables of the function: API_KEY, CONCURRENCY, DB_HOST.\n');
  expect(written()).toContain('  setFromEnv:\n    API_KEY: INTERNAL_API_KEY\n    DB_HOST: DB_HOST\n');
});

it('lists what a person has to choose from, and does not let a copy overwrite another parameter', async () => {
  put('DB_HOST=db\n', parameter);
  put('x', `${parameter}-backup`);
  furnish('x');
  aws().addFunction('shop-jobs-waiting', 'return {};', {});
  await init(['--parameter', parameter]);
  expect(written()).toContain('  # Found: shop-jobs-waiting, shop-queue-depth.\n  name: TODO\n');
  expect(written()).toContain(
    `restore:\n  # backupParameter: another name than ${parameter}-backup, which is there already.\n  {}\n`,
  );
});

it('says in the file and on the screen what it could not look at', async () => {
  put('DB_HOST=db\n', parameter);
  const denied = () => new AwsError('AccessDeniedException', 'canary', 403);
  for (const operation of ['ListFunctions', 'ListMetrics', 'DescribeInstanceInformation'])
    aws().fail(operation, denied());
  const { exitCode, stdout } = await init(['--parameter', parameter]);
  expect(exitCode).toBe(0);
  for (const action of [
    'lambda:ListFunctions',
    'cloudwatch:ListMetrics',
    'ssm:DescribeInstanceInformation',
  ]) {
    expect(written()).toContain(`  # could not look: ${action} on all `);
    expect(stdout).toContain(`  could not look: ${action} on all `);
  }
});

it('needs no credentials for what an example says, and asks for the name of the parameter', async () => {
  const folder = join(directory(), '가게');
  mkdirSync(folder);
  writeFileSync(join(folder, 'requirements.txt'), utf16('python-decouple==3.8\n'));
  writeFileSync(
    join(folder, '.env.example'),
    utf16('# 필수\r\nSECRET_KEY=\r\nDB_HOST=<your host>\r\nSENTRY_DSN=\r\n'),
  );
  const run = await init(['--from', join(folder, '.env.example')], {
    environment: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_DEFAULT_REGION: '' },
    typed: ['/shop/env'],
  });
  expect(run.exitCode).toBe(0);
  expect(run.stdout).toContain(
    'Its reader is python-decouple, since requirements.txt next to it names python-decouple.',
  );
  expect(written()).toContain('  name: /shop/env\n');
  expect(written()).toContain('  requiredKeys:\n    - SECRET_KEY\n    - DB_HOST\n');
  expect(written()).toContain('  # could not look: no region is known; --region names it\n');
  expect(aws().endpoint.calls).toEqual([]);
});

it('leaves a name that nobody could be asked for to be filled in', async () => {
  const { exitCode } = await init(['--from', file('DB_HOST=db\n', '.env')]);
  expect(exitCode).toBe(0);
  expect(await check()).toEqual(expect.arrayContaining(toDo('parameter.name')));
});

it.each<[string, string[], string]>([
  ['a parameter that AWS refuses', ['--parameter', 'ssm-env'], '--parameter: AWS refuses a parameter name'],
  [
    'a tag without its value',
    ['--parameter', parameter, '--instances', 'api'],
    '--instances: expected Key=value',
  ],
  [
    'a metric without its namespace',
    ['--parameter', parameter, '--metric', 'Jobs'],
    '--metric: expected a namespace',
  ],
  [
    'a reader that is not known',
    ['--parameter', parameter, '--reader', 'csh'],
    '--reader: expected one of docker',
  ],
  ['a parameter that is not there', ['--parameter', parameter], `there is no parameter ${parameter}`],
  ['no source at all', [], 'give a .env or an example of one with --from <file>'],
])('writes nothing for %s, and says what is wrong', async (_what, commandLine, told) => {
  const { exitCode, stderr } = await init(commandLine);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(told) });
  expect(existsSync(join(directory(), 'mine.yml'))).toBe(false);
});

it('never writes over a file', async () => {
  writeFileSync(join(directory(), 'mine.yml'), 'mine');
  const { exitCode, stderr } = await init(['--parameter', parameter]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('is there already') });
  expect(written()).toBe('mine');
});
