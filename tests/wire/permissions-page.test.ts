/** The policies of docs/permissions.md: that they are ones, and that they fit what the CLI and the workflow do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sfn from '@aws-sdk/client-sfn';
import * as ssm from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { AwsError } from '../../sandbox/endpoint.ts';
import { stackOf } from '../../stack/stack.ts';
import { loadTarget } from '../../targets/load.ts';
import { knownGoodLabel } from '../../workflow/versions.ts';
import { backupName, complete, parameterName, useOperator } from '../support/operator.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'permissions.md'), 'utf8');
const target = { name: 'academy-api', ...loadTarget('academy-api') };

const oneOrMore = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
);
const Policy = v.strictObject({
  Version: v.literal('2012-10-17'),
  Statement: v.array(
    v.strictObject({
      Sid: v.pipe(v.string(), v.regex(/^[A-Za-z0-9]+$/)),
      Effect: v.picklist(['Allow', 'Deny']),
      Action: oneOrMore,
      Resource: oneOrMore,
      Condition: v.optional(v.record(v.string(), v.record(v.string(), oneOrMore))),
    }),
  ),
});
const statements = [...page.matchAll(/^```json\n(.*?)^```$/gms)].flatMap(
  ([, json = '']) => v.parse(Policy, JSON.parse(json)).Statement,
);
const statement = (sid: string) => {
  const found = statements.find(({ Sid }) => Sid === sid);
  if (!found) throw new Error(`docs/permissions.md has no statement ${sid}`);
  return found;
};
const parameterArn = (name = '') => `arn:aws:ssm:ap-northeast-2:111122223333:parameter${name}`;

/** Every action that changes a parameter, or makes its versions or its key unusable. */
const writes = ['LabelParameterVersion', 'PutParameter', 'UnlabelParameterVersion'].map(
  (one) => `ssm:${one}`,
);

describe('the policies of docs/permissions.md', () => {
  it('have statements of different names, on the parameters, the key and the state machine of the sample target', () => {
    const sids = statements.map(({ Sid }) => Sid);
    expect(sids).toEqual([...new Set(sids)]);
    expect(sids.length).toBeGreaterThan(6);
    const resources = new Set(statements.flatMap(({ Resource }) => Resource));
    expect([...resources].sort()).toEqual([
      'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000000',
      parameterArn(target.parameter.name),
      parameterArn(target.restore.backupParameter),
      'arn:aws:states:ap-northeast-2:111122223333:stateMachine:env-recovery-academy-api',
    ]);
  });

  it('name actions that there are', () => {
    // No client of KMS is installed.
    const ofKms = [
      'Decrypt',
      'DeleteImportedKeyMaterial',
      'DisableKey',
      'Encrypt',
      'GenerateDataKey',
      'ScheduleKeyDeletion',
    ];
    const known: Readonly<Record<string, (name: string) => boolean>> = {
      ssm: (name) => `${name}Command` in ssm,
      states: (name) => `${name}Command` in sfn,
      kms: (name) => ofKms.includes(name),
    };
    const unknown = statements
      .flatMap(({ Action }) => Action)
      .filter((action) => {
        const [service = '', name = ''] = action.split(':');
        return !known[service]?.(name);
      });
    expect(unknown).toEqual([]);
  });

  it('let nobody write but the operator and the roles of the stack that do', () => {
    const Role = v.object({
      Properties: v.object({
        Policies: v.array(
          v.object({
            PolicyDocument: v.object({
              Statement: v.array(v.object({ Action: oneOrMore, Resource: v.unknown() })),
            }),
          }),
        ),
      }),
    });
    const writersOf = (name = '') =>
      Object.entries(stackOf(target).resources)
        .filter(([, resource]) => {
          const role = v.safeParse(Role, resource);
          return (
            role.success &&
            role.output.Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement).some(
              ({ Action, Resource }) =>
                Action.some((action) => writes.includes(action)) &&
                JSON.stringify(Resource).endsWith(`:parameter${name}"}`),
            )
          );
        })
        .map(([id]) => `arn:aws:iam::111122223333:role/env-recovery-academy-api-${id}-*`)
        .sort();
    const exceptions = (sid: string) => statement(sid).Condition?.ArnNotLike?.['aws:PrincipalArn'];
    expect(exceptions('OnlyRecoverEnvAndItsWorkflowWriteTheEnv')).toEqual([
      'arn:aws:iam::111122223333:role/env-operator',
      ...writersOf(target.parameter.name),
    ]);
    expect(exceptions('OnlyTheWorkflowWritesTheBackup')).toEqual(writersOf(target.restore.backupParameter));
    for (const sid of ['OnlyRecoverEnvAndItsWorkflowWriteTheEnv', 'OnlyTheWorkflowWritesTheBackup'])
      expect(statement(sid)).toMatchObject({ Effect: 'Deny', Action: writes });
    expect(statement('NobodyDeletesThem')).toMatchObject({
      Effect: 'Deny',
      Resource: [target.parameter.name, target.restore.backupParameter].map(parameterArn),
    });
    expect(statement('NobodyDeletesThem').Condition).toBeUndefined();
  });
});

describe('the policy of an operator', () => {
  const { aws, directory, file, put, run } = useOperator();

  it('allows what the commands call, and nothing that none of them calls', async () => {
    put(complete());
    aws().parameters.label(parameterName, 1, [knownGoodLabel]);
    // With 100 versions, of which the oldest is the known-good one, a write moves its label.
    for (let version = 2; version <= 100; version += 1) put(complete());
    put(complete(), backupName);
    const text = complete();
    for (const commandLine of [
      ['check'],
      ['history'],
      ['set', 'NEW_KEY'],
      ['restore', '--known-good', '--yes'],
      ['push', file(`${text}NEW_KEY=canary\n`, 'more.env'), '--yes'],
      ['unset', 'NEW_KEY', '--yes'],
      ['diff', file(text)],
      ['pull', join(directory(), 'pulled.env'), '--yes'],
    ])
      expect(await run(commandLine, { input: 'canary' })).toMatchObject({ exitCode: 0 });
    // A write that fails after that puts the label back.
    const [oldest] = aws().parameters.history(parameterName);
    aws().parameters.label(parameterName, oldest?.Version, [knownGoodLabel]);
    aws().meanwhile('UnlabelParameterVersion', () =>
      aws().fail('PutParameter', new AwsError('ThrottlingException', '')),
    );
    expect(await run(['set', 'NEW_KEY'], { input: 'canary' })).toMatchObject({ exitCode: 1 });

    const called = aws()
      // Everybody may ask who they are, for the message of an error.
      .endpoint.calls.filter(({ operation }) => operation !== 'GetCallerIdentity')
      .map(({ operation, input }) => {
        const { Name } = v.parse(v.looseObject({ Name: v.string() }), input);
        return `ssm:${operation} on ${Name === backupName ? 'the backup' : 'the env'}`;
      });
    const allowed = [
      ...statement('ReadAndWriteTheEnv').Action.map((action) => `${action} on the env`),
      ...statement('ReadTheBackup').Action.map((action) => `${action} on the backup`),
    ];
    expect([...new Set(called)].sort()).toEqual(allowed.sort());
  });
});
