/** The doctor asks for nothing of the stack's roles that the stack does not give them. */
import { decide } from '../../sandbox/services/iam-policies.ts';
import { loadTarget } from '../../targets/load.ts';
import { hostNeeds, metricFunctionNeeds, recoveryNeeds } from '../../workflow/doctor/role-needs.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { stackRoles } from '../support/stack-functions.ts';
import { measured } from '../support/target-file.ts';

const place = { partition: 'aws', region: 'ap-northeast-2', accountId: '111122223333' };
const academy = { name: 'academy-api', ...measured(loadTarget('academy-api')) };
const { metric: _metric, metricFunction: _function, ...healthOnly } = academy;
const { internalKey: _key, ...keyless } = healthOnly.endpoint;
const key = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000000';

it.each<[string, DeployedTarget]>([
  ['academy-api', academy],
  ['sandbox', { name: 'sandbox', ...loadTarget('sandbox') }],
  ['one with an alias', { ...academy, metricFunction: { ...academy.metricFunction, alias: 'live' } }],
  ['one without a metric function', healthOnly],
  ['one whose endpoint wants no key', { ...healthOnly, endpoint: keyless }],
  [
    'one with a parameter for each key',
    { ...academy, parameter: { ...academy.parameter, name: '/academy/prod/' } },
  ],
  [
    'one with several texts',
    { ...academy, parameter: { ...academy.parameter, name: '/academy/a,/academy/b' } },
  ],
  ['one with a key', { ...academy, parameter: { ...academy.parameter, kmsKeyArn: key } }],
  [
    'one whose parameter is in no folder',
    { ...academy, parameter: { ...academy.parameter, name: 'api-env' } },
  ],
])('of %s', (_what, target) => {
  const roles = stackRoles(target);
  const needs = recoveryNeeds(target, place);
  expect(needs.length).toBeGreaterThan(6);
  const denied = needs.flatMap(({ functionName, need }) =>
    need.actions
      .filter((action) => {
        const context = new Map(Object.entries(need.context).map(([name, value]) => [name, [value]]));
        const policies = roles.get(functionName) ?? new Map();
        return decide(policies, { action, resource: need.resource, context }).decision !== 'allowed';
      })
      .map((action) => `${functionName} may not ${action}`),
  );
  expect(denied).toEqual([]);
  const own = roles.get(target.metricFunction?.name ?? '');
  expect(own !== undefined).toBe(target.metricFunction?.deploy === true);
  const decisions = metricFunctionNeeds(target).flatMap(({ actions, resource, context }) => {
    const asked = new Map(Object.entries(context).map(([name, value]) => [name, [value]]));
    return actions.map((action) => own && decide(own, { action, resource, context: asked }).decision);
  });
  if (own) expect(decisions).toEqual(['allowed']);
});

it.each([
  ['/academy/env', ['ssm:GetParameter parameter/academy/env']],
  ['/academy/prod/', ['ssm:GetParametersByPath parameter/academy/prod']],
  ['/academy/a,/academy/b', ['ssm:GetParameter parameter/academy/a', 'ssm:GetParameter parameter/academy/b']],
])('of the host are what docs/host.md says, for %s', (name, needed) => {
  const needs = hostNeeds({ ...academy, parameter: { ...academy.parameter, name } }, place);
  expect(needs.map(({ actions, resource }) => `${actions} ${resource.split(':').at(-1)}`)).toEqual(needed);
});
