import { patchLambdaEnv } from '../../functions/patch-lambda-env.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { patchVariables } from '../../workflow/function-patch.ts';
import { parameterName } from '../support/app-names.ts';
import { appTarget } from '../support/app-target.ts';
import { type AwsOptions, envFinding, openAws, secret, type TestAws } from '../support/aws.ts';
import { giveLease } from '../support/execution.ts';
import { executionRef, plannedFunction, recoveryPlan } from '../support/execution-facts.ts';
import { servicesOf } from '../support/services.ts';

let aws: TestAws;
const key = secret();
const other = secret();
const open = async (options: AwsOptions = {}) => {
  aws = await openAws(options);
  aws.parameters.put({ Name: parameterName, Value: `INTERNAL_KEY=${key}\n`, Type: 'SecureString' });
};
beforeEach(() => open());
afterEach(() => aws.close());

const name = 'metric';
const apiUrl = 'http://10.0.0.10:8000/count/';
const metricFunction = {
  set: { API_URL: apiUrl },
  setFromEnv: { API_KEY: 'INTERNAL_KEY' },
  remove: ['API_HOST'],
};
const patch = async (
  startedAt = new Date(Date.now() + 3600_000).toISOString(),
  plan = recoveryPlan(),
  owner = 'run-1',
) => {
  const execution = executionRef({ startedAt });
  await giveLease(aws, executionRef({ name: owner, startedAt }));
  return patchLambdaEnv(
    { execution, env: envFinding({}), plan },
    { ...servicesOf(aws, { metricFunction }), ssm: aws.ssm.reader, lambda: aws.lambda },
  );
};
const have = (variables: Record<string, string>) => aws.addFunction(name, 'return 1', variables);
const right = { API_URL: apiUrl, API_KEY: key };

describe('PatchLambdaEnv', () => {
  it('sets, removes, keeps the rest, and waits until the function runs with it', async () => {
    have({ API_URL: 'old', API_HOST: 'api.example.com', OTHER: other });
    const { RevisionId } = aws.functions.describe(name);
    const output = await patch();
    const update = aws.endpoint.calls.find(({ operation }) => operation === 'UpdateFunctionConfiguration');
    expect(update?.input).toMatchObject({ RevisionId });
    expect(aws.functions.variables(name)).toEqual({ ...right, OTHER: other });
    expect(aws.functions.describe(name).LastUpdateStatus).toBe('Successful');
    expect(output).toMatchObject({
      outcome: 'Patched',
      functionName: name,
      setKeys: ['API_URL', 'API_KEY'],
      removedKeys: ['API_HOST'],
      keptKeyCount: 1,
    });
    expect(JSON.stringify(output)).not.toMatch(new RegExp(`${key}|${other}`));
  });

  it('answers at once for a target without a metric function', async () => {
    const input = { execution: executionRef(), env: envFinding({}), plan: recoveryPlan({ function: null }) };
    const output = await patchLambdaEnv(input, {
      ...servicesOf(aws),
      target: { ...appTarget(), metricFunction: undefined },
      ssm: aws.ssm.reader,
      lambda: aws.lambda,
    });
    expect(output).toEqual({ outcome: 'NotInTarget' });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('changes no variable that was not in the plan, where a person has approved of one', async () => {
    have({ API_URL: 'old', API_HOST: 'api.example.com', OTHER: other });
    const approved = (setKeys: string[], removedKeys: string[]) =>
      patch(
        undefined,
        recoveryPlan({ needsApproval: true, function: plannedFunction({ setKeys, removedKeys }) }),
      );
    await expect(approved(['API_URL', 'API_KEY'], [])).rejects.toMatchObject({
      name: 'PlanOutdated',
      message: expect.stringContaining(name),
    });
    expect(aws.countCalls('UpdateFunctionConfiguration')).toBe(0);
    expect(await approved(['API_URL', 'API_KEY'], ['API_HOST'])).toMatchObject({ outcome: 'Patched' });
  });

  it('changes nothing without the lease', async () => {
    have({ API_URL: 'old' });
    await expect(patch(undefined, recoveryPlan(), 'other')).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(aws.countCalls('UpdateFunctionConfiguration')).toBe(0);
  });

  it('calls nothing when there is nothing to change', async () => {
    have({ ...right, OTHER: other });
    expect(await patch()).toMatchObject({ outcome: 'Unchanged', setKeys: [], removedKeys: [] });
    expect(aws.countCalls('UpdateFunctionConfiguration')).toBe(0);
  });

  it('says Patched when an earlier try of this execution has patched it', async () => {
    have(right);
    expect(await patch(new Date(Date.now() - 60_000).toISOString())).toMatchObject({ outcome: 'Patched' });
  });

  it('reads and merges again when the revision has moved on', async () => {
    have({ API_HOST: 'x' });
    aws.meanwhile('UpdateFunctionConfiguration', () =>
      aws.functions.update(name, { API_HOST: 'x', THEIRS: other }),
    );
    aws.fail(
      'UpdateFunctionConfiguration',
      new AwsError('PreconditionFailedException', 'The Revision Id provided does not match', 412),
    );
    await patch();
    expect(aws.functions.variables(name)).toEqual({ ...right, THEIRS: other });
  });

  it('waits for an update in progress', async () => {
    have({ API_HOST: 'x' });
    aws.functions.update(name, { API_HOST: 'x', THEIRS: other });
    await patch();
    expect(aws.functions.variables(name)).toEqual({ ...right, THEIRS: other });
  });

  it.each([
    ['one of others', /^function metric: others kept it busy and no update was accepted within/],
    ['its own', /^function metric: the update that it needs did not end within/],
  ])('gives up on an update that never ends, and says whose it is: %s', async (whose, message) => {
    await aws.close();
    await open({ updatedAfterMs: 3600_000 });
    have({ API_HOST: 'x' });
    if (whose === 'one of others') aws.functions.update(name, { API_HOST: 'x' });
    await expect(patch()).rejects.toMatchObject({
      name: 'FunctionUpdateConflict',
      message: expect.stringMatching(message),
    });
  });

  it('lives through a conflict', async () => {
    have({ API_HOST: 'x' });
    aws.fail('UpdateFunctionConfiguration', new AwsError('ResourceConflictException', '', 409));
    expect(await patch()).toMatchObject({ outcome: 'Patched', removedKeys: ['API_HOST'] });
    expect(aws.functions.variables(name)).toEqual(right);
  });

  it('leaves a lost answer to a retry, which finds the work done', async () => {
    have({ API_HOST: 'x' });
    const startedAt = new Date().toISOString();
    aws.fail('UpdateFunctionConfiguration', 'drop-after');
    await expect(patch(startedAt)).rejects.toMatchObject({ name: 'AwsUnavailable' });
    expect(await patch(startedAt)).toMatchObject({ outcome: 'Patched', setKeys: [] });
    expect(aws.countCalls('UpdateFunctionConfiguration')).toBe(1);
  });

  it('refuses an environment over 4 KB before the call, and quotes no value', async () => {
    const long = `${other}${'x'.repeat(4000)}`;
    have({ LONG: long });
    const failure = patch();
    await expect(failure).rejects.toMatchObject({
      name: 'FunctionEnvTooLarge',
      message: expect.stringMatching(/would have 41\d\d bytes as JSON, Lambda holds 4096/),
    });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining(other) });
    expect(aws.countCalls('UpdateFunctionConfiguration')).toBe(0);
  });

  it('quotes nothing of an error that quotes the environment', async () => {
    have({ OTHER: other });
    aws.fail(
      'UpdateFunctionConfiguration',
      new AwsError('InvalidParameterValueException', `String measured: {"OTHER":"${other}"}`),
    );
    const failure: unknown = await patch().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'AwsRejected' });
    expect(
      failure instanceof Error && JSON.stringify([failure.message, failure.stack, failure.cause]),
    ).not.toContain(other);
  });

  it('fails by name on a function that is not there', async () => {
    await expect(patch()).rejects.toMatchObject({ name: 'FunctionNotFound' });
  });

  it('gives the function nothing of an env that is incomplete by now, and says whether it was so before', async () => {
    have({ API_URL: 'old' });
    const before = new Date(Date.now() - 3600_000).toISOString();
    aws.parameters.put({ Name: parameterName, Value: 'A=1', Overwrite: true });
    await expect(patch()).rejects.toMatchObject({ name: 'EnvOverlooked' });
    await expect(patch(before)).rejects.toMatchObject({
      name: 'EnvReplaced',
      message: expect.stringMatching(/INTERNAL_KEY is missing\)\. Function metric was not changed\./),
    });
    expect(aws.countCalls('UpdateFunctionConfiguration')).toBe(0);
  });

  it('touches nothing when Lambda can not decrypt the variables, or the last update has failed', async () => {
    const answer = (body: object) => {
      const lambda = aws.lambda.reader;
      jest.spyOn(lambda, 'send').mockImplementationOnce(() => Promise.resolve(body));
    };
    answer({ Environment: { Error: { ErrorCode: 'AccessDeniedException', Message: 'KMS' } } });
    await expect(patch()).rejects.toMatchObject({ name: 'FunctionEnvUnreadable' });
    answer({
      KMSKeyArn: 'arn:aws:kms:x:0:key/k',
      Environment: { Error: { ErrorCode: 'KMSDisabledException', Message: '' } },
    });
    await expect(patch()).rejects.toMatchObject({
      message: expect.stringMatching(
        /with KMS key arn:aws:kms:x:0:key\/k \(KMSDisabledException\)\..* metricFunction\.kmsKeyArn /,
      ),
    });
    answer({
      Environment: { Variables: right },
      RevisionId: 'r',
      LastUpdateStatus: 'Failed',
      LastUpdateStatusReasonCode: 'SubnetOutOfIPAddresses',
    });
    await expect(patch()).rejects.toMatchObject({
      name: 'FunctionUpdateFailed',
      message: expect.stringContaining('SubnetOutOfIPAddresses'),
    });
    // An update without a revision would take the place of whatever is there by then.
    answer({ Environment: { Variables: { A: '1' } }, LastUpdateStatus: 'Successful' });
    await expect(patch()).rejects.toMatchObject({
      name: 'AwsUnavailable',
      message: expect.stringContaining('RevisionId'),
    });
    expect(aws.countCalls('UpdateFunctionConfiguration')).toBe(0);
  });
});

describe('patchVariables', () => {
  it('leaves names like those of object members alone', () => {
    const patched = patchVariables({ constructor: 'a' }, { set: { toString: 'b' }, remove: ['valueOf'] });
    expect(patched).toEqual({
      variables: { constructor: 'a', toString: 'b' },
      setKeys: ['toString'],
      removedKeys: [],
      keptKeyCount: 1,
    });
  });
});
