/** What the doctor makes of what IAM says of roles. */
import * as v from 'valibot';
import { decide, PolicyDocument } from '../../sandbox/services/iam-policies.ts';
import { arn } from '../../sandbox/template.ts';
import { loadTarget } from '../../targets/load.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import { allowCommand } from '../../workflow/doctor/role-command.ts';
import type { ActionFacts, RolesFacts } from '../../workflow/doctor/role-facts.ts';
import { hostNeeds, metricFunctionNeeds } from '../../workflow/doctor/role-needs.ts';
import { unseen } from '../../workflow/network/seen.ts';
import { hostRole, metricRole, needOf, recoveryRole } from '../support/broken-roles.ts';
import { Options, wordsOf } from '../support/command-words.ts';
import { doctorTarget, healthyFacts } from '../support/healthy-facts.ts';

const target = doctorTarget();
const place = { partition: 'aws', region: 'ap-northeast-2', accountId: '111122223333' };

const judged = (roles: RolesFacts) => {
  const { causes, links } = diagnose(healthyFacts({ roles }), target);
  const notOk = links.filter(({ state }) => state !== 'ok').map(({ link, state }) => [link, state]);
  const [finding] = links.flatMap(({ findings }) => findings);
  return { cause: causes[0], notOk, finding };
};

describe('a role', () => {
  it('that may do its work is ok, and says what it may', () => {
    const { links } = diagnose(healthyFacts({ roles: hostRole({ decision: 'allowed' }) }), target);
    expect(links.find(({ link }) => link === 'host')?.seen).toContain(
      'role app-role of instance i-00000001 may ssm:GetParameter',
    );
  });

  it('that nobody looked at is not spoken of', () => {
    const { links } = diagnose(healthyFacts(), target);
    expect(links.flatMap(({ seen }) => seen).filter((text) => text.includes('role'))).toEqual([]);
  });

  it.each<[string, Partial<ActionFacts>]>([
    ['its permissions boundary', { deniedBy: ['its permissions boundary'] }],
    ['no-env', { decision: 'explicitDeny', deniedBy: ['no-env'] }],
  ])('that %s denies it is told so, and no Allow is put beside that', (by, part) => {
    const { cause } = judged(hostRole(part));
    expect(cause).toMatchObject({ code: 'HostCannotReadEnv', commands: [] });
    expect(cause?.says).toMatch(new RegExp(`may not ssm:GetParameter on arn:.*: ${by} denies it$`));
  });

  it.each<[string, RolesFacts, RegExp]>([
    ['on a condition', hostRole({ unknownKeys: ['aws:SourceIp'] }), /unless by the values of aws:SourceIp/],
    ['on the policy of a key', hostRole({}, needOf('kms:Decrypt')), /the policy of the key was not read/],
    [
      'on credentials of another kind',
      { hosts: [{ instanceId: 'i-00000001', role: null }], metricFunction: null, recovery: [] },
      /instance i-00000001 has no role/,
    ],
  ])('is unknown where that hangs %s', (_what, roles, says) => {
    const { finding, notOk } = judged(roles);
    expect(notOk).toEqual([['host', 'unknown']]);
    expect(finding).toMatchObject({ code: 'RoleUnknown', says: expect.stringMatching(says) });
  });

  it('of a key that is denied explicitly is broken all the same', () => {
    const part: Partial<ActionFacts> = { decision: 'explicitDeny', deniedBy: ['no-keys'] };
    expect(judged(hostRole(part, needOf('kms:Decrypt'))).cause?.code).toBe('HostCannotReadEnv');
  });

  it('of the metric function is proven by a datapoint', () => {
    expect(judged(metricRole()).notOk).toEqual([]);
  });

  it('is unknown once, however many functions nobody may look at', () => {
    const role = unseen('iam:SimulatePrincipalPolicy on role x: access denied.', 'NotAllowed');
    const { links } = diagnose(
      healthyFacts({
        roles: {
          hosts: [],
          metricFunction: null,
          recovery: ['a', 'b', 'c'].map((functionName) => ({ functionName, role })),
        },
      }),
      target,
    );
    const found = links.find(({ link }) => link === 'readiness');
    expect(found?.findings.map(({ says }) => says)).toEqual([`${role.why} (and 2 roles more)`]);
  });

  it('of the stack is cured by a policy with a name of its own', () => {
    expect(judged(recoveryRole()).cause?.commands).toEqual([
      expect.stringMatching(
        /^aws iam put-role-policy --role-name app-role --policy-name env-recovery-app-uploadEnv /,
      ),
    ]);
  });
});

describe('the command that allows it', () => {
  const policyIn = (command = '') => {
    const options = new Options(wordsOf(command));
    return v.parse(v.pipe(v.string(), v.parseJson(), PolicyDocument), options.text('policy-document'));
  };

  it('allows just that, under the conditions of the call', () => {
    const { kmsKeyArn } = loadTarget('academy-api').parameter;
    expect(kmsKeyArn).toBeUndefined();
    const key = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000000';
    const withKey = { ...target, parameter: { ...target.parameter, kmsKeyArn: key } };
    const needs = [...hostNeeds(withKey, place), ...metricFunctionNeeds(target)];
    expect(needs.map(({ resource }) => resource)).toEqual([
      'arn:aws:ssm:ap-northeast-2:111122223333:parameter/app/env',
      key,
      '*',
    ]);
    for (const need of needs) {
      const [command] = allowCommand('arn:aws:iam::111122223333:role/x', 'name', need);
      const policies = new Map([['name', policyIn(command)]]);
      const context = new Map(Object.entries(need.context).map(([name, value]) => [name, [value]]));
      const { resource } = need;
      for (const action of need.actions) {
        expect(decide(policies, { action, resource, context }).decision).toBe('allowed');
        const elsewhere = new Map([...context.keys()].map((name) => [name, ['other']]));
        if (context.size > 0)
          expect(decide(policies, { action, resource, context: elsewhere }).decision).toBe('implicitDeny');
      }
      expect(decide(policies, { action: 'ssm:PutParameter', resource, context }).decision).toBe(
        'implicitDeny',
      );
    }
  });

  it('is left out where a shell would read more into it', () => {
    const need = { ...needOf('cloudwatch:PutMetricData', '*'), context: { 'cloudwatch:namespace': 'a"b' } };
    expect(allowCommand('arn:aws:iam::111122223333:role/x', 'name', need)).toEqual([]);
    const odd = { ...need, context: { 'cloudwatch:namespace': 'a$(b) & c' } };
    const [command = ''] = allowCommand('arn:aws:iam::111122223333:role/x', 'name', odd);
    expect(command).not.toMatch(/[$&]/);
    expect(policyIn(command).Statement[0]?.Condition?.StringEquals).toEqual({
      'cloudwatch:namespace': ['a$(b) & c'],
    });
  });
});

describe('a policy in the sandbox', () => {
  const document = v.parse(PolicyDocument, {
    Statement: [
      { Effect: 'Allow', Action: ['ssm:Get*'], Resource: 'arn:aws:ssm:*:111122223333:parameter/app/*' },
      { Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringEquals: { colour: 'red' } } },
      { Effect: 'Allow', Action: 'lambda:Invoke?', Resource: '*', Condition: { Null: { colour: 'true' } } },
    ],
  });
  const ask = (action: string, resource: string, colour?: string) =>
    decide(new Map([['app', document]]), {
      action,
      resource,
      context: new Map(colour === undefined ? [] : [['colour', [colour]]]),
    });
  const env = arn('ssm', 'parameter/app/env');

  it('allows by wildcards, denies before that, and needs a statement for anything', () => {
    expect(ask('ssm:GetParameter', env)).toEqual({
      decision: 'allowed',
      matched: ['app'],
      missingKeys: ['colour'],
    });
    expect(ask('SSM:getParameter', env, 'blue').decision).toBe('allowed');
    expect(ask('ssm:GetParameter', env, 'red')).toEqual({
      decision: 'explicitDeny',
      matched: ['app'],
      missingKeys: [],
    });
    expect(ask('ssm:PutParameter', env, 'blue').decision).toBe('implicitDeny');
    expect(ask('ssm:GetParameter', arn('ssm', 'parameter/other'), 'blue').decision).toBe('implicitDeny');
  });

  it('knows keys that have to be absent', () => {
    expect(
      [ask('lambda:InvokeX', '*'), ask('lambda:InvokeX', '*', 'blue')].map((one) => one.decision),
    ).toEqual(['allowed', 'implicitDeny']);
  });

  it('is none with anything that is not known here', () => {
    const statement = { Effect: 'Allow', NotAction: 'x:y', Resource: '*' };
    expect(v.safeParse(PolicyDocument, { Statement: [statement] }).success).toBe(false);
    const condition = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
    const other = { Effect: 'Allow', Action: 'x:y', Resource: '*', Condition: condition };
    expect(v.safeParse(PolicyDocument, { Statement: [other] }).success).toBe(false);
  });
});
