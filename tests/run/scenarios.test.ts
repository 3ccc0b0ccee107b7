/** Whole runs: the compiled template, its packaged functions, and a real API on a host. */
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListActivitiesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type ScenarioName, scenarioNames, scenarios } from '../../sandbox/scenarios.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import { knownGoodLabel } from '../../workflow/versions.ts';
import {
  checkInvariants,
  letItGiveUpSoon,
  openRun,
  outputOf,
  statesOf,
  type WholeRun,
  writesOf,
} from '../support/whole-run.ts';

let whole: WholeRun;
let sandbox: Sandbox;

async function open(scenario: ScenarioName): Promise<void> {
  whole = await openRun(scenario);
  ({ sandbox } = whole);
}
const close = () => whole.close();

/** Of the sandbox's own target. */
const workerGroup = 'sandbox-video-workers';

const run = (input?: string): Promise<Execution> => whole.run(input);
/** A person's start, soon after a recovery. */
const runAgain = () => run('{"force":true}');
const versionNow = () => sandbox.parameters.get(sandbox.parameterName).Version;
const writes = () => writesOf(whole).filter(({ operation }) => operation !== 'PutMetricData');

describe('the sandbox', () => {
  afterEach(close);

  it.each(scenarioNames.filter((name) => name !== 'outage'))('plays %s to its end', async (scenario) => {
    await open(scenario);
    const before = versionNow();
    const execution = await run();
    const { expected } = scenarios[scenario];
    if (expected === 'Recovered' || expected === 'Healthy') {
      expect(execution.status).toBe('SUCCEEDED');
      expect(outputOf(execution)).toMatchObject({
        outcome: expected,
        endpoint: { httpStatus: 200, backlog: 7 },
        metric: { value: 7 },
      });
    } else {
      expect(execution).toMatchObject({ status: 'FAILED', error: expected });
    }
    if (scenario === 'no-source' || scenario === 'host-rejected' || scenario === 'healthy') {
      expect(versionNow()).toBe(before);
    }
    if (scenario === 'no-source' || scenario === 'healthy') expect(writes()).toEqual([]);
    checkInvariants(whole);
  });

  it.each<[string, (good: string) => string | undefined]>([
    ['is missing', () => undefined],
    ['is white space only', () => ' \n\n'],
    ['has one required key less', (good) => good.replace(/^DB_PASSWORD=.*\n/m, '')],
    ['has a required key that is blank', (good) => good.replace(/^DB_PASSWORD=.*$/m, 'DB_PASSWORD=""')],
    [
      'has BOM and CRLF and lacks a key',
      (good) => `\uFEFF${good.replace(/^DB_HOST=.*\n/m, '').replaceAll('\n', '\r\n')}`,
    ],
  ])('recovers an env that %s', async (_what, spoil) => {
    await open('healthy');
    const name = sandbox.parameterName;
    const good = sandbox.parameters.get(name).Value;
    const spoilt = spoil(good);
    if (spoilt === undefined) sandbox.parameters.quietly(() => sandbox.parameters.delete(name));
    else whole.overwrite(spoilt);
    const execution = await run('{"reason":"하나만 남았다"}');
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered', reason: '하나만 남았다' });
    expect(sandbox.parameters.get(name)).toMatchObject({ Value: good, Type: 'SecureString' });
    checkInvariants(whole);
  });

  it('is started and followed by the plain SDK', async () => {
    await open('healthy');
    const sfn = new SFNClient({
      endpoint: sandbox.endpoint.url,
      region: 'ap-northeast-2',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const start = (input: string) =>
      sfn.send(new StartExecutionCommand({ stateMachineArn: sandbox.stateMachineArn, name: 'once', input }));
    const { executionArn } = await start('{}');
    expect((await start('{}')).executionArn).toBe(executionArn);
    await expect(start('{"deploy":"always"}')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    await sandbox.machines.find(executionArn ?? '').ended;
    expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'SUCCEEDED',
      name: 'once',
      output: expect.stringContaining('"outcome":"Healthy"'),
    });
    const { events } = await sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    expect(events?.slice(0, 5).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
    ]);
    expect(events?.at(-1)?.type).toBe('ExecutionSucceeded');
    await expect(sfn.send(new ListActivitiesCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
  });

  it('deploys a healthy system only when told to', async () => {
    await open('healthy');
    const execution = await run('{"deploy":"always"}');
    expect(statesOf(execution)).toEqual(expect.arrayContaining(['DeployApi', 'DeployApi']));
    expect(sandbox.host.starts()).toBe(2);
  });

  it('restores without a deploy when told to, and fails on an API that still runs with the old env', async () => {
    await open('outage');
    letItGiveUpSoon(whole);
    const execution = await run('{"deploy":"never"}');
    expect(execution).toMatchObject({ status: 'FAILED', error: 'EndpointUnhealthy' });
    expect(versionNow()).toBe(4);
    expect(sandbox.runCommand.commands).toEqual([]);
  });

  it('fails as InternalKeyRejected where the API runs with another key and no deploy is wanted', async () => {
    await open('healthy');
    const { Value } = sandbox.parameters.get(sandbox.parameterName);
    whole.overwrite(
      Value.replace(/^LAMBDA_INTERNAL_API_KEY=.*$/m, 'LAMBDA_INTERNAL_API_KEY=rotated-0123456789'),
    );
    const failed = await run('{"deploy":"never"}');
    expect(failed).toMatchObject({ status: 'FAILED', error: 'InternalKeyRejected' });
    const recovered = await runAgain();
    expect(outputOf(recovered)).toMatchObject({
      outcome: 'Recovered',
      function: { setKeys: ['LAMBDA_INTERNAL_API_KEY'] },
    });
    checkInvariants(whole);
  });

  it('fails as DeployFailed with the exit code when the host can not be reached by its own script', async () => {
    await open('outage');
    Object.assign(sandbox.instance.environment, { SERVICE_MANAGER_URL: 'http://127.0.0.1:1' });
    const execution = await run();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'DeployFailed' });
    expect(execution.cause).toContain('exit code 1');
    checkInvariants(whole);
  });

  it.each([
    '"recover"',
    '[]',
    'null',
    '{"parameter":"/other/env"}',
    '{"deploy":"sometimes"}',
    JSON.stringify({ junk: 'x'.repeat(250_000) }),
    // That leaves no room for what the first state adds.
    JSON.stringify({ junk: 'x'.repeat(262_100) }),
  ])('fails as InvalidInput, or as too large, before any call', async (input) => {
    await open('outage');
    const error = input.length > 260_000 ? 'States.DataLimitExceeded' : 'InvalidInput';
    expect(await run(input)).toMatchObject({ status: 'FAILED', error });
    expect(sandbox.endpoint.calls).toEqual([]);
  });
});

describe('an outage', () => {
  let execution: Execution | undefined;
  beforeAll(async () => {
    await open('outage');
    sandbox.metrics.evaluateAlarms();
    [execution] = sandbox.machines.executions;
    await execution?.ended;
  });
  afterAll(close);

  it('is played to its end by the alarm alone: the compiled rule matches its event and starts the state machine', () => {
    expect(execution?.status).toBe('SUCCEEDED');
    expect(outputOf(execution)).toMatchObject({
      outcome: 'Recovered',
      trigger: 'alarm',
      reason: 'env-recovery-sandbox-heartbeat is ALARM',
      endpoint: { httpStatus: 200, backlog: 7 },
      metric: { value: 7 },
      scaling: { outcome: 'NotDue', group: workerGroup, reason: 'BelowTarget' },
    });
    expect(sandbox.metrics.alarms()[0]?.state).toBe('OK');
    checkInvariants(whole);
  });

  it('ends with a report of what was done: keys, versions, source, deploy, function, proof', () => {
    const report = outputOf(execution);
    expect(report).toMatchObject({
      env: {
        finding: 'Incomplete',
        keyCountBefore: 1,
        keyCountAfter: 13,
        versionBefore: 3,
        versionAfter: 4,
        source: { kind: 'history', version: 2, isKnownGood: false },
        restoredKeys: expect.arrayContaining(['DB_PASSWORD', 'REDIS_URL']),
      },
      deployment: { instanceIds: [sandbox.instance.id] },
      function: { outcome: 'Patched', removedKeys: ['VIDEO_BACKLOG_API_HOST'] },
    });
    expect(sandbox.functions.variables(sandbox.metricFunctionName)).toMatchObject({ LOG_LEVEL: 'info' });
    const { metric, startedAt } = JSON.parse(execution?.output ?? '');
    expect(Date.parse(metric.timestamp)).toBeGreaterThan(Date.parse(startedAt));
  });

  it('is found recovered when it is started again, and nothing is written', async () => {
    const written = writes().length;
    const starts = sandbox.host.starts();
    const again = await runAgain();
    expect(outputOf(again)).toMatchObject({ outcome: 'Healthy', deployment: null, scaling: null });
    expect(writes()).toHaveLength(written);
    expect(sandbox.host.starts()).toBe(starts);
  });

  it('leaves a memory of what has been seen to work: a label, and a copy that outlives the parameter', async () => {
    const { parameterName, backupParameterName } = sandbox;
    expect(outputOf(execution)).toMatchObject({
      knownGood: {
        outcome: 'Marked',
        version: 4,
        backup: { parameterName: backupParameterName, version: 1 },
      },
    });
    const known = sandbox.parameters.get(`${parameterName}:${knownGoodLabel}`);
    expect(known.Version).toBe(4);
    expect(sandbox.backups.get(backupParameterName)).toMatchObject({
      Value: known.Value,
      Type: 'SecureString',
    });

    // The history goes with a parameter that is deleted; the copy doesn't.
    sandbox.parameters.quietly(() => sandbox.parameters.delete(parameterName));
    const again = await runAgain();
    expect(outputOf(again)).toMatchObject({
      outcome: 'Recovered',
      env: { finding: 'Missing', source: { kind: 'backup', version: 1 } },
      knownGood: { outcome: 'Marked', version: 1, backup: { version: 1 } },
    });
    expect(sandbox.parameters.get(parameterName).Value).toBe(known.Value);
    checkInvariants(whole);
  });
});

describe('workers that do not scale', () => {
  afterEach(close);

  it('do not fail a recovery whose metric is back, but a person is told, with what lets them scale', async () => {
    await open('outage');
    sandbox.autoScaling.group(workerGroup).suspended.set('AlarmNotification', 'User suspended');
    const execution = await run();
    expect(execution.status).toBe('SUCCEEDED');
    expect(outputOf(execution)).toMatchObject({
      outcome: 'Recovered',
      metric: { value: 7 },
      scaling: { outcome: 'NotScaling', code: 'GroupSuspended' },
    });
    const told = sandbox.topics.messages.at(-1);
    expect(told?.subject).toBe('env-recovery: sandbox metric is back, but its workers do not scale');
    expect(told?.message).toContain(
      `Put it right: aws autoscaling resume-processes --auto-scaling-group-name ${workerGroup} --scaling-processes AlarmNotification --region`,
    );
    checkInvariants(whole);
  });
});

describe('two sandboxes', () => {
  afterEach(close);

  it('run side by side', async () => {
    await open('outage');
    const other = await openRun('healthy');
    const [ours, theirs] = await Promise.all([run(), other.run()]);
    await other.close();
    expect(outputOf(ours)).toMatchObject({ outcome: 'Recovered' });
    expect(outputOf(theirs)).toMatchObject({ outcome: 'Healthy' });
  });
});
