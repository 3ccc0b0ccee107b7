/** A target that asks a person before anything is changed; whole runs, answered from the command line. */
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

let whole: WholeRun;
beforeEach(async () => {
  whole = await openRun('outage');
  letItAsk(whole);
});
afterEach(() => whole.close());

/** Starts an execution, and waits until it asks. */
async function ask() {
  const { sandbox } = whole;
  const execution = sandbox.machines.start(sandbox.stateMachineArn, '{}', 'night-1');
  const { message } = await until(() =>
    sandbox.topics.messages.find(({ subject }) => subject.includes('approval needed')),
  );
  await untilAsked(execution);
  return { execution, message };
}
const cli = (...commandLine: string[]) => recover(whole.sandbox.endpoint.url, commandLine);

describe('an approval', () => {
  it('lets the execution carry out the plan that was shown', async () => {
    const { execution, message } = await ask();
    expect(message).toContain(
      'npx --no-install recover approve night-1 --target sandbox --region ap-northeast-2',
    );
    expect(message).toContain('12 keys from version 2');
    // Whether it has an answer in compressed time is a matter of the machine's speed; that it looks is not.
    expect(message).toMatch(/^Diagnosis: /m);
    await until(() =>
      whole.sandbox.endpoint.calls.some(({ operation }) => operation === 'DescribeStateMachine'),
    );
    expect(writesOf(whole)).toEqual([]);
    const { exitCode, stdout } = await cli('approve', 'night-1', '--yes');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('Approved.')]);
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered' });
    expect(whole.sandbox.topics.messages.map(({ subject }) => subject)).toEqual([
      'env-recovery: sandbox approval needed',
      'env-recovery: sandbox recovery started',
      'env-recovery: sandbox recovered',
    ]);
    const late = await cli('approve', 'night-1', '--yes');
    expect([late.exitCode, late.stdout]).toEqual([1, expect.stringContaining('waits for no approval')]);
    checkInvariants(whole);
  });

  it('is worth nothing when things have changed since, and nothing is changed', async () => {
    const { execution } = await ask();
    whole.overwrite('ANOTHER_KEY=1\n');
    expect((await cli('approve', execution.executionArn, '--yes')).exitCode).toBe(0);
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'PlanChanged', answer: { decision: 'Approved' } });
    expect(writesOf(whole)).toEqual([]);
    expect(whole.sandbox.topics.messages.at(-1)?.subject).toBe('env-recovery: sandbox plan has changed');
  });

  it('is refused by the command when the execution has another plan than the person has seen', async () => {
    await ask();
    const { exitCode, stdout } = await cli('approve', 'night-1', '--yes', '--plan', '000000000000');
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('Look at that first')]);
  });

  it('needs somebody who is asked, or --yes', async () => {
    await ask();
    expect(await cli('approve', 'night-1')).toMatchObject({ exitCode: 2 });
    expect(await cli('approve', 'another', '--yes')).toMatchObject({ exitCode: 1 });
  });

  it('is waited for while nobody else can start', async () => {
    await ask();
    expect(outputOf(await whole.run())).toMatchObject({ outcome: 'AlreadyRunning' });
  });

  it('is asked for again after a redrive', async () => {
    const { execution } = await ask();
    execution.abort();
    await execution.ended;
    await until(() => whole.sandbox.topics.messages.some(({ subject }) => subject.includes('stopped')));
    await whole.sandbox.functions.idle();
    expect(await cli('approve', 'night-1', '--yes')).toMatchObject({ exitCode: 1 });
    whole.sandbox.machines.redrive(execution.executionArn);
    const asked = () =>
      whole.sandbox.topics.messages.filter(({ subject }) => subject.includes('approval needed'));
    await until(() => asked().length === 2);
    await untilAsked(execution);
    expect(await cli('approve', 'night-1', '--yes')).toMatchObject({ exitCode: 0 });
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'Recovered' });
  });
});

describe('a rejection', () => {
  it('ends the execution, with nothing changed and no other one soon', async () => {
    const { execution } = await ask();
    const { exitCode, stdout } = await cli('reject', 'night-1', '--yes', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ answered: true, decision: 'Rejected' });
    await execution.ended;
    expect(outputOf(execution)).toMatchObject({ outcome: 'NotApproved', answer: { decision: 'Rejected' } });
    expect(statesOf(execution).at(-1)).toBe('ReportRecovery');
    expect(writesOf(whole)).toEqual([]);
    expect(outputOf(await whole.run())).toMatchObject({ outcome: 'CoolingDown' });
    checkInvariants(whole);
  });
});
