/** Whole runs that are killed in every state, and redriven: they end as if nothing had happened. */
import type { Execution } from '../../sandbox/services/execution.ts';
import { recover } from '../support/cli.ts';
import {
  checkInvariants,
  letItAsk,
  openRun,
  outputOf,
  statesOf,
  until,
  type WholeRun,
  writesOf,
} from '../support/whole-run.ts';

const states = [
  'TakeLease',
  'ValidateEnv',
  'PlanRecovery',
  'AnnounceRecovery',
  'UploadEnv',
  'DeployApi',
  'VerifyEndpoint',
  'PatchLambdaEnv',
  'ConfirmBacklog',
  'MarkKnownGood',
  'ReportRecovery',
];

const kills = ['abort', 'time out', 'crash'] as const;
type Kill = (typeof kills)[number];

/** What a state's function changes; the others only look. */
const changes: Readonly<Record<string, readonly string[]>> = {
  TakeLease: ['PutItem', 'UpdateItem'],
  AnnounceRecovery: ['Publish'],
  RequestApproval: ['Publish'],
  ReportRefusal: ['Publish'],
  UploadEnv: ['PutParameter'],
  DeployApi: ['SendCommand'],
  PatchLambdaEnv: ['UpdateFunctionConfiguration'],
  ConfirmBacklog: ['PutMetricData'],
  MarkKnownGood: ['LabelParameterVersion'],
  ReportRecovery: ['Publish'],
};

/**
 * Kills a run once it is in a state; `crash` ends the function's thread, and that of the retry. It is killed at a call
 * of its function: at the first one, which is not carried out, or at the one that changes something, which is.
 */
function killIn(whole: WholeRun, state: string, kill: Kill): Promise<Execution> {
  const { sandbox } = whole;
  const execution = sandbox.machines.start(sandbox.stateMachineArn, '{}');
  let left = kill === 'crash' ? 2 : 1;
  const act = () => {
    if (kill === 'abort') execution.abort();
    else if (kill === 'time out') execution.timeOut();
    else sandbox.functions.crash(`env-recovery-sandbox-${state.charAt(0).toLowerCase()}${state.slice(1)}`);
  };
  whole.onEvent = (which, { type }) => {
    if (which !== execution || left === 0 || !['LambdaFunctionStarted', 'TaskStarted'].includes(type)) return;
    if (statesOf(execution).at(-1) !== state) return;
    // A retry may find its change made already.
    const change = kill === 'abort' || (kill === 'crash' && left === 1) ? undefined : changes[state];
    left -= 1;
    sandbox.endpoint.injectFault = ({ operation }) => {
      if (change && !change.includes(operation)) return undefined;
      // While it is watched, the host asks for the parameter too.
      if (state === 'DeployApi' && operation === 'GetParameter') return undefined;
      sandbox.endpoint.injectFault = () => undefined;
      act();
      return change ? undefined : 'drop-before';
    };
  };
  return execution.ended.then(() => execution);
}

const open: WholeRun[] = [];
afterEach(() => Promise.all(open.splice(0).map((whole) => whole.close())));

/** Kills a run, and lets it go on when a person has heard of that. */
async function killAndRedrive(whole: WholeRun, state: string, kill: Kill): Promise<Execution> {
  open.push(whole);
  const { sandbox } = whole;
  const execution = await killIn(whole, state, kill);
  expect(execution.status).toBe({ abort: 'ABORTED', 'time out': 'TIMED_OUT', crash: 'FAILED' }[kill]);
  await sandbox.functions.idle();
  // Unless they have heard of the end already.
  const subjects = sandbox.topics.messages.map(({ subject }) => subject).join('\n');
  expect(subjects).toMatch(
    state.startsWith('Report') ? /FAILED|stopped|ran out|recovered|not approved/ : /FAILED|stopped|ran out/,
  );
  sandbox.machines.redrive(execution.executionArn);
  return execution;
}

/** One deploy: a command that was cancelled with its run has not come to its end. */
function expectOneDeploy({ sandbox }: WholeRun): void {
  const ends = sandbox.runCommand.commands.map(({ invocations }) => invocations[0]?.Status);
  expect(ends.filter((status) => status === 'Success')).toHaveLength(1);
  expect(ends.filter((status) => status !== 'Success' && status !== 'Cancelled')).toEqual([]);
  expect(ends.length).toBeLessThanOrEqual(2);
}

async function killInOutage(state: string, kill: Kill): Promise<void> {
  const whole = await openRun('outage');
  const execution = await killAndRedrive(whole, state, kill);
  await execution.ended;
  const { sandbox } = whole;
  expect([execution.status, execution.error]).toEqual(['SUCCEEDED', undefined]);
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
}

/** The env is complete, but the API runs without it. */
async function killInCheckEndpoint(kill: Kill): Promise<void> {
  const whole = await openRun('outage');
  whole.overwrite(whole.seed.versions[1] ?? '');
  const execution = await killAndRedrive(whole, 'CheckEndpoint', kill);
  await execution.ended;
  expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered', env: { versionAfter: 4 } });
  expectOneDeploy(whole);
  checkInvariants(whole);
}

/** A target that asks: killed while it asks, or when it has been rejected. */
async function killWhileAsking(state: 'RequestApproval' | 'ReportRecovery', kill: Kill): Promise<void> {
  const whole = await openRun('outage');
  const { sandbox } = whole;
  letItAsk(whole);
  const reject = async (asked: number) => {
    await until(
      () =>
        sandbox.machines.executions[0]?.history.filter(({ type }) => type === 'TaskSubmitted').length ===
        asked,
    );
    const { name: execution = '' } = sandbox.machines.executions[0] ?? {};
    expect(await recover(sandbox.endpoint.url, ['reject', execution])).toMatchObject({ exitCode: 0 });
  };
  const killed = killAndRedrive(whole, state, kill);
  if (state === 'ReportRecovery') await reject(1);
  const execution = await killed;
  if (state === 'RequestApproval')
    await reject(execution.history.filter(({ type }) => type === 'TaskSubmitted').length + 1);
  await execution.ended;
  expect(outputOf(execution)).toMatchObject({ outcome: 'NotApproved', answer: { decision: 'Rejected' } });
  expect(writesOf(whole)).toEqual([]);
  checkInvariants(whole);
}

describe('a run that is killed and redriven', () => {
  it.each(states)('in %s ends as an uninterrupted one would, with one deploy', async (state) => {
    await Promise.all(kills.map((kill) => killInOutage(state, kill)));
  });

  it('in CheckEndpoint ends as an uninterrupted one would, with one deploy', async () => {
    await Promise.all(kills.map(killInCheckEndpoint));
  });

  it.each(['RequestApproval', 'ReportRecovery'] as const)(
    'in %s ends as an uninterrupted one would, with nothing changed',
    async (state) => {
      await Promise.all(kills.map((kill) => killWhileAsking(state, kill)));
    },
  );

  it('goes on though the redrive is faster than the clean-up', async () => {
    const whole = await openRun('outage');
    open.push(whole);
    const execution = await killIn(whole, 'DeployApi', 'abort');
    whole.sandbox.machines.redrive(execution.executionArn);
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered' });
    checkInvariants(whole);
  });

  it('that has failed for a reason goes on from there when the reason is gone', async () => {
    const whole = await openRun('instance-offline');
    open.push(whole);
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
    const whole = await openRun('instance-offline');
    open.push(whole);
    const { sandbox } = whole;
    const failed = await whole.run();
    await until(() => sandbox.topics.messages.some(({ subject }) => subject.includes('FAILED')));
    sandbox.instance.online = true;
    const other = sandbox.machines.start(sandbox.stateMachineArn, '{"force":true}');
    await until(() => statesOf(other).includes('DeployApi'));
    sandbox.machines.redrive(failed.executionArn);
    await Promise.all([failed.ended, other.ended]);
    expect(outputOf(other)).toMatchObject({ outcome: 'Recovered' });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'LeaseLost' });
    checkInvariants(whole);
  });
});
