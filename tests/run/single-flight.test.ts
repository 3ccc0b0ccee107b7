/** Many starts at the same moment, whole runs: one recovers, and the others say who does. */
import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { until } from '../support/until.ts';
import { alarmEvent, checkInvariants, openRun, outputOf, type WholeRun } from '../support/whole-run.ts';

let whole: WholeRun;
beforeAll(async () => {
  whole = await openRun('outage');
});
afterAll(() => whole.close());

const rounds = 2;
const starts = 50;

/** Fifty starts: alarm events, each of them twice, changes of the parameter, the schedule, and people. */
function startAll(): void {
  const { sandbox, seed } = whole;
  const alarm = alarmEvent(whole);
  for (let index = 0; index < 10; index += 1) {
    sandbox.bus.put(alarm);
    sandbox.bus.put(alarm);
  }
  for (let index = 0; index < 15; index += 1)
    sandbox.parameters.put({
      Name: sandbox.parameterName,
      Value: seed.versions.at(-1) ?? '',
      Overwrite: true,
    });
  sandbox.bus.runSchedules();
  for (let index = 0; index < 14; index += 1)
    sandbox.machines.start(sandbox.stateMachineArn, JSON.stringify({ reason: `person ${index}` }));
}

/** Forgets how earlier recoveries ended: otherwise there would be no other one for a while. */
async function forgetPauses(): Promise<void> {
  const dynamo = new DynamoDBClient({
    endpoint: whole.sandbox.endpoint.url,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await dynamo.send(
    new DeleteItemCommand({ TableName: 'env-recovery-sandbox-lease', Key: { target: { S: 'sandbox' } } }),
  );
  dynamo.destroy();
}

describe('fifty starts at the same moment', () => {
  it.each(Array.from({ length: rounds }, (_, round) => round + 1))(
    'make one recovery, with one deploy, and 49 that are told whose it is (round %d)',
    async (round) => {
      const { sandbox } = whole;
      const earlier = sandbox.machines.executions.length;
      startAll();
      await until(() => sandbox.machines.executions.length >= earlier + starts);
      const executions = sandbox.machines.executions.slice(earlier, earlier + starts);
      await Promise.all(executions.map(({ ended }) => ended));

      const [recovery, ...more] = executions.filter((one) => outputOf(one).outcome === 'Recovered');
      expect(more).toEqual([]);
      const others = executions.filter((one) => one !== recovery);
      expect(others).toHaveLength(starts - 1);
      for (const one of others)
        expect(outputOf(one)).toMatchObject({ outcome: 'AlreadyRunning', owner: recovery?.executionArn });
      expect(sandbox.runCommand.commands).toHaveLength(round);
      // One message when it starts to change things, one at the end.
      expect(sandbox.topics.messages).toHaveLength(2 * round);
      checkInvariants(whole);

      // What the recovery itself has written has started another execution, which changes nothing.
      await until(() => sandbox.machines.executions.every(({ status }) => status !== 'RUNNING'));
      expect(sandbox.runCommand.commands).toHaveLength(round);
      await forgetPauses();
    },
  );
});
