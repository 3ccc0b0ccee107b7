/** Whole runs in which reads of the parameter lag behind its writes, as those of Parameter Store may. */
import { AwsError, type Call, type Fault } from '../../sandbox/endpoint.ts';
import { openRun, outputOf, statesOf, type WholeRun, writesOf } from '../support/whole-run.ts';

let whole: WholeRun;
beforeEach(async () => {
  whole = await openRun('outage');
});
afterEach(() => whole.close());

const versionsNow = () => whole.sandbox.parameters.history(whole.sandbox.parameterName);

/** The answer of the moment when there were these versions; `undefined` for calls that don't read the parameter. */
function answerOf({ operation, input }: Call, versions: ReturnType<typeof versionsNow>): Fault {
  const isRead = operation === 'GetParameter' || operation === 'GetParameterHistory';
  if (!isRead || !JSON.stringify(input).includes(`"${whole.sandbox.parameterName}"`)) return undefined;
  const then = versions.map((record) => ({
    ...record,
    LastModifiedDate: record.LastModifiedDate.getTime() / 1000,
  }));
  const body = operation === 'GetParameter' ? { Parameter: then.at(-1) } : { Parameters: then };
  return { status: 200, body: JSON.stringify(body), isCarriedOut: false };
}

/** The answer of the moment before the newest version was written. */
const answerBefore = (call: Call) => answerOf(call, versionsNow().slice(0, -1));

describe('a run whose reads of the parameter lag', () => {
  /** Lets the next read be stale after some states were entered; the host's own reads come later. */
  const staleAfter = (
    isStaleIn: (state: string, times: number) => boolean,
    answer: (call: Call) => Fault,
  ) => {
    let isStale = false;
    whole.onEvent = (execution, { type }) => {
      if (type !== 'TaskStateEntered') return;
      const states = statesOf(execution);
      const state = states.at(-1) ?? '';
      isStale = isStaleIn(state, states.filter((one) => one === state).length);
    };
    whole.sandbox.endpoint.injectFault = (call) => {
      const stale = isStale ? answer(call) : undefined;
      if (stale !== undefined) isStale = false;
      return stale;
    };
  };

  const missing = (call: Call): Fault =>
    answerBefore(call) ? new AwsError('ParameterNotFound', '') : undefined;
  const isFirst = (state: string, times: number) => state === 'ValidateEnv' && times === 1;
  const isLater = (state: string) => state !== 'ValidateEnv';

  it.each([
    ['ValidateEnv is stale', 2, isFirst, answerBefore],
    ['ValidateEnv finds no parameter', 2, isFirst, missing],
    ['every state that comes after it is stale', 1, isLater, answerBefore],
    ['every state that comes after it finds no parameter', 1, isLater, missing],
  ])('recovers when the first read of %s', async (_what, validations, isStaleIn, answer) => {
    staleAfter(isStaleIn, answer);
    const execution = await whole.run();
    expect([execution.status, execution.error, execution.cause]).toEqual(['SUCCEEDED', undefined, undefined]);
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered' });
    expect(statesOf(execution).filter((name) => name === 'ValidateEnv')).toHaveLength(validations);
    expect(writesOf(whole).filter(({ operation }) => operation === 'SendCommand')).toHaveLength(1);
  });

  const looks = ['ValidateEnv', 'CheckEndpoint', 'PlanRecovery'];

  it('recovers when all looks were stale, and blames nobody', async () => {
    staleAfter((state, times) => looks.includes(state) && times === 1, answerBefore);
    const execution = await whole.run();
    expect([execution.status, execution.error, execution.cause]).toEqual(['SUCCEEDED', undefined, undefined]);
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered' });
    expect(statesOf(execution).filter((name) => name === 'DeployApi')).toHaveLength(2);
    expect(writesOf(whole).filter(({ operation }) => operation === 'SendCommand')).toHaveLength(1);
  });

  it.each([
    ['all looks', looks, 'MarkKnownGood'],
    ['those at the env', ['ValidateEnv', 'PlanRecovery'], 'DeployApi'],
  ])(
    'recovers a wiped env while the API still runs, though %s were stale',
    async (_what, stale, noticedBy) => {
      expect(outputOf(await whole.run())).toMatchObject({ outcome: 'Recovered' });
      whole.overwrite('LAMBDA_INTERNAL_API_KEY=\n');
      staleAfter((state, times) => stale.includes(state) && times === 1, answerBefore);
      const execution = await whole.run('{"force":true}');
      expect([execution.status, execution.error, execution.cause]).toEqual([
        'SUCCEEDED',
        undefined,
        undefined,
      ]);
      expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered', env: { versionBefore: 5 } });
      const states = statesOf(execution);
      expect(states[states.lastIndexOf('ValidateEnv') - 1]).toBe(noticedBy);
    },
  );

  it('recovers a wiped env that only the proof of a patched function has noticed', async () => {
    expect(outputOf(await whole.run())).toMatchObject({ outcome: 'Recovered' });
    const { functions, metricFunctionName } = whole.sandbox;
    functions.update(metricFunctionName, {
      ...functions.variables(metricFunctionName),
      VIDEO_BACKLOG_API_HOST: 'x',
    });
    whole.overwrite('LAMBDA_INTERNAL_API_KEY=another\n');
    staleAfter((state, times) => looks.includes(state) && times === 1, answerBefore);
    const execution = await whole.run('{"force":true}');
    expect([execution.status, execution.error, execution.cause]).toEqual(['SUCCEEDED', undefined, undefined]);
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered', env: { versionBefore: 5 } });
    const states = statesOf(execution);
    expect(states[states.lastIndexOf('ValidateEnv') - 1]).toBe('VerifyEndpoint');
  });

  it('recovers an env that was wiped, or deleted, before the run, where only PatchLambdaEnv sees it', async () => {
    expect(outputOf(await whole.run())).toMatchObject({ outcome: 'Recovered' });
    const { functions, metricFunctionName, parameters, parameterName } = whole.sandbox;
    const stale = ['ValidateEnv', 'CheckEndpoint', 'PlanRecovery', 'VerifyEndpoint'];
    for (const wipe of [
      () => whole.overwrite('LAMBDA_INTERNAL_API_KEY=another\n'),
      () => parameters.delete(parameterName),
    ]) {
      const before = versionsNow();
      functions.update(metricFunctionName, {
        ...functions.variables(metricFunctionName),
        VIDEO_BACKLOG_API_HOST: 'x',
      });
      wipe();
      staleAfter(
        (state, times) => stale.includes(state) && times === 1,
        (call) => answerOf(call, before),
      );
      const execution = await whole.run('{"force":true}');
      expect([execution.status, execution.error, execution.cause]).toEqual([
        'SUCCEEDED',
        undefined,
        undefined,
      ]);
      const states = statesOf(execution);
      expect(states[states.lastIndexOf('ValidateEnv') - 1]).toBe('PatchLambdaEnv');
    }
  });

  it('goes on by a redrive when no look has found a parameter, and there seemed to be nothing to restore from', async () => {
    staleAfter((state, times) => looks.includes(state) && times === 1, missing);
    const execution = await whole.run();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'EnvRestoreFailed' });
    expect(writesOf(whole)).toEqual([]);
    whole.sandbox.machines.redrive(execution.executionArn);
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered' });
  });

  it('recovers when the host can not read the version at first: it never takes an older one', async () => {
    const { endpoint, parameterName } = whole.sandbox;
    let stale = 3;
    endpoint.injectFault = (call) => {
      const { operation, input } = call;
      const isOfHost =
        operation === 'GetParameter' && endpoint.calls.some((call) => call.operation === 'SendCommand');
      if (!isOfHost || stale === 0) return undefined;
      stale -= 1;
      return JSON.stringify(input).includes(`"${parameterName}:4"`)
        ? new AwsError('ParameterVersionNotFound', '')
        : answerBefore(call);
    };
    const execution = await whole.run();
    expect([execution.status, execution.error, stale]).toEqual(['SUCCEEDED', undefined, 0]);
    expect(writesOf(whole).filter(({ operation }) => operation === 'SendCommand')).toHaveLength(1);
  });

  it('recovers when the reads of each state are stale until its retry', async () => {
    let isStale = false;
    whole.onEvent = (_execution, { type }) => {
      if (type === 'TaskStateExited') isStale = true;
      if (type === 'LambdaFunctionFailed') isStale = false;
    };
    whole.sandbox.endpoint.injectFault = (call) => (isStale ? answerBefore(call) : undefined);
    // ValidateEnv sees the version that was wiped; whatever comes after it knows what to wait for.
    const execution = await whole.run();
    expect([execution.status, execution.error, execution.cause]).toEqual(['SUCCEEDED', undefined, undefined]);
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered' });
    expect(writesOf(whole).filter(({ operation }) => operation === 'SendCommand')).toHaveLength(1);
  });
});
