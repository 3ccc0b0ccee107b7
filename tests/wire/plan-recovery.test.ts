import { ssmOfBackup } from '../../aws/ssm-clients.ts';
import { planRecovery } from '../../functions/plan-recovery.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { PlanRecoveryInput } from '../../workflow/chain.ts';
import { unseenChain } from '../../workflow/doctor/chain-look.ts';
import { hashPlan, type PlanIngredients } from '../../workflow/plan.ts';
import type { Request } from '../../workflow/request.ts';
import type { EndpointCheck } from '../../workflow/results.ts';
import type { Target } from '../../workflow/target.ts';
import { documentCommands, documentName, otherRegion, parameterName } from '../support/app-names.ts';
import { appTarget, type TargetPart } from '../support/app-target.ts';
import { envFinding, openAws, secret, type TestAws } from '../support/aws.ts';
import { executionRef, plannedFunction } from '../support/execution-facts.ts';
import { servicesOf } from '../support/services.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws({
    instances: [
      { id: 'i-00000002', tag: 'api' },
      { id: 'i-00000001', tag: 'api' },
    ],
  });
});
afterEach(() => aws.close());

const target: TargetPart = {
  parameter: { requiredKeys: ['DB_HOST', 'INTERNAL_KEY'] },
  instances: { tag: 'Name=api' },
  metricFunction: {
    set: { API_URL: 'http://10.0.0.10/' },
    setFromEnv: { API_KEY: 'INTERNAL_KEY' },
    remove: ['API_HOST'],
  },
};
const notAsked: EndpointCheck = { finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null };
const healthy: EndpointCheck = { finding: 'Healthy', needsDeploy: false, httpStatus: 200, proof: null };
const request = (part: Partial<Request> = {}): Request => ({
  mode: 'plan',
  deploy: 'auto',
  force: false,
  reason: null,
  trigger: 'operator',
  ...part,
});
const plan = (input: Partial<PlanRecoveryInput> = {}, part: TargetPart = {}, changed: Partial<Target> = {}) =>
  planRecovery(
    { execution: executionRef(), request: request(), env: envFinding({}), check: notAsked, ...input },
    {
      ...servicesOf(aws),
      target: { ...appTarget({ ...target, ...part }), ...changed },
      ssm: aws.ssm.reader,
      backupSsm: ssmOfBackup(aws.ssm, part.restore ?? {}, aws.clientConfig).reader,
      lambda: aws.lambda.reader,
      // plan-diagnosis.test.ts has what the doctor adds.
      askDoctor: async () => unseenChain({}, 'nobody looked'),
    },
  );
const put = (Value: string) =>
  aws.parameters.put({ Name: parameterName, Value, Type: 'SecureString', Overwrite: true });
const key = secret();
const complete = `DB_HOST=db\nINTERNAL_KEY=${key}\n`;
const incomplete = envFinding({ complete: false, finding: 'Incomplete', version: 2, keys: ['OTHER'] });
const right = { API_URL: 'http://10.0.0.10/', API_KEY: key };

describe('PlanRecovery', () => {
  it('plans to restore a deleted parameter from a copy in another region', async () => {
    const Name = '/app/env-backup';
    aws.elsewhere.put({ Name, Value: complete, Type: 'SecureString' });
    aws.addFunction('metric', 'return 1', right);
    const missing = envFinding({ complete: false, finding: 'Missing', version: 0, keys: [] });
    const restore = { backupParameter: Name, backupRegion: otherRegion };
    expect(await plan({ env: missing }, { restore })).toMatchObject({
      restore: { source: { kind: 'backup', parameterName: Name, version: 1 } },
    });
  });

  it('plans nothing of a function where the target has none, and goes by the env and the endpoint', async () => {
    put(complete);
    const env = envFinding({ version: 1 });
    const decide = (check: EndpointCheck) =>
      plan({ request: request({ mode: 'recover' }), env, check }, {}, { metricFunction: undefined });
    expect(await decide(healthy)).toMatchObject({ decision: 'LeaveAlone', function: null });
    expect(await decide(notAsked)).toMatchObject({ decision: 'Verify', function: null });
    const unhealthy = { ...notAsked, finding: 'EndpointUnhealthy', needsDeploy: true } as const;
    expect(await decide(unhealthy)).toMatchObject({ decision: 'Repair', function: null });
    expect(aws.countCalls('GetFunctionConfiguration')).toBe(0);
  });

  it('plans to move the alias of the metric function, which an approval then covers, and says what keeps it from that', async () => {
    put(complete);
    aws.addFunction('metric', 'return 1', { API_HOST: 'x' });
    const versions = aws.functions.versionsOf('metric');
    versions.putAlias('live', { FunctionVersion: aws.functions.publish('metric') });
    const withAlias = { metricFunction: { ...target.metricFunction, alias: 'live' } };
    const env = envFinding({ version: 1 });
    const planned = await plan({ env, check: healthy }, withAlias);
    const aliasMove = { name: 'live', fromVersion: '1', toVersion: null };
    expect(planned.function).toMatchObject({ aliasMove, removedKeys: ['API_HOST'], problem: null });
    const { aliasMove: _, ...without } = planned.function ?? plannedFunction();
    expect(hashPlan({ ...planned, function: without })).not.toBe(planned.hash);

    // $LATEST is right by now, but nobody invokes that.
    aws.functions.update('metric', right);
    expect(
      await plan({ env, check: healthy, request: request({ mode: 'recover' }) }, withAlias),
    ).toMatchObject({
      decision: 'Repair',
      function: { setKeys: [], removedKeys: [], aliasMove },
    });
    versions.putAlias('live', { FunctionVersion: aws.functions.publish('metric') });
    expect((await plan({ env, check: healthy }, withAlias)).function).not.toHaveProperty('aliasMove');

    const other = { metricFunction: { ...target.metricFunction, alias: 'other' } };
    expect(await plan({ env, check: healthy }, other)).toMatchObject({
      function: { problem: { error: 'FunctionAliasNotFound' } },
    });
  });

  it('plans nothing where nothing is wrong', async () => {
    put(complete);
    aws.addFunction('metric', 'return 1', right);
    expect(await plan({ check: healthy })).toMatchObject({
      outcome: 'Planned',
      decision: 'ShowPlan',
      parameter: { version: 1, finding: 'Complete', modifiedAt: expect.any(String) },
      restore: null,
      deploy: null,
      function: { functionName: 'metric', setKeys: [], removedKeys: [], problem: null },
    });
  });

  it('says by name what it would restore and from where, deploy and patch, and shows no value', async () => {
    put(complete);
    put('OTHER=1\n');
    aws.addFunction('metric', 'return 1', { API_KEY: 'old', API_HOST: 'api.example.com' });
    const planned = await plan({ env: incomplete });
    expect(planned).toMatchObject({
      needsApproval: false,
      parameter: { version: 2 },
      restore: {
        source: { kind: 'history', version: 1, isKnownGood: false },
        restoredKeys: ['DB_HOST', 'INTERNAL_KEY'],
        keyCount: 3,
      },
      deploy: { documentName, instanceIds: ['i-00000001', 'i-00000002'], commands: documentCommands },
      // The key is the one that the restored text will have.
      function: { setKeys: ['API_URL', 'API_KEY'], removedKeys: ['API_HOST'], problem: null },
    });
    expect(JSON.stringify(planned)).not.toContain(key);
  });

  it.each<[string, Partial<Request>, boolean]>([
    ['deploys an API that is not healthy', {}, true],
    ['does not deploy when told so', { deploy: 'never' }, false],
  ])('%s', async (_what, part, isDeployed) => {
    put(complete);
    aws.addFunction('metric', 'return 1', right);
    const check = {
      needsDeploy: true,
      finding: 'EndpointUnhealthy' as const,
      httpStatus: 500,
      proof: null,
    };
    expect((await plan({ request: request(part), check })).deploy !== null).toBe(isDeployed);
  });

  it('deploys always when told to', async () => {
    put(complete);
    aws.addFunction('metric', 'return 1', right);
    expect(await plan({ request: request({ deploy: 'always' }) })).toMatchObject({
      deploy: { documentName },
    });
  });

  it('puts down what stands in the way of the deploy and of the function, and restores all the same', async () => {
    put(complete);
    put('OTHER=1\n');
    expect(await plan({ env: incomplete }, { instances: { tag: 'Name=nobody' } })).toMatchObject({
      restore: { restoredKeys: ['DB_HOST', 'INTERNAL_KEY'] },
      deploy: { instanceIds: [], problem: { error: 'NoInstances' } },
      function: { problem: { error: 'FunctionNotFound' } },
    });
  });

  it('fails where it would only have to wait, so that it is tried again', async () => {
    put(complete);
    const throttled = () => new AwsError('TooManyRequestsException', 'slow down', 429);
    aws.fail('GetFunctionConfiguration', throttled(), throttled(), throttled(), throttled());
    await expect(plan()).rejects.toMatchObject({ name: 'AwsThrottled' });
  });

  it('fails as EnvRestoreFailed where there is nothing to restore from', async () => {
    put('MORE=1\n');
    put('OTHER=1\n');
    await expect(plan({ env: incomplete })).rejects.toMatchObject({ name: 'EnvRestoreFailed' });
  });

  it('notes the key of the variables, which a refusal to invoke the function does not name', async () => {
    put(complete);
    const kmsKeyArn = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000001';
    jest
      .spyOn(aws.lambda.reader, 'send')
      .mockImplementationOnce(() => Promise.resolve({ RevisionId: 'r', KMSKeyArn: kmsKeyArn }));
    expect(await plan()).toMatchObject({ function: { kmsKeyArn, problem: null } });
  });

  it('fails as EnvHistoryFull where SSM would take no version, before anybody is told of a start', async () => {
    put(complete);
    for (let version = 2; version <= 99; version += 1) put('OTHER=1\n');
    aws.parameters.label(parameterName, 1, ['release-1']);
    aws.addFunction('metric', 'return 1', right);
    const env = { ...incomplete, version: 99 };
    expect(await plan({ env })).toMatchObject({ restore: { restoredKeys: ['DB_HOST', 'INTERNAL_KEY'] } });
    put('OTHER=1\n');
    await expect(plan({ env })).rejects.toMatchObject({
      name: 'EnvHistoryFull',
      message: expect.stringContaining('--parameter-version 1 --labels release-1'),
    });
  });

  it('changes nothing in any of this', async () => {
    put(complete);
    put('OTHER=1\n');
    aws.addFunction('metric', 'return 1', {});
    await plan({ env: incomplete });
    const operations = new Set(aws.endpoint.calls.map(({ operation }) => operation));
    expect([...operations].sort()).toEqual([
      'DescribeInstanceInformation',
      'GetDocument',
      'GetFunctionConfiguration',
      'GetParameterHistory',
    ]);
  });
});

describe('the hash of a plan', () => {
  const patched = plannedFunction({ revisionId: 'one', setKeys: ['A'], removedKeys: ['B'] });
  const ingredients: PlanIngredients = {
    parameter: { parameterName, finding: 'Incomplete', version: 2, modifiedAt: '2026-01-01T00:00:00.000Z' },
    restore: {
      source: { kind: 'history', version: 1, isKnownGood: false },
      restoredKeys: ['A'],
      revertedKeys: [],
      leftOutLines: [],
      sourceNotes: [],
      keyCount: 2,
    },
    deploy: { documentName, instanceIds: ['i-00000001'], commands: ['deploy'], problem: null },
    function: patched,
  };
  const { parameter, restore, deploy } = ingredients;

  it.each<[string, Partial<PlanIngredients>]>([
    ['the version of the parameter', { parameter: { ...parameter, version: 3 } }],
    ['when that version was written', { parameter: { ...parameter, modifiedAt: null } }],
    ['the parameter', { parameter: { ...parameter, parameterName: '/other' } }],
    ['what is wrong with it', { parameter: { ...parameter, finding: 'Empty' } }],
    ['whether it is restored', { restore: null }],
    ['the source', { restore: restore && { ...restore, source: null } }],
    ['the keys to restore', { restore: restore && { ...restore, restoredKeys: ['A', 'B'] } }],
    ['the values to take back', { restore: restore && { ...restore, revertedKeys: ['A'] } }],
    ['whether it is deployed', { deploy: null }],
    ['the instances', { deploy: deploy && { ...deploy, instanceIds: ['i-00000002'] } }],
    ['the commands', { deploy: deploy && { ...deploy, commands: ['another'] } }],
    ['the document', { deploy: deploy && { ...deploy, documentName: 'other' } }],
    ['the revision of the function', { function: { ...patched, revisionId: 'two' } }],
    ['the function', { function: { ...patched, functionName: 'other' } }],
    ['whether there is a function', { function: null }],
    ['the variables to set', { function: { ...patched, setKeys: [] } }],
    ['the variables to remove', { function: { ...patched, removedKeys: [] } }],
    ['a problem', { function: { ...patched, problem: { error: 'AccessDenied', message: 'no' } } }],
  ])('changes with %s', (_what, part) => {
    expect(hashPlan({ ...ingredients, ...part })).not.toBe(hashPlan(ingredients));
  });

  it('does not depend on the order of fields', () => {
    const { version, ...rest } = parameter;
    expect(hashPlan({ function: patched, deploy, restore, parameter: { version, ...rest } })).toBe(
      hashPlan(ingredients),
    );
  });
});
