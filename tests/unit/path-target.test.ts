/** A target whose env is spread over several parameters: what is wrong with its file, and what its stack may do. */
import { stackOf } from '../../stack/stack.ts';
import { fillCommand } from '../../workflow/doctor/commands.ts';
import { appTarget } from '../support/app-target.ts';
import { statementsOf } from '../support/stack-roles.ts';
import { fileWith, mistakeIn } from '../support/target-file.ts';

/** The same target with a parameter for each key. */
const onPath = (part: object, restore: object = { backupPath: '/app/copy/' }) => ({
  parameter: {
    path: '/app/prod/',
    requiredKeys: ['LAMBDA_INTERNAL_API_KEY'],
    ...part,
  },
  restore,
});

/** The same target with several texts. */
const onTexts = (part: object, restore: object = { backupNames: ['/copy/common', '/copy/api'] }) => ({
  parameter: {
    names: ['/app/common', '/app/api'],
    requiredKeys: ['LAMBDA_INTERNAL_API_KEY'],
    ...part,
  },
  restore,
});

it('is none in a target with a parameter for each key, nor in one with several texts', () => {
  expect(mistakeIn(fileWith(onPath({})))).toBe('none');
  expect(mistakeIn(fileWith(onTexts({})))).toBe('none');
});

const mistakes: [values: Readonly<Record<string, unknown>>, told: string][] = [
  ...['/app/prod', 'app/prod/', '/', 'app'].map((path): (typeof mistakes)[0] => [
    onPath({ path }),
    'parameter.path: expected a path such as /app/prod/, with a slash at both ends',
  ]),
  [
    onPath({ path: '/app/pro d/' }),
    'parameter.path: expected a parameter name such as /app/api/env or app-api-env',
  ],
  [
    onPath({ path: '/aws/prod/' }),
    'parameter.path: AWS refuses a parameter name that begins with aws or ssm',
  ],
  [onPath({ path: `${'/a'.repeat(15)}/` }), 'parameter.path: a parameter name has at most 15 levels'],
  [onPath({ name: '/app/env' }), 'parameter.name: expected either name, names or path'],
  [
    onPath({ reader: 'docker' }),
    'parameter.reader: below a path there is no text to be read, and each value is what its parameter holds',
  ],
  [
    onPath({ requiredKeys: ['DB HOST'] }),
    'parameter.requiredKeys.0: expected the name of a variable, such as DB_HOST',
  ],
  ...[{}, { backupParameter: '/app/copy' }].map((restore): (typeof mistakes)[0] => [
    onPath({}, restore),
    'restore.backupPath: expected the path of the copy: a parameter that is deleted takes its history with it, so only a copy brings its key back',
  ]),
  [
    onPath({}, { backupPath: '/app/copy/', backupParameter: '/app/copy' }),
    'restore: expected either backupParameter, backupPath or backupNames',
  ],
  [
    { 'restore.backupParameter': undefined, 'restore.backupPath': '/app/copy/' },
    'restore.backupParameter: expected the name of the copy, which is one parameter, as the env is',
  ],
  ...['/app/prod/copy/', '/app/'].map((backupPath): (typeof mistakes)[0] => [
    onPath({}, { backupPath }),
    'restore.backupPath: expected a path beside parameter.path: neither may be below the other',
  ]),
  [
    onPath({}, { backupPath: '/app/prod/' }),
    'restore.backupParameter: expected another name than parameter.name, or backupRegion: the copy would be the parameter itself',
  ],
  [onTexts({ names: ['/app/common'] }), 'parameter.names: expected at least two'],
  [
    onTexts({ names: ['/app/common', 'app/api'] }),
    'parameter.names.1: a parameter name with a / in it has to begin with /',
  ],
  [onTexts({ names: ['env', '/env'] }), 'parameter.names: expected each name once'],
  [onTexts({ path: '/app/' }), 'parameter.path: expected either name, names or path'],
  ...[{}, { backupNames: ['/copy/a', '/copy/b', '/copy/c'] }, { backupParameter: '/copy/a' }].map(
    (restore): (typeof mistakes)[0] => [
      onTexts({}, restore),
      'restore.backupNames: expected the name of a copy for each of parameter.names, in the same order',
    ],
  ),
  [
    onTexts({}, { backupNames: ['/copy/common', '/app/common'] }),
    'restore.backupParameter: expected another name than parameter.name, or backupRegion: the copy would be the parameter itself',
  ],
];

it.each(mistakes)('is told of %j: %s', (values, told) => {
  expect(mistakeIn(fileWith(values))).toBe(`targets/x.yml: ${told}`);
});

describe('the doctor of such a target', () => {
  it('asks for one parameter of the copy, where it would ask for the copy', () => {
    const target = { ...appTarget(), restore: { backupParameter: '/app/copy/' } };
    expect(fillCommand('get --name <backup>', target, undefined, {})).toBe(
      'get --name /app/copy/INTERNAL_KEY',
    );
  });
});

describe('its permissions', () => {
  it('reach what is below a path, and the path itself only to list it; and no label, for none is there', () => {
    const { resources, derived } = stackOf(
      appTarget({
        parameter: { name: '/app/prod/', reader: 'path' },
        restore: { backupParameter: '/app/copy/' },
      }),
    );
    const named = (name: string) => ({
      'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${name}`,
    });
    const allowed = (role: string) =>
      statementsOf(resources[role]).filter((statement) => /:parameter\//.test(JSON.stringify(statement)));
    const on = (Action: string | string[], Resource: object) => ({ Effect: 'Allow', Action, Resource });
    const [below, belowCopy] = [named('/app/prod/*'), named('/app/copy/*')];
    const list = on('ssm:GetParametersByPath', [named('/app/prod'), below]);
    const listCopy = on('ssm:GetParametersByPath', [named('/app/copy'), belowCopy]);
    const read = [on(['ssm:GetParameter', 'ssm:GetParameterHistory'], below), list];
    expect(allowed('ValidateEnvRole')).toEqual(read);
    expect(allowed('DeployApiRole')).toEqual(read);
    for (const role of ['PlanRecoveryRole', 'DiagnoseChainRole'])
      expect(allowed(role)).toEqual([...read, on('ssm:GetParameter', belowCopy), listCopy]);
    expect(allowed('UploadEnvRole')).toEqual([
      ...read,
      on('ssm:PutParameter', below),
      on('ssm:GetParameter', belowCopy),
      listCopy,
    ]);
    expect(allowed('MarkKnownGoodRole')).toEqual([
      ...read,
      on(['ssm:GetParameter', 'ssm:GetParameterHistory', 'ssm:PutParameter'], belowCopy),
      listCopy,
    ]);
    expect(derived.parameterNames).toEqual([{ prefix: '/app/prod/' }]);
    expect(stackOf(appTarget({ parameter: { name: '/app/env' } })).derived.parameterNames).toEqual([
      '/app/env',
    ]);
  });

  it('reach each of several texts by its name, and each of their copies', () => {
    const { resources, derived } = stackOf(
      appTarget({
        parameter: { name: '/app/common,api', reader: 'docker' },
        restore: { backupParameter: '/copy/common,/copy/api' },
      }),
    );
    const named = (...names: string[]) =>
      names.map((name) => ({
        'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${name}`,
      }));
    const policies = JSON.stringify(resources);
    expect(policies).toContain(JSON.stringify(named('/app/common', '/api')));
    expect(policies).toContain(JSON.stringify(named('/copy/common', '/copy/api')));
    expect(policies).not.toMatch(/GetParametersByPath|,api|,\/copy/);
    expect(derived.parameterNames).toEqual(['/app/common', 'api']);
  });
});
