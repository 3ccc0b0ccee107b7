/** What starts a recovery by itself, and what it starts; whole runs. */
import { AwsError } from '../../sandbox/endpoint.ts';
import { scenarioNames } from '../../sandbox/scenarios.ts';
import { catalogue } from '../../workflow/errors.ts';
import { until } from '../support/until.ts';
import {
  alarmEvent,
  checkInvariants,
  openRun,
  outputOf,
  statesOf,
  type WholeRun,
  writesOf,
} from '../support/whole-run.ts';

let whole: WholeRun;
afterEach(() => whole.close());

describe('a change of the parameter', () => {
  it('starts a recovery by its event alone, and no second one follows from its own writes', async () => {
    whole = await openRun('healthy');
    const { sandbox } = whole;
    const good = sandbox.parameters.get(sandbox.parameterName).Value;
    sandbox.parameters.put({ Name: sandbox.parameterName, Value: 'ONE_KEY=1\n', Overwrite: true });
    const recovery = await until(() => sandbox.machines.executions[0]);
    await recovery.ended;
    expect(outputOf(recovery)).toMatchObject({
      outcome: 'Recovered',
      trigger: 'parameter',
      reason: `Update of ${sandbox.parameterName}`,
    });
    expect(sandbox.parameters.get(sandbox.parameterName).Value).toContain(good);

    await until(() => sandbox.machines.executions.length > 1);
    await Promise.all(sandbox.machines.executions.map(({ ended }) => ended));
    // The restore itself was such a change, but neither the label nor the copy were.
    expect(sandbox.machines.executions).toHaveLength(2);
    const [, own] = sandbox.machines.executions;
    expect(outputOf(own)).toMatchObject({ outcome: 'AlreadyRunning', owner: recovery.executionArn });
    expect(own && statesOf(own)).toEqual(['TakeLease']);
    expect(sandbox.runCommand.commands).toHaveLength(1);
    expect(sandbox.topics.messages.map(({ subject }) => subject)).toEqual([
      'env-recovery: sandbox recovery started',
      'env-recovery: sandbox recovered',
    ]);
    checkInvariants(whole);
  });

  it('that leaves the env complete starts a look, and no change', async () => {
    whole = await openRun('healthy');
    const { sandbox } = whole;
    const { Value } = sandbox.parameters.get(sandbox.parameterName);
    sandbox.parameters.put({ Name: sandbox.parameterName, Value: `${Value}EXTRA=1\n`, Overwrite: true });
    const look = await until(() => sandbox.machines.executions[0]);
    await look.ended;
    expect(outputOf(look)).toMatchObject({ outcome: 'Healthy', trigger: 'parameter' });
    expect(writesOf(whole).map(({ operation }) => operation)).toEqual(['PutMetricData']);
    expect(sandbox.topics.messages).toEqual([]);
  });

  it('is a deletion as well', async () => {
    whole = await openRun('healthy');
    const { sandbox } = whole;
    sandbox.parameters.delete(sandbox.parameterName);
    const recovery = await until(() => sandbox.machines.executions[0]);
    await recovery.ended;
    expect(outputOf(recovery)).toMatchObject({ outcome: 'Recovered', env: { finding: 'Missing' } });
  });
});

describe('a parameter that is wiped while a recovery runs', () => {
  const wipeIn = (state: string) => {
    let isWiped = false;
    whole.onEvent = (execution) => {
      if (isWiped || statesOf(execution).at(-1) !== state) return;
      isWiped = true;
      whole.overwrite('ONE_KEY=1\n');
    };
  };

  it('is not deployed', async () => {
    whole = await openRun('healthy');
    wipeIn('AnnounceRecovery');
    const execution = await whole.run('{"deploy":"always"}');
    expect(execution).toMatchObject({ status: 'FAILED', error: 'EnvReplaced' });
    expect(execution.cause).toContain('DB_PASSWORD');
    expect(whole.sandbox.runCommand.commands).toEqual([]);
    checkInvariants(whole);
  });

  it('is no success, though everything works with what was deployed', async () => {
    whole = await openRun('outage');
    wipeIn('ConfirmBacklog');
    const execution = await whole.run();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'EnvReplaced' });
    expect(statesOf(execution).at(-1)).toBe('MarkKnownGood');
    await whole.sandbox.functions.idle();
    expect(whole.sandbox.topics.messages.at(-1)?.message).toContain(catalogue.EnvReplaced.remedy);
    expect(outputOf(await whole.run('{"force":true}'))).toMatchObject({ outcome: 'Recovered' });
    checkInvariants(whole);
  });
});

describe('an alarm that fires for nothing', () => {
  it('is told to a person once a night, and pauses nothing', async () => {
    whole = await openRun('healthy');
    const { sandbox } = whole;
    const alarm = alarmEvent(whole);
    for (let times = 0; times < 3; times += 1) {
      sandbox.bus.put(alarm);
      const execution = sandbox.machines.executions.at(-1);
      await execution?.ended;
      expect(outputOf(execution)).toMatchObject({ outcome: 'Healthy', trigger: 'alarm' });
    }
    expect(sandbox.topics.messages.map(({ subject }) => subject)).toEqual([
      'env-recovery: sandbox alarm, but nothing to repair',
    ]);
    checkInvariants(whole);
  });
});

describe('the schedule', () => {
  it('finds what no event has told of', async () => {
    whole = await openRun('healthy');
    const { sandbox } = whole;
    whole.overwrite('ONE_KEY=1\n');
    sandbox.bus.runSchedules();
    const recovery = await until(() => sandbox.machines.executions[0]);
    await recovery.ended;
    expect(outputOf(recovery)).toMatchObject({ outcome: 'Recovered', trigger: 'schedule', reason: null });
  });
});

describe('after a recovery', () => {
  it('nothing starts by itself for a while, but a person can start one', async () => {
    whole = await openRun('outage');
    expect(outputOf(await whole.run())).toMatchObject({ outcome: 'Recovered' });
    expect(outputOf(await whole.run())).toMatchObject({ outcome: 'CoolingDown' });
    expect(outputOf(await whole.run('{"force":true}'))).toMatchObject({ outcome: 'Healthy' });
  });

  it('that has failed three times, nothing starts by itself, and a person knows', async () => {
    whole = await openRun('host-rejected');
    const { sandbox } = whole;
    for (let failures = 1; failures <= 3; failures += 1) {
      expect(await whole.run('{"force":true}')).toMatchObject({ status: 'FAILED', error: 'HostRejected' });
      await until(
        () => sandbox.topics.messages.filter(({ subject }) => subject.includes('FAILED')).length === failures,
      );
      await sandbox.functions.idle();
    }
    expect(sandbox.topics.messages.at(-1)?.subject).toContain('will not start by itself');
    expect(outputOf(await whole.run())).toMatchObject({ outcome: 'CircuitOpen' });
    checkInvariants(whole);
  });
});

describe('a topic that takes no message', () => {
  it('does not keep a target from being recovered; that nobody was told is a failure at the end', async () => {
    whole = await openRun('outage');
    const { sandbox } = whole;
    let left = 2;
    sandbox.endpoint.injectFault = ({ operation }) =>
      operation === 'Publish' && left-- > 0 ? new AwsError('AuthorizationError', 'no', 403) : undefined;
    const execution = await whole.run();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'AccessDenied' });
    expect(statesOf(execution).at(-1)).toBe('ReportRecovery');
    await sandbox.functions.idle();
    expect(sandbox.topics.messages.map(({ subject }) => subject)).toEqual([
      'env-recovery: sandbox in order, but its execution FAILED',
    ]);
    sandbox.machines.redrive(execution.executionArn);
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({
      outcome: 'Recovered',
      env: { notes: ['nobody could be told before the first change (AccessDenied)'] },
    });
    expect(sandbox.runCommand.commands).toHaveLength(1);
    checkInvariants(whole);
  });
});

describe('a plan', () => {
  it.each(scenarioNames)('changes nothing in %s', async (scenario) => {
    whole = await openRun(scenario);
    const { sandbox } = whole;
    const plan = await whole.run('{"mode":"plan"}');
    if (scenario === 'no-source') expect(plan).toMatchObject({ status: 'FAILED', error: 'EnvRestoreFailed' });
    else
      expect(outputOf(plan)).toMatchObject({
        outcome: 'Planned',
        deploy: scenario === 'healthy' ? null : { commands: expect.any(Array) },
      });
    expect(writesOf(whole)).toEqual([]);
    const others = sandbox.endpoint.calls.filter(
      ({ operation }) => !/^(Get|Describe|List)/.test(operation) && operation !== 'Publish',
    );
    // The doctor, which only reads: its calls are among these.
    const doctor = { FunctionName: 'env-recovery-sandbox-diagnoseChain' };
    const invoked = scenario === 'no-source' ? [] : [{ operation: 'Invoke', input: doctor }];
    expect(others).toMatchObject(invoked);
    checkInvariants(whole);
  });

  it('says what a recovery then does, and its hash changes with what it is made from', async () => {
    whole = await openRun('outage');
    const { sandbox } = whole;
    const hash = async () => outputOf(await whole.run('{"mode":"plan"}')).hash;
    const first = await hash();
    expect(await hash()).toBe(first);
    // The same text again is another version of the parameter.
    whole.overwrite(sandbox.parameters.get(sandbox.parameterName).Value);
    const second = await hash();
    expect(second).not.toBe(first);
    const { metricFunctionName } = sandbox;
    sandbox.functions.update(metricFunctionName, {
      ...sandbox.functions.variables(metricFunctionName),
      A: '1',
    });
    const third = await hash();
    expect(third).not.toBe(second);

    const planned = outputOf(await whole.run('{"mode":"plan"}'));
    const report = outputOf(await whole.run());
    expect(planned).toMatchObject({
      restore: { source: { kind: 'history', version: 2 } },
      deploy: {
        instanceIds: [sandbox.instance.id],
        commands: expect.arrayContaining(['node deploy-api.cjs']),
      },
      function: { removedKeys: ['VIDEO_BACKLOG_API_HOST'] },
    });
    expect(report).toMatchObject({
      outcome: 'Recovered',
      env: { source: { kind: 'history', version: 2 } },
      deployment: { instanceIds: [sandbox.instance.id] },
      function: { removedKeys: ['VIDEO_BACKLOG_API_HOST'] },
    });
  });
});
