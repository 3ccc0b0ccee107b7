/** The lease is free, a person is told once, and that is remembered, whatever gets lost between. */
import { endLease, readLedger, takeLease } from '../../aws/lease-table.ts';
import { endRun } from '../../functions/runtime/end-run.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { Endings } from '../../workflow/ledger.ts';
import { topicArn } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { leaseDoor } from '../support/execution.ts';
import { executionRef } from '../support/execution-facts.ts';
import { pauses } from '../support/ledger.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
  await takeLease(leaseDoor(aws), run, { pauses, force: true });
});
afterEach(() => aws.close());

const run = executionRef();
const message = () => ({ subject: 'env-recovery: app FAILED', text: 'It failed.\n' });
const end = (make: ((endings: Endings) => { subject: string; text: string }) | undefined = message) =>
  endRun({ lease: leaseDoor(aws), sns: aws.sns, topicArn }, run, { outcome: 'Failed', counts: true }, make);
const ledger = async () => (await readLedger(leaseDoor(aws))).ledger;

describe('the end of a run', () => {
  it('frees the lease before a person is told, tells once, and remembers both', async () => {
    expect(await end()).toBe('Told');
    expect(aws.topics.messages).toEqual([
      { topicArn, subject: 'env-recovery: app FAILED', message: 'It failed.\n' },
    ]);
    const changes = aws.endpoint.calls.map(({ operation }) => operation).filter((name) => name !== 'GetItem');
    expect(changes).toEqual(['PutItem', 'PutItem', 'Publish', 'PutItem']);
    expect(await ledger()).toMatchObject({
      owner: null,
      endings: [{ arn: run.arn, outcome: 'Failed', counts: true, told: true }],
    });
    expect(await end()).toBe('AlreadyTold');
    expect(aws.topics.messages).toHaveLength(1);
  });

  it('makes the message of what the ledger knows, and only where it is needed', async () => {
    const earlier = executionRef({ name: 'earlier' });
    await endLease(leaseDoor(aws), earlier, { outcome: 'Failed', counts: true, told: true });
    const seen: Endings[] = [];
    const make = (endings: Endings) => {
      seen.push(endings);
      return message();
    };
    await end(make);
    await end(make);
    expect(seen).toMatchObject([
      { own: { arn: run.arn, told: false }, all: [{ arn: earlier.arn }, { arn: run.arn }] },
    ]);
  });

  it('tells nobody where there is no message, and needs not to be asked again', async () => {
    expect(
      await endRun(
        { lease: leaseDoor(aws), sns: aws.sns, topicArn },
        run,
        { outcome: 'Failed', counts: true },
        undefined,
      ),
    ).toBe('NotNeeded');
    expect(aws.topics.messages).toEqual([]);
    expect(await ledger()).toMatchObject({ owner: null, endings: [{ told: true }] });
    expect(await end()).toBe('AlreadyTold');
  });

  it('tells a person the next time if the first try got lost, with the lease free meanwhile', async () => {
    aws.fail('Publish', new AwsError('AuthorizationError', 'no', 403));
    await expect(end()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await ledger()).toMatchObject({ owner: null, endings: [{ told: false }] });
    expect(await end()).toBe('Told');
    expect(aws.topics.messages).toHaveLength(1);
  });

  it('rather tells a person twice than never, where it could not be remembered', async () => {
    const lose = () => {
      aws.fail('PutItem', new AwsError('AccessDeniedException', 'no'));
      return message();
    };
    await expect(end(lose)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(aws.topics.messages).toHaveLength(1);
    expect(await end()).toBe('Told');
    expect(aws.topics.messages).toHaveLength(2);
  });
});
