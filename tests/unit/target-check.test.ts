/** `recover target check`: all that packaging would find in target files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { envReaders } from '../../env/readers/readers.ts';
import { checks } from '../../workflow/target/checks.ts';
import { recover } from '../support/cli.ts';
import { fileWith } from '../support/target-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'env 복구 '));
});
afterEach(() => rmSync(directory, { recursive: true }));

const path = (name: string) => join(directory, `${name}.yml`);
const write = (name: string, values: Readonly<Record<string, unknown>>) =>
  writeFileSync(path(name), stringify(fileWith(values)));
const check = (...options: readonly string[]) => recover(undefined, ['target', 'check', ...options]);
/** What is told of a field that does not go with the others. */
const expectedAt = (name: string) => checks.find(({ field }) => field[1] === name)?.expected;
const lines = (...all: readonly string[]) => `${all.join('\n')}\n`;

it('finds nothing in the target files of this project', async () => {
  expect(await check()).toEqual({
    exitCode: 0,
    stdout: lines('targets/academy-api.yml: fine', 'targets/sandbox.yml: fine'),
    stderr: '',
  });
});

it('says each mistake of each file in a line of its own', async () => {
  write('api', {});
  write('broken', {
    'parameter.reader': 'csh',
    'deploy.commands.0': '{{ x }}',
    'metric.namespace': undefined,
    'endpoint.colour': 'red',
  });
  writeFileSync(path('odd'), 'metric: !Ref Metric\n');
  const { exitCode, stdout } = await check('--targets', directory);
  expect(exitCode).toBe(1);
  expect(stdout).toBe(
    lines(
      `${path('api')}: fine`,
      `${path('broken')}: parameter.reader: expected (${envReaders.map((name) => `"${name}"`).join(' | ')})`,
      `${path('broken')}: deploy.commands.0: SSM takes {{ }} for one of its own parameters`,
      `${path('broken')}: endpoint.colour: no field of this name is known here`,
      `${path('broken')}: metric.namespace: this field is missing`,
      `${path('odd')}: Unresolved tag: !Ref at line 1, column 9`,
      'NOT FINE: 5 mistakes. What each field is: docs/targets.md',
    ),
  );
});

it('says all that does not hold between fields', async () => {
  write('mine', {
    'endpoint.internalKey': 'OTHER_KEY',
    'metricFunction.remove': ['VIDEO_BACKLOG_API_INTERNAL'],
  });
  const { stdout } = await check('--targets', directory);
  expect(stdout).toBe(
    lines(
      `${path('mine')}: parameter.requiredKeys: ${expectedAt('requiredKeys')}`,
      `${path('mine')}: metricFunction.remove: ${expectedAt('remove')}`,
      'NOT FINE: 2 mistakes. What each field is: docs/targets.md',
    ),
  );
});

it('names each field that is still to be filled in, once, and what is wrong besides', async () => {
  write('mine', {
    'endpoint.url': 'TODO',
    'endpoint.internalKey': 'TODO',
    'deploy.commands': ['TODO'],
    'deploy.timeoutSeconds': 1,
  });
  const { exitCode, stdout } = await check('--targets', directory);
  const told = 'still TODO: the comment above it says what belongs there';
  expect(exitCode).toBe(1);
  expect(stdout.trimEnd().split('\n').toSorted()).toEqual(
    [
      `${path('mine')}: deploy.commands.0: ${told}`,
      `${path('mine')}: endpoint.internalKey: ${told}`,
      `${path('mine')}: endpoint.url: ${told}`,
      `${path('mine')}: deploy.timeoutSeconds: expected at least 5 seconds`,
      'NOT FINE: 4 mistakes. What each field is: docs/targets.md',
    ].toSorted(),
  );
});

it('checks one file alone, and its keys against the region of the stack', async () => {
  write('other', { 'parameter.name': 1 });
  write('mine', {
    'parameter.kmsKeyArn': 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000000',
  });
  const only = ['--targets', directory, '--target', 'mine'];
  expect(await check(...only)).toMatchObject({ exitCode: 0, stdout: lines(`${path('mine')}: fine`) });
  expect(await check(...only, '--region', 'eu-west-1')).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining(
      'parameter.kmsKeyArn: expected a key of eu-west-1, the region of the stack',
    ),
  });
});

it('gives machines the mistakes by file', async () => {
  write('mine', { 'parameter.name': 'ssm-env' });
  const { exitCode, stdout } = await check('--targets', directory, '--json');
  expect({ exitCode, report: JSON.parse(stdout) }).toEqual({
    exitCode: 1,
    report: {
      ok: false,
      targets: [
        {
          file: path('mine'),
          mistakes: [
            `${path('mine')}: parameter.name: AWS refuses a parameter name that begins with aws or ssm`,
          ],
        },
      ],
    },
  });
});

it('says how to go on if there is no file, or no such folder', async () => {
  expect(await check('--targets', directory)).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('no target file; `recover target init <name>` writes a first one'),
  });
  expect(await check('--targets', directory, '--target', 'mine')).toMatchObject({
    exitCode: 1,
    stdout: expect.stringContaining('there is no such file. Targets: none in '),
  });
  expect(await check('--targets', join(directory, 'missing'))).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('there is no such folder'),
  });
});
