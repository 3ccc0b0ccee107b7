/** A metric function that is invoked through an alias: what the alias points to never changes, so it has to be moved. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { patchLambdaEnv } from '../../functions/patch-lambda-env.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { PlannedFunction } from '../../workflow/plan.ts';
import { parameterName } from '../support/app-names.ts';
import { type AwsOptions, envFinding, openAws, secret, type TestAws } from '../support/aws.ts';
import { giveLease } from '../support/execution.ts';
import { executionRef, plannedFunction, recoveryPlan } from '../support/execution-facts.ts';
import { servicesOf } from '../support/services.ts';

let aws: TestAws;
afterEach(() => aws.close());

const name = 'metric';
const alias = 'live';
const key = secret();
const right = { API_URL: 'http://10.0.0.10:8000/count/', API_KEY: key };
const metricFunction = {
  alias,
  set: { API_URL: right.API_URL },
  setFromEnv: { API_KEY: 'INTERNAL_KEY' },
  remove: ['API_HOST'],
};

/** The function, with the alias on a version that is like `$LATEST`. */
async function open(variables: Record<string, string>, options: AwsOptions = {}): Promise<void> {
  aws = await openAws(options);
  aws.parameters.put({ Name: parameterName, Value: `INTERNAL_KEY=${key}\n`, Type: 'SecureString' });
  aws.addFunction(name, 'return process.env.API_KEY', variables);
  const FunctionVersion = aws.functions.publish(name);
  aws.functions.versionsOf(name).putAlias(alias, { FunctionVersion });
}
const startedAt = new Date(Date.now() + 3600_000).toISOString();
const planOf = (part: Partial<PlannedFunction> = {}, needsApproval = false) =>
  recoveryPlan({ needsApproval, function: plannedFunction(part) });
async function patch(plan = planOf(), owner = 'run-1') {
  await giveLease(aws, executionRef({ name: owner, startedAt }));
  return patchLambdaEnv(
    { execution: executionRef({ startedAt }), env: envFinding({}), plan },
    { ...servicesOf(aws, { metricFunction }), ssm: aws.ssm.reader, lambda: aws.lambda },
  );
}
const pointsTo = () => aws.functions.versionsOf(name).alias(alias).FunctionVersion;
const changes = () =>
  ['UpdateFunctionConfiguration', 'PublishVersion', 'UpdateAlias'].map((one) => aws.countCalls(one));
const move = { name: alias, fromVersion: '1', toVersion: null };

describe('PatchLambdaEnv, with an alias', () => {
  it('patches $LATEST, publishes it, and moves the alias there: whoever invokes it gets the new variables', async () => {
    await open({ API_URL: 'old', API_HOST: 'x', OTHER: 'kept' });
    expect(await patch()).toMatchObject({
      outcome: 'Patched',
      setKeys: ['API_URL', 'API_KEY'],
      aliasMove: { name: alias, fromVersion: '1', toVersion: '2' },
    });
    expect(pointsTo()).toBe('2');
    const answer = await aws.lambda.invoker.send(new InvokeCommand({ FunctionName: `${name}:${alias}` }));
    expect(Buffer.from(answer.Payload ?? []).toString()).toBe(JSON.stringify(key));
    expect(aws.functions.describe(`${name}:2`).Environment.Variables).toEqual({ ...right, OTHER: 'kept' });
    const inputs = aws.endpoint.calls.filter(({ operation }) => /PublishVersion|UpdateAlias/.test(operation));
    expect(inputs.map(({ input }) => input)).toEqual([
      { FunctionName: name, RevisionId: expect.any(String) },
      { FunctionName: name, Name: alias, FunctionVersion: '2', RevisionId: expect.any(String) },
    ]);
  });

  it('changes nothing where the alias has the variables already', async () => {
    await open(right);
    const patched = await patch();
    expect(patched).toMatchObject({ outcome: 'Unchanged' });
    expect(patched).not.toHaveProperty('aliasMove');
    expect(changes()).toEqual([0, 0, 0]);
  });

  it('only publishes and moves where somebody has put $LATEST right by hand', async () => {
    await open({ API_URL: 'old' });
    aws.functions.update(name, right);
    expect(await patch()).toMatchObject({ outcome: 'Patched', setKeys: [], aliasMove: { toVersion: '2' } });
    expect(changes()).toEqual([0, 1, 1]);
  });

  it('leaves an alias that points to $LATEST where it is', async () => {
    await open({ API_URL: 'old' });
    aws.functions.versionsOf(name).putAlias(alias, { FunctionVersion: '$LATEST' });
    expect(await patch()).not.toHaveProperty('aliasMove');
    expect(changes()).toEqual([1, 0, 0]);
  });

  it.each(['PublishVersion', 'UpdateAlias'])(
    'makes no second version after the answer to %s was lost, and says what was done',
    async (operation) => {
      await open({ API_URL: 'old' });
      aws.fail(operation, 'drop-after');
      const plan = planOf({ aliasMove: move });
      await expect(patch(plan)).rejects.toMatchObject({ name: 'AwsUnavailable' });
      expect(await patch(plan)).toMatchObject({ outcome: 'Patched', aliasMove: { toVersion: '2' } });
      expect(pointsTo()).toBe('2');
      expect(() => aws.functions.describe(`${name}:3`)).toThrow();
    },
  );

  it('waits until the version is ready, and moves the alias no earlier', async () => {
    await open({ API_URL: 'old' }, { versionAfterMs: 100 });
    aws.meanwhile('UpdateAlias', () => expect(aws.functions.describe(`${name}:2`).State).toBe('Active'));
    expect(await patch()).toMatchObject({ aliasMove: { toVersion: '2' } });
    const looks = aws.endpoint.calls.filter(
      ({ operation, input }) =>
        operation === 'GetFunctionConfiguration' && JSON.stringify(input).includes(`${name}:2`),
    );
    expect(looks.length).toBeGreaterThan(2);
  });

  it('gives up on a version that is never ready, and leaves the alias where it was', async () => {
    await open({ API_URL: 'old' }, { versionAfterMs: 3600_000 });
    await expect(patch()).rejects.toMatchObject({ name: 'FunctionUpdateConflict' });
    expect(pointsTo()).toBe('1');
  });

  it('publishes nothing that somebody writes to $LATEST meanwhile, but looks at it first', async () => {
    await open({ API_URL: 'old' });
    aws.meanwhile('PublishVersion', () => aws.functions.replaceCode(name, (directory) => `${directory}-new`));
    await expect(patch()).rejects.toMatchObject({
      name: 'FunctionChangesUnpublished',
      message: expect.stringContaining('its code'),
    });
    expect(pointsTo()).toBe('1');
    expect(() => aws.functions.describe(`${name}:2`)).toThrow();
  });

  it('does not take the place of a version to which somebody else has moved the alias meanwhile', async () => {
    await open({ API_URL: 'old' });
    aws.meanwhile('UpdateAlias', () => {
      aws.functions.versionsOf(name).putAlias(alias, { FunctionVersion: '1' });
    });
    expect(await patch()).toMatchObject({ aliasMove: { toVersion: '2' } });
    expect(aws.countCalls('UpdateAlias')).toBe(2);
  });

  it.each<[what: string, change: () => void, named: string]>([
    ['code', () => aws.functions.replaceCode(name, (directory) => `${directory}-new`), 'its code'],
    [
      'a variable of others',
      () => aws.functions.update(name, { API_URL: 'old', FEATURE: 'on' }),
      'variable FEATURE',
    ],
  ])(
    'publishes none of the changes of others that were never published: %s',
    async (_what, change, named) => {
      await open({ API_URL: 'old' });
      change();
      const before = aws.functions.variables(name);
      await expect(patch()).rejects.toMatchObject({
        name: 'FunctionChangesUnpublished',
        message: expect.stringContaining(named),
      });
      expect(aws.functions.variables(name)).toBe(before);
      expect(changes()).toEqual([0, 0, 0]);
    },
  );

  it('moves no alias that divides its invocations, and needs to move none whose versions are all right', async () => {
    await open({ API_URL: 'old' });
    aws.functions.update(name, right);
    const FunctionVersion = aws.functions.publish(name);
    const versions = aws.functions.versionsOf(name);
    const RoutingConfig = { AdditionalVersionWeights: { '1': 0.1 } };
    versions.putAlias(alias, { FunctionVersion, RoutingConfig });
    await expect(patch()).rejects.toMatchObject({
      name: 'FunctionAliasWeighted',
      message: expect.stringMatching(/versions 2, 1, and the variables of 1 are not/),
    });
    aws.functions.update(name, { ...right, MORE: 'x' });
    versions.putAlias(alias, {
      RoutingConfig: { AdditionalVersionWeights: { [aws.functions.publish(name)]: 0.1 } },
    });
    await expect(patch()).resolves.toMatchObject({ outcome: 'Unchanged' });
    expect(changes()).toEqual([0, 0, 0]);
  });

  it('fails by name where there is no such alias, before it changes anything', async () => {
    await open({ API_URL: 'old' });
    aws.fail('GetAlias', new AwsError('ResourceNotFoundException', 'Cannot find alias arn', 404));
    await expect(patch()).rejects.toMatchObject({
      name: 'FunctionAliasNotFound',
      message: expect.stringContaining('no alias live'),
    });
    expect(changes()).toEqual([0, 0, 0]);
  });

  it('moves no alias without the lease, nor one whose move nobody has approved', async () => {
    await open({ API_URL: 'old' });
    aws.functions.update(name, right);
    await expect(patch(planOf(), 'other')).rejects.toMatchObject({ name: 'LeaseLost' });
    for (const aliasMove of [undefined, { ...move, fromVersion: '7' }])
      await expect(patch(planOf(aliasMove ? { aliasMove } : {}, true))).rejects.toMatchObject({
        name: 'PlanOutdated',
        message: expect.stringContaining('alias live'),
      });
    expect(changes()).toEqual([0, 0, 0]);
    expect(await patch(planOf({ aliasMove: move }, true))).toMatchObject({ outcome: 'Patched' });
  });
});
