import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadTarget, readTarget, requireKeysOf } from '../../targets/load.ts';
import { Target } from '../../workflow/target.ts';
import { fileWith, mistakeIn } from '../support/target-file.ts';

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
    const fieldsOf = (schema: object): string[] => {
      // Of a variant, the fields of each.
      if (
        'type' in schema &&
        schema.type === 'variant' &&
        'options' in schema &&
        Array.isArray(schema.options)
      )
        return schema.options.flatMap(fieldsOf);
      return Object.entries('entries' in schema && schema.entries ? schema.entries : {}).flatMap(
        ([field, inner]) => [field, ...fieldsOf(unwrap(inner))],
      );
    };
    const unwrap = (schema: object): object => {
      if ('wrapped' in schema && typeof schema.wrapped === 'object' && schema.wrapped)
        return unwrap(schema.wrapped);
      return schema;
    };
    const fields = fieldsOf(Target);
    expect(fields).toEqual(expect.arrayContaining(['confirmWithinSeconds', 'endpointClients']));
    expect(fields.filter((field) => !new RegExp(`^[ #]*${field}:`, 'm').test(text))).toEqual([]);
  });
});

const keyArn = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000000';

describe('readTarget', () => {
  it('takes a copy in another region, with a key of that region if the parameter has one of its own', () => {
    const target = academy();
    Object.assign(target.restore ?? {}, { backupRegion: 'us-gov-west-1' });
    expect(readTarget('x', target).restore).toMatchObject({ backupRegion: 'us-gov-west-1' });
    const keyOfGov = keyArn.replace('ap-northeast-2', 'us-gov-west-1').replace('arn:aws:', 'arn:aws-us-gov:');
    Object.assign(target.parameter ?? {}, { kmsKeyArn: keyArn });
    Object.assign(target.restore ?? {}, { backupKmsKeyArn: keyOfGov });
    expect(() => readTarget('x', target)).not.toThrow();
  });

  it.each<[section: string, fields: object]>([
    ['parameter', { name: 'academy-api-env' }],
    ['parameter', { name: '/Academy.API/env_2' }],
    ['parameter', { name: `/${'a'.repeat(965)}` }],
    ['parameter', { name: '/a'.repeat(15) }],
    ['restore', { backupParameter: '/academy/api/env', backupRegion: 'ap-northeast-1' }],
    ['endpoint', { url: 'https://[fd00::1]:8443/count/' }],
    ['endpoint', { url: 'http://API.internal./count/' }],
    ['endpoint', { url: 'http://academy_api:8000/count/' }],
    ['endpoint', { method: 'POST', expectStatus: [200, 202], internalKeyHeader: 'X_Key' }],
    ['endpoint', { headers: { 'X-Env': 'prod', Accept: 'application/vnd.example.v2+json; q=0.9' } }],
    ['endpoint', { headersFromEnv: { Authorization: 'Bearer DB_PASSWORD', 'X-Db': 'DB_NAME' } }],
    ['metric', { namespace: 'App/Video jobs', dimensions: { 'Worker type': '#1' } }],
    ['metricFunction', { queues: { ai: 'ai.fifo', video: 'video_1', messaging: 'm-1' } }],
    ['triggers', { alarms: ['TargetTracking-workers-AlarmHigh-0', '대기열 경보'] }],
  ])('takes a %s with %j', (section, fields) => {
    const target = academy();
    Object.assign(target[section] ?? {}, fields);
    expect(() => readTarget('x', target)).not.toThrow();
  });

  it('takes a Host with _, which HTTP takes too, and one status as a list of one', () => {
    const target = academy();
    Object.assign(target.endpoint ?? {}, { host: 'academy_api:8000', expectStatus: 202 });
    Object.assign(target.metricFunction ?? {}, {
      set: { VIDEO_BACKLOG_API_HOST: 'academy_api:8000' },
      remove: [],
    });
    expect(readTarget('x', target).endpoint).toMatchObject({ expectStatus: [202], method: 'GET' });
  });

  const none = { metricFunction: undefined, metric: undefined, triggers: undefined };
  it.each<[what: string, part: Record<string, unknown>]>([
    ['no metric and no function: its health alone', none],
    [
      'a metric that somebody else publishes, and the workers that scale by it',
      { metricFunction: undefined },
    ],
    [
      'a function that publishes no metric of the target',
      { ...none, metricFunction: academy().metricFunction },
    ],
    ['an endpoint without a key', { 'endpoint.internalKey': undefined }],
    [
      'another header of the name that the internal key has by default',
      { 'endpoint.internalKey': undefined, 'endpoint.headersFromEnv': { 'X-Internal-Key': 'DB_PASSWORD' } },
    ],
    ['an endpoint without a number', { 'endpoint.backlogPath': undefined }],
    ['nothing but a URL', { ...none, endpoint: { url: 'http://10.0.0.10:8000/health/' } }],
    [
      'another Host, without a function that would have to send it',
      { ...none, 'endpoint.host': 'api.example.com' },
    ],
  ])('takes %s', (_what, part) => {
    expect(mistakeIn(fileWith(part))).toBe('none');
  });

  it('watches the heartbeat of a metric by default, and only where there is one', () => {
    const heartbeatOf = (part: Record<string, unknown>) =>
      readTarget('x', fileWith({ triggers: {}, ...part })).triggers.heartbeat;
    expect(heartbeatOf({})).toBe(true);
    expect(heartbeatOf({ metricFunction: undefined })).toBe(true);
    expect(heartbeatOf({ triggers: { heartbeat: false } })).toBe(false);
    expect(heartbeatOf({ metric: undefined })).toBe(false);
    expect(heartbeatOf({ metric: undefined, triggers: { heartbeat: false } })).toBe(false);
  });

  it.each<[protocol: string, endpoint: string]>([
    ['email', 'oncall+api@mail.example.co.kr'],
    ['https', 'https://events.pagerduty.com/integration/0/enqueue'],
    ['sms', '+821012345678'],
    ['sqs', 'arn:aws-cn:sqs:cn-north-1:111122223333:told_1'],
    ['lambda', 'arn:aws:lambda:ap-northeast-2:111122223333:function:tell:live'],
  ])('takes a subscription by %s of %s', (protocol, endpoint) => {
    const target = academy();
    Object.assign(target.notify ?? {}, { subscriptions: [{ protocol, endpoint }] });
    expect(readTarget('x', target).notify.subscriptions).toEqual([{ protocol, endpoint }]);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'parameter'],
    ['a list', []],
  ])('refuses %s', (_what, content) => {
    expect(() => readTarget('targets/x.yml', content)).toThrow(/^targets\/x\.yml: /);
  });
});

describe('requireKeysOf', () => {
  const stackWith = (part: object) => ({ name: 'mine', ...readTarget('x', { ...academy(), ...part }) });

  it('refuses a key of another region than that of the stack, where that is known', () => {
    const own = { parameter: { ...academy().parameter, kmsKeyArn: keyArn } };
    expect(() => requireKeysOf('us-east-1', stackWith(own), 'targets/mine.yml')).toThrow(
      'targets/mine.yml: parameter.kmsKeyArn: expected a key of us-east-1, the region of the stack',
    );
    expect(() =>
      requireKeysOf('us-east-1', stackWith({ stack: { kmsKeyArn: keyArn } }), 'targets/mine.yml'),
    ).toThrow('targets/mine.yml: stack.kmsKeyArn: expected a key of us-east-1, the region of the stack');
    const ofFunction = { metricFunction: { ...academy().metricFunction, kmsKeyArn: keyArn } };
    expect(() => requireKeysOf('us-east-1', stackWith(ofFunction), 'targets/mine.yml')).toThrow(
      'targets/mine.yml: metricFunction.kmsKeyArn: expected a key of us-east-1, the region of the stack',
    );
    expect(() => requireKeysOf('ap-northeast-2', stackWith(own), 'targets/mine.yml')).not.toThrow();
    expect(() => requireKeysOf('us-east-1', stackWith({}), 'targets/mine.yml')).not.toThrow();
  });
});

it('refuses a change calendar of another region than that of the stack', () => {
  const calendar = 'arn:aws:ssm:us-east-1:111122223333:document/freeze';
  const target = {
    name: 'mine',
    ...readTarget('x', { ...academy(), pauses: { changeCalendars: ['own', calendar] } }),
  };
  expect(() => requireKeysOf('us-east-1', target, 'targets/mine.yml')).not.toThrow();
  expect(() => requireKeysOf('ap-northeast-2', target, 'targets/mine.yml')).toThrow(
    'targets/mine.yml: pauses.changeCalendars: expected calendars of ap-northeast-2, the region of the stack',
  );
});

describe('loadTarget', () => {
  const directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  /** Loads a file with these bytes as the target `mine`. */
  const loadBytes = (bytes: string | Uint8Array) => {
    writeFileSync(join(directory, 'mine.yml'), bytes);
    return loadTarget('mine', directory);
  };
  const mistakeInFile = (bytes: string | Uint8Array) => {
    try {
      loadBytes(bytes);
    } catch (error) {
      if (error instanceof Error && error.name === 'TargetInvalid') return error.message;
      throw error;
    }
    return 'none';
  };
  const text = readFileSync(join(targets, 'academy-api.yml'), 'utf8');

  it('reads a target by its name', () => {
    expect(loadTarget('academy-api').parameter.name).toBe('/academy/api/env');
  });

  it('says which file is not there, and what a name may be', () => {
    expect(() => loadTarget('nobody')).toThrow(
      'targets/nobody.yml: there is no such file. Targets: academy-api, sandbox',
    );
    expect(() => loadTarget('../package')).toThrow(/a target's name has/);
  });

  it('reads a file as PowerShell 5.1 saves it', () => {
    const bytes = readFileSync(join(import.meta.dirname, '..', 'support', 'cases', '24-target-utf16.txt'));
    expect([...bytes.subarray(0, 2)]).toEqual([0xff, 0xfe]);
    expect(loadBytes(bytes).parameter.name).toBe('/academy/api/env');
  });

  it.each([
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-8 with CRLF', Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['UTF-16 without a byte order mark', Buffer.from(text, 'utf16le')],
    ['UTF-16BE', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
  ])('reads %s', (_encoding, bytes) => {
    expect(loadBytes(bytes)).toEqual(loadTarget('academy-api'));
  });

  it('refuses cp949 with the byte, the line, and the command that converts the file', () => {
    const bytes = Buffer.concat([
      Buffer.from('# '),
      Buffer.from([0xc7, 0xd1, 0xb1, 0xdb]),
      Buffer.from(`\n${text}`),
    ]);
    const [first, command] = mistakeInFile(bytes).split('\n');
    expect(first?.replace(join(directory, 'mine.yml'), '')).toMatch(
      /^ is neither UTF-8 nor UTF-16 \(byte 0xC7 at line 1\)\./,
    );
    expect(command).toContain(`${join(directory, 'mine.yml')}.utf8`);
  });

  it.each([
    ['a tab', '\tparameter: {}\n', 'Tabs are not allowed as indentation at line 1, column 1'],
    ['a field twice', `${text}\nmetric: {}\n`, 'Map keys must be unique at line '],
    ['a second document', `${text}\n---\n{}\n`, 'expected one document, without a line --- inside'],
    ['a reference of CloudFormation', 'metric: !Ref Metric\n', 'Unresolved tag: !Ref at line 1, column 9'],
    ['an alias without its anchor', 'metric: *metric\n', 'Unresolved alias (the anchor must be set'],
    ["a variable of the deployer's", 'metric: ${env:METRIC}\n', '${env:…} is not expanded in a target file'],
    [
      'a default in a shell',
      'deploy: ["cd ${dir:-/srv}"]\n',
      'deploy.0: ${dir:…} is not expanded in a target',
    ],
    [
      'a dollar that a shell is to keep',
      "deploy: ['echo \\${HOME}']\n",
      'deploy.0: Serverless would take the',
    ],
    ['a variable in a name', "metric: { '${env:X}': x }\n", 'metric: ${env:…} is not expanded'],
    [
      'an alias inside its own anchor',
      'a: &a\n  b: [*a]\n',
      'an alias (*) stands inside what its own anchor',
    ],
    ['nothing at all', '', 'expected an object'],
    ['a list', '- parameter\n', 'parameter: this field is missing'],
    ['half a character', Buffer.from(`\uFEFF${text}`, 'utf16le').subarray(0, -1), 'an odd number of bytes'],
  ])('says in one line what is wrong with %s', (_what, bytes, told) => {
    const mistake = mistakeInFile(bytes);
    expect(mistake.replace(join(directory, 'mine.yml'), '')).toMatch(/^[: ].+$/);
    expect(mistake).toContain(told);
  });

  it('says so if the name is that of a folder', () => {
    mkdirSync(join(directory, 'folder.yml'));
    expect(() => loadTarget('folder', directory)).toThrow(
      /folder\.yml: can't be read as a file \(E[A-Z]+\)$/,
    );
  });
});
