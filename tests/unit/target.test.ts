import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadTarget, readTarget } from '../../targets/load.ts';
import { Target } from '../../workflow/target.ts';

const targets = join(import.meta.dirname, '..', '..', 'targets');
const load = (name: string): Record<string, Record<string, unknown>> =>
  parse(readFileSync(join(targets, `${name}.yml`), 'utf8'));
const academy = () => load('academy-api');

describe('the target files of this project', () => {
  it.each(readdirSync(targets).filter((file) => file.endsWith('.yml')))('%s is valid', (file) => {
    expect(() => readTarget(file, load(file.replace('.yml', '')))).not.toThrow();
  });
});

describe('targets/academy-api.yml', () => {
  it('names every field there is, if only in a comment', () => {
    const text = readFileSync(join(targets, 'academy-api.yml'), 'utf8');
    const fieldsOf = (schema: object): string[] =>
      Object.entries('entries' in schema && schema.entries ? schema.entries : {}).flatMap(
        ([field, inner]) => [field, ...fieldsOf(unwrap(inner))],
      );
    const unwrap = (schema: object): object => {
      if ('wrapped' in schema && typeof schema.wrapped === 'object' && schema.wrapped)
        return unwrap(schema.wrapped);
      return schema;
    };
    const fields = fieldsOf(Target);
    expect(fields).toContain('confirmWithinSeconds');
    expect(fields.filter((field) => !new RegExp(`^[ #]*${field}:`, 'm').test(text))).toEqual([]);
  });
});

const keyArn = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000000';

describe('readTarget', () => {
  it('takes a copy in another region, with a key of that region if the parameter has one of its own', () => {
    const target = academy();
    Object.assign(target.restore ?? {}, { backupRegion: 'us-gov-west-1' });
    expect(readTarget('x', target).restore).toMatchObject({ backupRegion: 'us-gov-west-1' });
    Object.assign(target.parameter ?? {}, { kmsKeyArn: keyArn });
    Object.assign(target.restore ?? {}, {
      backupKmsKeyArn: keyArn.replace('ap-northeast-2', 'us-gov-west-1'),
    });
    expect(() => readTarget('x', target)).not.toThrow();
  });

  it.each<[string, (target: ReturnType<typeof academy>) => unknown, string]>([
    [
      'an unknown section',
      (target) => ({ ...target, extra: {} }),
      'extra: no field of this name is known here',
    ],
    [
      'an unknown field',
      (target) => Object.assign(target.parameter ?? {}, { nam: 'x' }),
      'parameter.nam: no field',
    ],
    ['a missing field', (target) => delete target.endpoint?.url, 'endpoint.url: this field is missing'],
    [
      'a wrong type',
      (target) => Object.assign(target.deploy ?? {}, { commands: 'x' }),
      'deploy.commands: expected',
    ],
    [
      'a bad name',
      (target) => Object.assign(target.parameter ?? {}, { name: 'env' }),
      'parameter.name: expected a par',
    ],
    [
      'a bad URL',
      (target) => Object.assign(target.endpoint ?? {}, { url: 'ftp://x/' }),
      'endpoint.url: expected a URL',
    ],
    [
      'no instances',
      (target) => Object.assign(target, { instances: {} }),
      'instances: expected either ids or tag',
    ],
    [
      'both kinds of instances',
      (target) => Object.assign(target.instances ?? {}, { ids: ['i-0123456789abcdef0'] }),
      'instances: expected either ids or tag',
    ],
    [
      'a variable that Lambda reserves',
      (target) => Object.assign(target.metricFunction ?? {}, { set: { AWS_REGION: 'x' } }),
      'this name is reserved by Lambda',
    ],
    ...[
      'NODE_OPTIONS',
      'PYTHONSTARTUP',
      'LD_PRELOAD',
      'BASH_ENV',
      'JAVA_TOOL_OPTIONS',
      'DOTNET_STARTUP_HOOKS',
    ].map((variable): [string, (target: ReturnType<typeof academy>) => unknown, string] => [
      `${variable}, by which code is run`,
      (target) => Object.assign(target.metricFunction ?? {}, { set: { [variable]: 'x' } }),
      'this variable makes a runtime run or load code',
    ]),
    [
      'a user and a password in a URL',
      (target) => Object.assign(target.endpoint ?? {}, { url: 'http://user:canary@10.0.0.10/' }),
      'endpoint.url: a URL with a user or a password',
    ],
    [
      'a Host that the function does not send',
      (target) => Object.assign(target.endpoint ?? {}, { host: 'api.example.com' }),
      'endpoint.host: the metric function has to send the same Host',
    ],
    [
      'a key that is not required',
      (target) => Object.assign(target.endpoint ?? {}, { internalKey: 'OTHER_KEY' }),
      'parameter.requiredKeys: ',
    ],
    [
      'a variable set and removed',
      (target) => Object.assign(target.metricFunction ?? {}, { remove: ['LAMBDA_INTERNAL_API_KEY'] }),
      'metricFunction.remove: a variable can be set or removed, not both',
    ],
    [
      'a function to deploy without queues',
      (target) => Object.assign(target.metricFunction ?? {}, { deploy: true, queues: undefined }),
      'metricFunction.queues: ',
    ],
    [
      'a copy in another region without a name',
      (target) => Object.assign(target, { restore: { backupRegion: 'ap-northeast-1' } }),
      'restore.backupParameter: expected the name of the copy',
    ],
    [
      'a zone in place of a region',
      (target) => Object.assign(target.restore ?? {}, { backupRegion: 'ap-northeast-1a' }),
      'restore.backupRegion: expected a region such as',
    ],
    [
      'a key of a region that is not that of the copy',
      (target) =>
        Object.assign(target.restore ?? {}, { backupRegion: 'ap-northeast-1', backupKmsKeyArn: keyArn }),
      'restore.backupKmsKeyArn: expected a key of backupRegion',
    ],
    [
      'a copy with a weaker key than the original',
      (target) => {
        Object.assign(target.restore ?? {}, { backupRegion: 'ap-northeast-1' });
        Object.assign(target.parameter ?? {}, { kmsKeyArn: keyArn });
      },
      'restore.backupKmsKeyArn: expected a key of backupRegion: a key works in its own region only',
    ],
    [
      'an unknown reader',
      (target) => Object.assign(target.parameter ?? {}, { reader: 'podman' }),
      'parameter.reader: expected ',
    ],
    [
      'an unknown rule',
      (target) => Object.assign(target.parameter ?? {}, { rules: { DB_PORT: { min: 1 } } }),
      'parameter.rules.DB_PORT.min: no field of this name',
    ],
    [
      'a rule that is no regular expression',
      (target) => Object.assign(target.parameter ?? {}, { rules: { DB_PORT: { pattern: '(' } } }),
      'parameter.rules.DB_PORT.pattern: expected a regular expression',
    ],
    [
      'a schedule that EventBridge does not know',
      (target) => Object.assign(target, { triggers: { schedule: 'every hour' } }),
      'triggers.schedule: expected rate',
    ],
    [
      'a longer wait for an approval than the state machine leaves time for',
      (target) => Object.assign(target, { approval: { withinMinutes: 721 } }),
      'approval.withinMinutes: expected at most 720',
    ],
    [
      'a circuit that never closes',
      (target) => Object.assign(target, { pauses: { maxFailures: 0 } }),
      'pauses.maxFailures: expected at least 1',
    ],
    [
      'a subscription that SNS does not know',
      (target) =>
        Object.assign(target, { notify: { subscriptions: [{ protocol: 'slack', endpoint: 'x' }] } }),
      'notify.subscriptions.0.protocol: expected',
    ],
    [
      'a key that is no ARN',
      (target) => Object.assign(target, { stack: { kmsKeyArn: 'alias/mine' } }),
      'stack.kmsKeyArn: expected the ARN of a KMS key',
    ],
    [
      'a command with a parameter of SSM',
      (target) => Object.assign(target.deploy ?? {}, { commands: ['echo {{ x }}'] }),
      'deploy.commands.0: ',
    ],
  ])('names file, field and what was expected for %s, in one line', (_what, spoil, expected) => {
    const target = academy();
    const spoilt = spoil(target);
    const content = typeof spoilt === 'object' && spoilt !== null && 'extra' in spoilt ? spoilt : target;
    expect(() => readTarget('targets/x.yml', content)).toThrow(
      expect.objectContaining({
        name: 'TargetInvalid',
        message: expect.stringMatching(new RegExp(`^targets/x\\.yml: .*${expected.replaceAll('.', '\\.')}`)),
      }),
    );
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'parameter'],
    ['a list', []],
  ])('refuses %s', (_what, content) => {
    expect(() => readTarget('targets/x.yml', content)).toThrow(/^targets\/x\.yml: /);
  });
});

describe('loadTarget', () => {
  it('reads a target by its name', () => {
    expect(loadTarget('academy-api').parameter.name).toBe('/academy/api/env');
  });

  it('says which file is not there, and what a name may be', () => {
    expect(() => loadTarget('nobody')).toThrow(/^targets\/nobody\.yml: there is no such file/);
    expect(() => loadTarget('../package')).toThrow(/a target's name has/);
  });
});
