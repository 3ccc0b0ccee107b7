/** The ledger in its table, on DynamoDB and Step Functions as the sandbox has them. */
import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../aws/clock.ts';
import { endLease, fenceOf, holdLease, keepApproval, readLedger, takeLease } from '../../aws/lease-table.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import type { ExecutionRef } from '../../workflow/execution-ref.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { leaseDoor, leaseItem, startExecution } from '../support/execution.ts';
import { executionRef, recoveryPlan } from '../support/execution-facts.ts';
import { minute, pauses } from '../support/ledger.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

/** Time that stands still, until it is moved on. */
function stoppedClock(startMs = Date.now()) {
  let nowMs = startMs;
  const clock: Clock = { now: () => nowMs, sleep: async () => undefined };
  return { clock, moveOn: (milliseconds: number) => (nowMs += milliseconds) };
}
const { clock: still } = stoppedClock();
const door = (clock: Clock = still) => leaseDoor(aws, clock);
/** An execution that really runs, for DescribeExecution. */
function start(name: string): { ref: ExecutionRef; execution: Execution } {
  const execution = startExecution(aws, name);
  return { ref: executionRef({ name, arn: execution.executionArn }), execution };
}
const take = (ref: ExecutionRef, clock?: Clock, force = false) =>
  takeLease(door(clock), ref, { pauses, force });
const failed = (told: boolean) => ({ outcome: 'Failed', counts: true, told }) as const;
const owner = async () => (await readLedger(door())).ledger.owner?.arn;
const lostRound = () => new AwsError('ConditionalCheckFailedException', 'The conditional request failed');
/** As somebody else, or another version, may have written it. */
const put = (ledger: string, revision = '1') =>
  aws.dynamo.send(
    new PutItemCommand({
      TableName: leaseItem.tableName,
      Item: { target: { S: leaseItem.target }, revision: { N: revision }, ledger: { S: ledger } },
    }),
  );

describe('the item of the table', () => {
  it('gives the lease to one of many that want it at the same moment, who all hear whose it is', async () => {
    const all = Array.from({ length: 20 }, (_, index) => start(`run-${index}`).ref);
    const answers = await Promise.all(all.map((ref) => take(ref)));
    const winners = all.filter((_, index) => 'takenAt' in (answers[index] ?? {}));
    expect(winners).toHaveLength(1);
    for (const answer of answers.filter((one) => !('takenAt' in one)))
      expect(answer).toMatchObject({ outcome: 'AlreadyRunning', owner: winners[0]?.arn });
  });

  it('is the same when the lease is taken twice by one run, as after a lost answer', async () => {
    const { ref } = start('run');
    aws.fail('PutItem', 'drop-after');
    const first = await take(ref);
    expect(first).toEqual({ takenAt: new Date(still.now()).toISOString() });
    expect(await take(ref)).toEqual(first);
    expect((await readLedger(door())).revision).toBe(still.now());
  });

  it('grows by one revision with each change, and holds what is read back', async () => {
    expect(await readLedger(door())).toMatchObject({ revision: 0, ledger: { owner: null, endings: [] } });
    const { ref } = start('run');
    await take(ref);
    expect(await readLedger(door())).toMatchObject({
      revision: still.now(),
      ledger: { owner: { arn: ref.arn } },
    });
    const until = new Date(still.now() + minute).toISOString();
    const plan = recoveryPlan();
    await keepApproval(door(), ref, { taskToken: 'token', plan, until });
    expect(await readLedger(door())).toMatchObject({
      revision: still.now() + 1,
      ledger: { approval: { arn: ref.arn, taskToken: 'token', plan, until } },
    });
    await endLease(door(), ref, failed(true));
    expect(await readLedger(door())).toMatchObject({
      revision: still.now() + 2,
      ledger: { owner: null, approval: null, endings: [{ arn: ref.arn, redriveCount: 0, told: true }] },
    });
  });

  it('begins at a later revision after a deletion, so that none comes again', async () => {
    const { clock, moveOn } = stoppedClock();
    await take(start('first').ref, clock);
    const { revision } = await readLedger(door(clock));
    const Key = { target: { S: leaseItem.target } };
    await aws.dynamo.send(new DeleteItemCommand({ TableName: leaseItem.tableName, Key }));
    moveOn(minute);
    await take(start('second').ref, clock);
    expect((await readLedger(door(clock))).revision).toBeGreaterThan(revision);
  });

  it('is decided again on what somebody else has written between the look and the write', async () => {
    const first = start('first').ref;
    const { ref } = start('second');
    let isFirst = true;
    aws.dynamo.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'PutItemCommand' && isFirst) {
            isFirst = false;
            await take(first);
          }
          return next(args);
        },
      { step: 'initialize' },
    );
    expect(await take(ref)).toMatchObject({ outcome: 'AlreadyRunning', owner: first.arn });
    expect(await readLedger(door())).toMatchObject({
      revision: still.now(),
      ledger: { owner: { arn: first.arn } },
    });
  });

  it('is not overwritten where the round is lost, and is tried again', async () => {
    const { ref } = start('run');
    aws.fail('PutItem', lostRound(), lostRound());
    expect(await take(ref)).toMatchObject({ takenAt: expect.any(String) });
    expect(aws.countCalls('GetItem')).toBe(3);
    expect((await readLedger(door())).revision).toBe(still.now());
  });

  it('is given up by name after twenty lost rounds, with nothing changed', async () => {
    const { ref } = start('run');
    aws.fail('PutItem', ...Array.from({ length: 20 }, lostRound));
    await expect(take(ref)).rejects.toMatchObject({
      name: 'LeaseContended',
      message: expect.stringContaining(leaseItem.tableName),
    });
    expect(aws.countCalls('PutItem')).toBe(20);
    expect((await readLedger(door())).revision).toBe(0);
    expect(await take(ref)).toMatchObject({ takenAt: expect.any(String) });
  });

  it.each(['GetItem', 'PutItem'])(
    'is asked for again where DynamoDB is busy with %s, and given up by name',
    async (operation) => {
      const busy = () => new AwsError('ThrottlingException', 'slow down');
      const { ref } = start('run');
      aws.fail(operation, busy(), busy());
      expect(await take(ref)).toMatchObject({ takenAt: expect.any(String) });
      await endLease(door(), ref, { outcome: 'Healthy', counts: false, told: true });
      aws.fail(operation, busy(), busy(), busy(), busy());
      await expect(take(start('next').ref)).rejects.toMatchObject({ name: 'AwsThrottled' });
      expect(await owner()).toBeUndefined();
    },
  );

  it.each(['{"owner":1}', '{"owner":null}', '"text"'])('is refused by name where it is %s', async (text) => {
    await put(text);
    const { ref } = start('run');
    const unreadable = { name: 'LeaseUnreadable', message: expect.stringContaining('delete the item') };
    await expect(take(ref)).rejects.toMatchObject(unreadable);
    await expect(holdLease(door(), ref)).rejects.toMatchObject(unreadable);
    await expect(endLease(door(), ref, failed(true))).rejects.toMatchObject(unreadable);
    expect(aws.countCalls('PutItem')).toBe(1);
  });

  it('is read and gone on with whatever other fields it has', async () => {
    const { ref } = start('run');
    const takenAt = new Date(still.now()).toISOString();
    const stored = {
      token: 7,
      owner: { arn: ref.arn, redriveCount: 0, takenAt },
      endings: [],
      approval: null,
    };
    await put(JSON.stringify(stored), '9');
    expect(await take(ref)).toEqual({ takenAt });
    await endLease(door(), ref, failed(true));
    const { Item } = await aws.dynamo.send(
      new GetItemCommand({ TableName: leaseItem.tableName, Key: { target: { S: leaseItem.target } } }),
    );
    expect(Item?.revision).toEqual({ N: '10' });
    expect(JSON.parse(Item?.ledger?.S ?? '')).toMatchObject({ owner: null, endings: [{ arn: ref.arn }] });
  });

  it('belongs to one target', async () => {
    await take(start('run').ref);
    expect((await readLedger({ ...door(), target: 'another' })).revision).toBe(0);
  });
});

describe('the owner, as Step Functions shows it', () => {
  it('keeps the lease while it runs, and loses it when it was stopped, which counts from its end', async () => {
    const { clock, moveOn } = stoppedClock();
    const first = start('first');
    await take(first.ref, clock);
    moveOn(2 * minute);
    const second = start('second').ref;
    expect(await take(second, clock, true)).toMatchObject({
      outcome: 'AlreadyRunning',
      owner: first.ref.arn,
    });
    first.execution.abort();
    await first.execution.ended;
    expect(await take(second, clock)).toMatchObject({ outcome: 'CoolingDown', owner: first.ref.arn });
    const stoppedAt = first.execution.stopDate?.toISOString();
    expect((await readLedger(door())).ledger).toMatchObject({
      owner: null,
      endings: [{ arn: first.ref.arn, outcome: 'Failed', endedAt: stoppedAt, told: false }],
    });
    expect(await take(second, clock, true)).toMatchObject({ takenAt: expect.any(String) });
  });

  it('keeps the lease for a minute while Step Functions does not know it', async () => {
    const { clock, moveOn } = stoppedClock();
    await take(executionRef({ name: 'unknown' }), clock);
    const { ref } = start('second');
    expect(await take(ref, clock)).toMatchObject({ outcome: 'AlreadyRunning' });
    moveOn(2 * minute);
    expect(await take(ref, clock)).toMatchObject({ takenAt: expect.any(String) });
  });

  it.each(['{"status":"PENDING_REDRIVE"}', '{"status":"SOMETHING_NEW"}', '{}'])(
    'keeps the lease where Step Functions answers %s, which is no end',
    async (body) => {
      const { clock, moveOn } = stoppedClock();
      const first = start('first').ref;
      await take(first, clock);
      moveOn(2 * minute);
      aws.fail('DescribeExecution', { status: 200, body, isCarriedOut: false });
      expect(await take(start('second').ref, clock, true)).toMatchObject({ outcome: 'AlreadyRunning' });
      expect(await owner()).toBe(first.arn);
    },
  );

  it('keeps the lease where nobody can ask after it', async () => {
    const first = start('first').ref;
    await take(first);
    aws.fail('DescribeExecution', new AwsError('AccessDeniedException', 'no'));
    await expect(take(start('second').ref)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('states:DescribeExecution'),
    });
    expect(await owner()).toBe(first.arn);
  });
});

describe('the fence', () => {
  it('lets the owner pass with one call, and nobody else', async () => {
    const { ref } = start('first');
    await take(ref);
    const before = aws.endpoint.calls.length;
    await fenceOf(door(), ref)();
    expect(aws.endpoint.calls.slice(before).map(({ operation }) => operation)).toEqual(['GetItem']);
    await expect(fenceOf(door(), start('second').ref)()).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(aws.countCalls('DescribeExecution')).toBe(0);
  });

  it('takes the lease again for a redriven run that runs, as Step Functions shows it', async () => {
    const { ref, execution } = start('run');
    await take(ref);
    execution.abort();
    await execution.ended;
    await endLease(door(), ref, failed(true));
    aws.machines.redrive(ref.arn);
    await holdLease(door(), { ...ref, redriveCount: 1 });
    expect((await readLedger(door())).ledger.owner).toMatchObject({ arn: ref.arn, redriveCount: 1 });
    await expect(holdLease(door(), ref)).rejects.toMatchObject({ name: 'LeaseLost' });
  });

  it('does not give it to a redrive that Step Functions shows as stopped, or as followed by another', async () => {
    const { ref, execution } = start('run');
    execution.abort();
    await execution.ended;
    aws.machines.redrive(ref.arn);
    const redriven = { ...ref, redriveCount: 1 };
    execution.abort();
    await execution.ended;
    await expect(holdLease(door(), redriven)).rejects.toMatchObject({ name: 'LeaseLost' });
    aws.machines.redrive(ref.arn);
    await expect(holdLease(door(), redriven)).rejects.toMatchObject({ name: 'LeaseLost' });
    await holdLease(door(), { ...ref, redriveCount: 2 });
  });

  it('does not take it for a redriven run while another execution has it, nor keeps an approval then', async () => {
    const { ref, execution } = start('run');
    execution.abort();
    await execution.ended;
    aws.machines.redrive(ref.arn);
    const other = start('other').ref;
    await take(other);
    const redriven = { ...ref, redriveCount: 1 };
    await expect(holdLease(door(), redriven)).rejects.toMatchObject({
      name: 'LeaseLost',
      message: expect.stringContaining('execution other does'),
    });
    const approval = { taskToken: 'token', plan: recoveryPlan(), until: new Date().toISOString() };
    await expect(keepApproval(door(), redriven, approval)).rejects.toMatchObject({ name: 'LeaseLost' });
    expect((await readLedger(door())).ledger).toMatchObject({ owner: { arn: other.arn }, approval: null });
  });
});
