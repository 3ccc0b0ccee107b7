/** The lease, on DynamoDB and Step Functions as the sandbox has them. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import type { Clock } from '../../aws/clock.ts';
import {
  type Ending,
  endLease,
  findPause,
  holdLease,
  type RunEnd,
  readLedger,
  takeLease as take,
} from '../../aws/lease-table.ts';
import { takeLease } from '../../functions/take-lease.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import type { ExecutionRef } from '../../workflow/execution-ref.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { executionRef, leaseDoor, leaseSettings, pauseSettings } from '../support/execution.ts';
import { servicesOf } from '../support/services.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
  const definition = { StartAt: 'Run', States: { Run: { Type: 'Wait', Seconds: 600, End: true } } };
  aws.machines.add(machineArn, 'env-recovery-app', JSON.stringify(definition));
});
afterEach(async () => {
  for (const execution of aws.machines.executions) if (execution.status === 'RUNNING') execution.abort();
  await aws.close();
});

const machineArn = 'arn:aws:states:ap-northeast-2:111122223333:stateMachine:env-recovery-app';
const minute = 60_000;

/** Time that stands still, until it is moved on. */
function stoppedClock(startMs = Date.now()) {
  let nowMs = startMs;
  const clock: Clock = { now: () => nowMs, sleep: async () => undefined };
  return { clock, moveOn: (milliseconds: number) => (nowMs += milliseconds) };
}
/** An execution that really runs, for DescribeExecution. */
function start(name: string): { ref: ExecutionRef; execution: Execution } {
  const execution = aws.machines.start(machineArn, '{}', name);
  return { ref: executionRef({ name, arn: execution.executionArn }), execution };
}
const takeWith = (ref: ExecutionRef, clock?: Clock, force = false) =>
  take(leaseDoor(aws, clock), ref, pauseSettings, force);
const failed = (told: boolean): RunEnd => ({ outcome: 'Failed', counts: true, told });
const healthy: RunEnd = { outcome: 'Healthy', counts: false, told: true };
const owner = async () => (await readLedger(leaseDoor(aws))).ledger.owner?.arn;

describe('the lease', () => {
  it('goes to one of many that want it at the same moment, who all hear whose it is', async () => {
    const all = Array.from({ length: 50 }, (_, index) => start(`run-${index}`).ref);
    const answers = await Promise.all(all.map((ref) => takeWith(ref)));
    const winners = all.filter((_, index) => 'token' in (answers[index] ?? {}));
    expect(winners).toHaveLength(1);
    for (const answer of answers.filter((one) => !('token' in one)))
      expect(answer).toMatchObject({ outcome: 'AlreadyRunning', owner: winners[0]?.arn });
  });

  it('is the same when it is taken twice by one run, as after a lost answer', async () => {
    const { ref } = start('run');
    aws.fail('PutItem', 'drop-after');
    const first = await takeWith(ref);
    expect(await takeWith(ref)).toEqual(first);
    expect(first).toMatchObject({ token: 1 });
  });

  it('comes with a token that grows', async () => {
    for (const [index, name] of ['one', 'two', 'three'].entries()) {
      const { ref } = start(name);
      expect(await takeWith(ref, undefined, true)).toMatchObject({ token: index + 1 });
      await endLease(leaseDoor(aws), ref, healthy);
    }
  });

  it('is not given away while its owner runs, not even by force', async () => {
    const { clock, moveOn } = stoppedClock();
    const first = start('first');
    await takeWith(first.ref, clock);
    moveOn(10 * 60 * minute);
    expect(await takeWith(start('second').ref, clock, true)).toMatchObject({
      outcome: 'AlreadyRunning',
      owner: first.ref.arn,
      until: null,
      message: expect.stringContaining('first'),
    });
  });

  it('is taken from an owner that has ended without giving it back, whose end counts as a failure', async () => {
    const first = start('first');
    await takeWith(first.ref);
    first.execution.abort();
    await first.execution.ended;
    const second = start('second').ref;
    expect(await takeWith(second)).toMatchObject({ outcome: 'CoolingDown', owner: first.ref.arn });
    expect(await takeWith(second, undefined, true)).toMatchObject({ token: 2 });
    const { ledger } = await readLedger(leaseDoor(aws));
    expect(ledger.endings).toMatchObject([{ arn: first.ref.arn, outcome: 'Failed', told: false }]);
  });

  it('is free again when the pause behind such an owner is over, counted from its end', async () => {
    const { clock, moveOn } = stoppedClock();
    const first = start('first');
    await takeWith(first.ref, clock);
    first.execution.abort();
    await first.execution.ended;
    for (const minutes of [1, 4, 4]) {
      moveOn(minutes * minute);
      expect(await takeWith(start(`after ${minutes} ${clock.now()}`).ref, clock)).toMatchObject({
        outcome: 'CoolingDown',
        owner: first.ref.arn,
      });
    }
    moveOn(2 * minute);
    expect(await takeWith(start('last').ref, clock)).toMatchObject({ token: 2 });
    expect((await readLedger(leaseDoor(aws))).ledger.endings).toHaveLength(1);
  });

  it('is not taken by what is left of a run that has ended', async () => {
    const { ref } = start('run');
    await endLease(leaseDoor(aws), ref, failed(true));
    await expect(takeWith(ref)).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(await owner()).toBeUndefined();
  });

  it('stays with an owner that Step Functions does not know yet, for a minute', async () => {
    const { clock, moveOn } = stoppedClock();
    await takeWith(executionRef({ name: 'unknown' }), clock);
    const { ref } = start('second');
    expect(await takeWith(ref, clock)).toMatchObject({ outcome: 'AlreadyRunning' });
    moveOn(2 * minute);
    expect(await takeWith(ref, clock)).toMatchObject({ token: 2 });
  });

  it('is not taken from an owner that nobody can ask after', async () => {
    await takeWith(start('first').ref);
    aws.fail('DescribeExecution', new AwsError('AccessDeniedException', 'no'));
    await expect(takeWith(start('second').ref)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('states:DescribeExecution'),
    });
  });

  it('refuses an item that it has not written', async () => {
    await aws.dynamo.send(
      new PutItemCommand({
        TableName: leaseSettings.LEASE_TABLE,
        Item: { target: { S: leaseSettings.TARGET }, revision: { N: '1' }, ledger: { S: '{"owner":1}' } },
      }),
    );
    await expect(takeWith(start('run').ref)).rejects.toMatchObject({ name: 'LeaseLost' });
  });
});

describe('the fence', () => {
  it('lets the owner pass, and nobody else', async () => {
    const { ref } = start('first');
    const other = start('second').ref;
    await expect(holdLease(leaseDoor(aws), ref)).rejects.toMatchObject({ name: 'LeaseLost' });
    await takeWith(ref);
    await holdLease(leaseDoor(aws), ref);
    await expect(holdLease(leaseDoor(aws), other)).rejects.toMatchObject({
      name: 'LeaseLost',
      message: expect.stringContaining('first'),
    });
  });

  it('does not let a call pass that goes on behind the end of its run', async () => {
    const { ref } = start('run');
    await takeWith(ref);
    await endLease(leaseDoor(aws), ref, failed(false));
    await expect(holdLease(leaseDoor(aws), ref)).rejects.toMatchObject({ name: 'LeaseLost' });
  });

  it('takes the lease again for a redriven run, and stops what is left of the run before', async () => {
    const { ref } = start('run');
    await takeWith(ref);
    await endLease(leaseDoor(aws), ref, failed(false));
    const redriven = { ...ref, redriveCount: 1 };
    await holdLease(leaseDoor(aws), redriven);
    expect((await readLedger(leaseDoor(aws))).ledger).toMatchObject({
      token: 2,
      owner: { arn: ref.arn, redriveCount: 1 },
    });
    await expect(holdLease(leaseDoor(aws), ref)).rejects.toMatchObject({ name: 'LeaseLost' });
  });

  it('takes it over for a redriven run that is faster than the clean-up', async () => {
    const { ref } = start('run');
    await takeWith(ref);
    await holdLease(leaseDoor(aws), { ...ref, redriveCount: 1 });
    // The clean-up of the first run comes late.
    await endLease(leaseDoor(aws), ref, failed(false));
    await holdLease(leaseDoor(aws), { ...ref, redriveCount: 1 });
  });

  it('does not take it for a redriven run while another execution has it', async () => {
    const { ref } = start('run');
    const other = start('other').ref;
    await takeWith(other);
    await expect(holdLease(leaseDoor(aws), { ...ref, redriveCount: 1 })).rejects.toMatchObject({
      name: 'LeaseLost',
    });
    expect(await owner()).toBe(other.arn);
  });

  it('does not give it to what is left of a redrive that was stopped before it had the lease', async () => {
    const { ref } = start('run');
    await takeWith(ref);
    await endLease(leaseDoor(aws), ref, failed(true));
    const redriven = { ...ref, redriveCount: 1 };
    // Closed, though it had nothing to give back.
    await endLease(leaseDoor(aws), redriven, failed(true));
    await expect(holdLease(leaseDoor(aws), redriven)).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(await owner()).toBeUndefined();
  });

  it('does not give it to a redrive that Step Functions shows as stopped, or as followed by another', async () => {
    const { ref, execution } = start('run');
    execution.abort();
    await execution.ended;
    aws.machines.redrive(ref.arn);
    const redriven = { ...ref, redriveCount: 1 };
    execution.abort();
    await execution.ended;
    await expect(holdLease(leaseDoor(aws), redriven)).rejects.toMatchObject({ name: 'LeaseLost' });
    aws.machines.redrive(ref.arn);
    await expect(holdLease(leaseDoor(aws), redriven)).rejects.toMatchObject({ name: 'LeaseLost' });
    await holdLease(leaseDoor(aws), { ...ref, redriveCount: 2 });
  });

  it('does not take it again for a redriven run that has ended', async () => {
    const { ref } = start('run');
    const redriven = { ...ref, redriveCount: 1 };
    await holdLease(leaseDoor(aws), redriven);
    await endLease(leaseDoor(aws), redriven, failed(false));
    await expect(holdLease(leaseDoor(aws), redriven)).rejects.toMatchObject({ name: 'LeaseLost' });
  });
});

describe('the end of a run', () => {
  it('frees the lease once, and changes nothing when it comes again', async () => {
    const { ref } = start('run');
    await takeWith(ref);
    expect(await endLease(leaseDoor(aws), ref, failed(false))).toMatchObject({ own: { told: false } });
    expect(await endLease(leaseDoor(aws), ref, failed(true))).toMatchObject({ own: { told: true } });
    expect(await endLease(leaseDoor(aws), ref, failed(false))).toMatchObject({
      own: { told: true },
      endings: [{ arn: ref.arn }],
    });
    expect(await owner()).toBeUndefined();
  });

  it('leaves the lease of another alone, and no pause follows a failure without the lease', async () => {
    const other = start('other').ref;
    const { ref } = start('run');
    await takeWith(other);
    expect(await endLease(leaseDoor(aws), ref, failed(false))).toMatchObject({
      endings: [{ arn: ref.arn, counts: false }],
    });
    expect(await owner()).toBe(other.arn);
    await endLease(leaseDoor(aws), other, healthy);
    expect(await takeWith(start('next').ref)).toMatchObject({ token: 2 });
  });

  it('closes the circuit when all was well', async () => {
    for (const name of ['one', 'two', 'three']) {
      const { ref } = start(name);
      await takeWith(ref, undefined, true);
      await endLease(leaseDoor(aws), ref, failed(true));
    }
    expect(await takeWith(start('next').ref)).toMatchObject({ outcome: 'CircuitOpen' });
    const forced = start('forced').ref;
    await takeWith(forced, undefined, true);
    await endLease(leaseDoor(aws), forced, healthy);
    expect(await takeWith(start('another').ref)).toMatchObject({ outcome: 'CoolingDown' });
  });

  it('is remembered once, however often an execution was redriven to tell of its success', async () => {
    const { ref } = start('run');
    const recovered = (told: boolean): RunEnd => ({ outcome: 'Recovered', counts: true, told });
    await takeWith(ref);
    await endLease(leaseDoor(aws), ref, recovered(false));
    const { endings } = await endLease(leaseDoor(aws), { ...ref, redriveCount: 1 }, recovered(true));
    expect(endings).toMatchObject([{ arn: ref.arn, redriveCount: 1, told: true }]);
  });

  it('is remembered of a run that has succeeded without a change, and so without the lease', async () => {
    const { ref } = start('run');
    const recovered: RunEnd = { outcome: 'Recovered', counts: true, told: true };
    await endLease(leaseDoor(aws), { ...ref, redriveCount: 1 }, recovered);
    expect(await takeWith(start('next').ref)).toMatchObject({ outcome: 'CoolingDown' });
  });

  it('is not remembered if there was nothing to repair', async () => {
    const { ref } = start('run');
    await takeWith(ref);
    await endLease(leaseDoor(aws), ref, healthy);
    expect(await takeWith(start('next').ref)).toMatchObject({ token: 2 });
  });
});

const ending = (outcome: Ending['outcome'], minutesAgo: number, nowMs: number): Ending => ({
  arn: `arn:aws:states:ap-northeast-2:111122223333:execution:env-recovery-app:${outcome}-${minutesAgo}`,
  redriveCount: 0,
  outcome,
  endedAt: new Date(nowMs - minutesAgo * minute).toISOString(),
  counts: true,
  told: true,
});

describe('the pauses', () => {
  const nowMs = Date.parse('2026-01-01T12:00:00Z');
  const pause = (...endings: [Ending['outcome'], number][]) =>
    findPause(
      endings.map(([outcome, minutesAgo]) => ending(outcome, minutesAgo, nowMs)),
      pauseSettings,
      nowMs,
    );

  it('lets ten minutes pass after a recovery', () => {
    expect(pause(['Recovered', 9])).toMatchObject({
      outcome: 'CoolingDown',
      until: '2026-01-01T12:01:00.000Z',
      message: expect.stringContaining('{"force": true}'),
    });
    expect(pause(['Recovered', 10])).toBeUndefined();
  });

  it('doubles with each recovery in the window, and forgets those that have left it', () => {
    expect(pause(['Recovered', 60], ['Recovered', 25])).toBeUndefined();
    expect(pause(['Recovered', 60], ['Recovered', 19])).toMatchObject({ outcome: 'CoolingDown' });
    expect(pause(['Recovered', 90], ['Recovered', 60], ['Recovered', 39])).toMatchObject({
      until: '2026-01-01T12:01:00.000Z',
    });
    expect(pause(['Recovered', 400], ['Recovered', 390], ['Recovered', 11])).toBeUndefined();
  });

  it('opens the circuit after three failures, until the first of them has left the window', () => {
    expect(pause(['Failed', 200], ['Failed', 150])).toBeUndefined();
    expect(pause(['Failed', 200], ['Failed', 150], ['Failed', 100])).toMatchObject({
      outcome: 'CircuitOpen',
      until: '2026-01-01T14:40:00.000Z',
      message: expect.stringContaining('3 recoveries failed within 6 hours'),
    });
  });

  it('counts failures since the last success only', () => {
    expect(pause(['Failed', 300], ['Failed', 290], ['Recovered', 280], ['Failed', 200])).toBeUndefined();
  });

  it('never ends before the last ending and never lasts longer than the window', () => {
    const outcome = fc.constantFrom('Recovered' as const, 'Failed' as const, 'NotApproved' as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(outcome, fc.nat(1000)), { minLength: 1, maxLength: 20 }), (some) => {
        const sorted = some.toSorted(([, one], [, other]) => other - one);
        const found = pause(...sorted);
        if (!found) return;
        const untilMs = Date.parse(found.until);
        expect(untilMs).toBeGreaterThan(nowMs);
        expect(untilMs).toBeLessThanOrEqual(nowMs + pauseSettings.windowHours * 60 * minute);
      }),
    );
  });
});

describe('TakeLease', () => {
  const run = (input: unknown, ref = executionRef()) => takeLease({ execution: ref, input }, servicesOf(aws));

  it('refuses an unknown input before it calls anything', async () => {
    await expect(run({ parameter: '/other' })).rejects.toMatchObject({ name: 'InvalidInput' });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('takes no lease for a plan, and calls nothing', async () => {
    expect(await run({ mode: 'plan' })).toMatchObject({ request: { mode: 'plan' }, lease: null });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('hands on the request and the lease', async () => {
    expect(await run({ deploy: 'always' }, start('run').ref)).toMatchObject({
      request: { mode: 'recover', deploy: 'always', force: false },
      lease: { token: 1 },
    });
  });

  it('says why the execution has to leave, and who holds the lease', async () => {
    const first = start('first').ref;
    await run({}, first);
    expect(await run({}, start('second').ref)).toMatchObject({
      outcome: 'AlreadyRunning',
      execution: 'second',
      trigger: 'operator',
      owner: first.arn,
    });
  });
});
