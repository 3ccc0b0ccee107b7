/** Whole runs that are killed in every state, and redriven: they end as if nothing had happened. */
import type { Execution } from '../sandbox/services/states.ts';
import { checkInvariants, openRun, outputOf, statesOf, until, type WholeRun } from './whole-run.ts';

const states = [
  'TakeLease',
  'ValidateEnv',
  'PlanRecovery',
  'AnnounceRecovery',
  'UploadEnv',
  'DeployApi',
  'AwaitDeploy',
  'VerifyEndpoint',
  'PatchLambdaEnv',
  'ConfirmBacklog',
  'MarkKnownGood',
  'ReportRecovery',
];

/** How long into a state's function it is killed: sometimes before, sometimes behind what it changes. */
const delaysMs = { abort: 60, 'time out': 150, crash: 100 };
type Kill = keyof typeof delaysMs;
const kills = ['abort', 'time out', 'crash'] as const;

/** Kills a run once it is in a state; `crash` ends the function's process, and that of the retry. */
function killIn(whole: WholeRun, state: string, kill: Kill): Promise<Execution> {
  const { sandbox } = whole;
  const execution = sandbox.machines.start(sandbox.stateMachineArn, '{}');
  let left = kill === 'crash' ? 2 : 1;
  whole.onEvent = (which, { type }) => {
    if (which !== execution || left === 0 || type !== 'LambdaFunctionStarted') return;
    if (statesOf(execution).at(-1) !== state) return;
    left -= 1;
    setTimeout(() => {
      if (kill === 'abort') execution.abort();
      else if (kill === 'time out') execution.timeOut();
      else sandbox.functions.crash(`env-recovery-sandbox-${state.charAt(0).toLowerCase()}${state.slice(1)}`);
    }, delaysMs[kill]);
  };
  return execution.ended.then(() => execution);
}

const open: WholeRun[] = [];
afterEach(() => Promise.all(open.splice(0).map((whole) => whole.close())));

async function killAndRedrive(state: string, kill: Kill): Promise<void> {
  const whole = await openRun('outage');
  open.push(whole);
  const { sandbox } = whole;
  const execution = await killIn(whole, state, kill);
  if (execution.status !== 'SUCCEEDED') {
    expect(execution.status).toBe({ abort: 'ABORTED', 'time out': 'TIMED_OUT', crash: 'FAILED' }[kill]);
    await sandbox.functions.idle();
    // A person hears of it, unless they have heard of the recovery already.
    const subjects = sandbox.topics.messages.map(({ subject }) => subject).join('\n');
    expect(subjects).toMatch(
      state === 'ReportRecovery' ? /FAILED|stopped|ran out|recovered/ : /FAILED|stopped|ran out/,
    );
    sandbox.machines.redrive(execution.executionArn);
    await execution.ended;
  }

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
  // One deploy: a command that was cancelled with its run has not come to its end.
  const ends = sandbox.runCommand.commands.map(({ invocations }) => invocations[0]?.Status);
  expect(ends.filter((status) => status === 'Success')).toHaveLength(1);
  expect(ends.filter((status) => status !== 'Success' && status !== 'Cancelled')).toEqual([]);
  expect(ends.length).toBeLessThanOrEqual(2);
  checkInvariants(whole);
}

describe('a run that is killed and redriven', () => {
  it.each(states)('in %s ends as an uninterrupted one would, with one deploy', async (state) => {
    await Promise.all(kills.map((kill) => killAndRedrive(state, kill)));
  });

  it('goes on though the redrive is faster than the clean-up', async () => {
    const whole = await openRun('outage');
    open.push(whole);
    const execution = await killIn(whole, 'AwaitDeploy', 'abort');
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
    await until(() => statesOf(other).includes('AwaitDeploy'));
    sandbox.machines.redrive(failed.executionArn);
    await Promise.all([failed.ended, other.ended]);
    expect(outputOf(other)).toMatchObject({ outcome: 'Recovered' });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'LeaseLost' });
    checkInvariants(whole);
  });
});
