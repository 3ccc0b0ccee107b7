/** Fifty that want the lease at the same moment, round after round, against a real table. */
import { endLease, holdLease, takeLease } from '../../aws/lease-table.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { leaseDoor, startExecution } from '../support/execution.ts';
import { executionRef } from '../support/execution-facts.ts';
import { pauses } from '../support/ledger.ts';
import { steppedClock } from '../support/services.ts';

const takers = 50;
const rounds = 20;

let aws: TestAws;
beforeAll(async () => {
  aws = await openAws();
});
afterAll(() => aws.close());

describe('fifty executions that want the lease at the same moment', () => {
  it.each(Array.from({ length: rounds }, (_, round) => round + 1))(
    'come to one that has it, and 49 that are told whose it is and change nothing (round %d)',
    async (round) => {
      const door = leaseDoor(aws, steppedClock());
      const executions = Array.from({ length: takers }, (_, index) =>
        startExecution(aws, `round-${round}-${index}`),
      );
      const refs = executions.map(({ executionArn: arn, name }) => executionRef({ arn, name }));
      const answers = await Promise.all(refs.map((ref) => takeLease(door, ref, { pauses, force: true })));

      const owners = refs.filter((_, index) => 'takenAt' in (answers[index] ?? {}));
      expect(owners).toHaveLength(1);
      const [owner = executionRef()] = owners;
      for (const answer of answers.filter((one) => !('takenAt' in one)))
        expect(answer).toMatchObject({ outcome: 'AlreadyRunning', owner: owner.arn });
      await holdLease(door, owner);
      const [other = owner] = refs.filter((ref) => ref !== owner);
      await expect(holdLease(door, other)).rejects.toMatchObject({ name: 'LeaseLost' });

      // By turns the owner says that it has ended, or it ends and says nothing.
      if (round % 2 === 0) await endLease(door, owner, { outcome: 'Recovered', counts: true, told: true });
      for (const execution of executions) execution.abort();
    },
  );
});
