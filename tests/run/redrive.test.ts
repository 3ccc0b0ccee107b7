/** Whole runs that are killed in every state, and redriven: they end as if nothing had happened. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import { recover } from '../support/cli.ts';
import { until } from '../support/until.ts';
import {
  checkInvariants,
  letItAsk,
  openRun,
  outputOf,
  statesOf,
  untilAsked,
  type WholeRun,
  writesOf,
} from '../support/whole-run.ts';

/** Where an execution is killed. */
interface Place {
  readonly state: string;
  /** Its function calls nobody there. */
  readonly isSilent?: boolean;
}

/** All states of an outage but RequestApproval, in their order. */
const outage: readonly Place[] = [
  { state: 'TakeLease' },
  { state: 'ValidateEnv' },
  { state: 'CheckEndpoint', isSilent: true },
  { state: 'PlanRecovery' },
  { state: 'AnnounceRecovery' },
  { state: 'UploadEnv' },
  { state: 'DeployApi' },
  { state: 'VerifyEndpoint' },
  { state: 'PatchLambdaEnv' },
  { state: 'ConfirmBacklog' },
  { state: 'MarkKnownGood' },
  { state: 'ReportRecovery' },
];

const kills = ['abort', 'time out', 'crash'] as const;
type Kill = (typeof kills)[number];

/** What a state's function changes; the others only look. */
const changes: Readonly<Record<string, string>> = {
  TakeLease: 'PutItem',
  RequestApproval: 'Publish',
  AnnounceRecovery: 'Publish',
  UploadEnv: 'PutParameter',
  DeployApi: 'SendCommand',
  PatchLambdaEnv: 'UpdateFunctionConfiguration',
  ConfirmBacklog: 'PutMetricData',
  MarkKnownGood: 'LabelParameterVersion',
  ReportRecovery: 'Publish',
};

const functionOf = (state: string) =>
  `env-recovery-sandbox-${state.charAt(0).toLowerCase()}${state.slice(1)}`;

/**
 * Starts an execution that is killed in one place after the other, as it is redriven; `crash` ends the function's
 * thread, and that of the retry. It is killed at a call of its function: at the first one, which is not carried out,
 * or at the one that changes something, which is.
 */
function startAndKill(whole: WholeRun, kill: Kill, places: readonly Place[]): Execution {
  const { sandbox } = whole;
  const execution = sandbox.machines.start(sandbox.stateMachineArn, '{}');
  const left = kill === 'crash' ? places.flatMap((place) => [place, place]) : [...places];
  whole.onEvent = (which, { type }) => {
    const [place, next] = left;
    if (which !== execution || !['LambdaFunctionStarted', 'TaskStarted'].includes(type)) return;
    if (!place || statesOf(execution).at(-1) !== place.state) return;
    left.shift();
    const end = () => {
      if (kill === 'abort') execution.abort();
      else if (kill === 'time out') execution.timeOut();
      else if (place.isSilent) letItExit(whole, place.state);
      else sandbox.functions.crash(functionOf(place.state));
    };
    if (place.isSilent) return end();
    // A retry may find its change made already.
    const isRetry = kill === 'crash' && next !== place;
    const change = kill === 'abort' || isRetry ? undefined : changes[place.state];
    sandbox.endpoint.injectFault = ({ operation }) => {
      if (change && operation !== change) return undefined;
      // While it is watched, the host asks for the parameter too.
      if (place.state === 'DeployApi' && operation === 'GetParameter') return undefined;
      sandbox.endpoint.injectFault = () => undefined;
      end();
      return change ? undefined : 'drop-before';
    };
  };
  return execution;
}

/** Lets a function that is being started end without an answer, this once. */
function letItExit({ sandbox, directory }: WholeRun, state: string): void {
  const name = functionOf(state);
  sandbox.functions.replaceCode(name, (packaged) => {
    setImmediate(() => sandbox.functions.replaceCode(name, () => packaged));
    const code = join(directory, 'exits', 'functions');
    mkdirSync(code, { recursive: true });
    writeFileSync(join(code, 'check-endpoint.js'), 'exports.handler = () => process.exit();');
    return join(directory, 'exits');
  });
}

const open: WholeRun[] = [];
afterEach(() => Promise.all(open.splice(0).map((whole) => whole.close())));

async function openScenario(scenario: Parameters<typeof openRun>[0]): Promise<WholeRun> {
  const whole = await openRun(scenario);
  open.push(whole);
  return whole;
}

/** Waits until the execution was killed in a place and a person has heard of that, and lets it go on. */
async function redriveFrom(
  { state }: Place,
  kill: Kill,
  whole: WholeRun,
  execution: Execution,
): Promise<void> {
  const { sandbox } = whole;
  const told = sandbox.topics.messages.length;
  await execution.ended;
  expect([statesOf(execution).at(-1), execution.status]).toEqual([
    state,
    { abort: 'ABORTED', 'time out': 'TIMED_OUT', crash: 'FAILED' }[kill],
  ]);
  await sandbox.functions.idle();
  const subjects = sandbox.topics.messages.slice(told).map(({ subject }) => subject);
  // Unless they have heard of the end already.
  expect(subjects.join('\n')).toMatch(
    state === 'ReportRecovery' ? /FAILED|stopped|ran out|recovered|not approved/ : /FAILED|stopped|ran out/,
  );
  checkInvariants(whole);
  sandbox.machines.redrive(execution.executionArn);
}

/** One deploy: a command that was cancelled with its run has not come to its end. */
function expectOneDeploy({ sandbox }: WholeRun): void {
  const ends = sandbox.runCommand.commands.map(({ invocations }) => invocations[0]?.Status);
  expect(ends.filter((status) => status === 'Success')).toHaveLength(1);
  expect(ends.filter((status) => status !== 'Success' && status !== 'Cancelled')).toEqual([]);
  expect(ends.length).toBeLessThanOrEqual(2);
}

describe.each(kills)('a run that is killed by %s', (kill) => {
  it('in each state of an outage, and redriven, ends as an uninterrupted one would, with one deploy', async () => {
    const whole = await openScenario('outage');
    const { sandbox } = whole;
    const execution = startAndKill(whole, kill, outage);
    for (const place of outage) await redriveFrom(place, kill, whole, execution);
    await execution.ended;
    expect([execution.status, execution.error]).toEqual(['SUCCEEDED', undefined]);
    expect([...new Set(statesOf(execution))]).toEqual(outage.map(({ state }) => state));
    expect(outputOf(execution)).toMatchObject({
      outcome: 'Recovered',
      env: { versionBefore: 3, versionAfter: 4, keyCountAfter: 13, restoredKeys: { length: 12 } },
      endpoint: { httpStatus: 200, backlog: 7 },
      metric: { value: 7 },
      knownGood: { version: 4 },
    });
    expect(sandbox.parameters.history(sandbox.parameterName)).toHaveLength(4);
    expect(sandbox.functions.variables(sandbox.metricFunctionName)).not.toHaveProperty(
      'VIDEO_BACKLOG_API_HOST',
    );
    expectOneDeploy(whole);
    checkInvariants(whole);
  });

  it('while it asks an API that runs without its env, which is complete, ends with one deploy', async () => {
    const whole = await openScenario('outage');
    whole.overwrite(whole.seed.versions[1] ?? '');
    const place = { state: 'CheckEndpoint' };
    const execution = startAndKill(whole, kill, [place]);
    await redriveFrom(place, kill, whole, execution);
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered', env: { versionAfter: 4 } });
    expectOneDeploy(whole);
    checkInvariants(whole);
  });

  it('while it asks a person, and when it was rejected, ends with nothing changed', async () => {
    const whole = await openScenario('outage');
    const { sandbox } = whole;
    letItAsk(whole);
    const [asking, reporting] = [{ state: 'RequestApproval' }, { state: 'ReportRecovery' }];
    const execution = startAndKill(whole, kill, [asking, reporting]);
    await redriveFrom(asking, kill, whole, execution);
    await untilAsked(execution);
    expect(await recover(sandbox.endpoint.url, ['reject', execution.name])).toMatchObject({ exitCode: 0 });
    await redriveFrom(reporting, kill, whole, execution);
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'NotApproved', answer: { decision: 'Rejected' } });
    expect(writesOf(whole)).toEqual([]);
    checkInvariants(whole);
  });
});

describe('a run that is redriven', () => {
  it('goes on though the redrive is faster than the clean-up', async () => {
    const whole = await openScenario('outage');
    const execution = startAndKill(whole, 'abort', [{ state: 'DeployApi' }]);
    await execution.ended;
    expect(execution.status).toBe('ABORTED');
    whole.sandbox.machines.redrive(execution.executionArn);
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered' });
    checkInvariants(whole);
  });

  it('that has failed for a reason goes on from there when the reason is gone', async () => {
    const whole = await openScenario('instance-offline');
    const { sandbox } = whole;
    const execution = await whole.run();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'InstanceUnavailable' });
    await until(() => sandbox.topics.messages.some(({ subject }) => subject.includes('FAILED')));
    sandbox.instance.online = true;
    sandbox.machines.redrive(execution.executionArn);
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered' });
    expect(sandbox.runCommand.commands).toHaveLength(2);
    checkInvariants(whole);
  });

  it('does not touch anything while another execution recovers', async () => {
    const whole = await openScenario('instance-offline');
    const { sandbox } = whole;
    const failed = await whole.run();
    await until(() => sandbox.topics.messages.some(({ subject }) => subject.includes('FAILED')));
    sandbox.instance.online = true;
    const other = sandbox.machines.start(sandbox.stateMachineArn, '{"force":true}');
    await until(() => statesOf(other).includes('DeployApi'));
    // However slow the machine is: the other one does not end as long as this one runs.
    sandbox.endpoint.injectFault = ({ operation }) =>
      operation === 'GetMetricData' && failed.status === 'RUNNING'
        ? new AwsError('ThrottlingException', '')
        : undefined;
    sandbox.machines.redrive(failed.executionArn);
    await Promise.all([failed.ended, other.ended]);
    expect(outputOf(other)).toMatchObject({ outcome: 'Recovered' });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'LeaseLost' });
    checkInvariants(whole);
  });
});
