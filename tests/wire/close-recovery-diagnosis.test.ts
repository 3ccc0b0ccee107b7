/** What the message about a failure says of the whole chain. */
import type { Clock } from '../../aws/clock.ts';
import { readLedger, takeLease } from '../../aws/lease-table.ts';
import { closeRecovery } from '../../functions/events/close-recovery.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { doctorOf } from '../support/ask-doctor.ts';
import type { TestAws } from '../support/aws.ts';
import { leaseDoor } from '../support/execution.ts';
import { executionRef } from '../support/execution-facts.ts';
import { type ChainOptions, machineArn, openChain, putEnv, target } from '../support/healthy-chain.ts';
import { pauses } from '../support/ledger.ts';
import { servicesOf, steppedClock } from '../support/services.ts';

let aws: TestAws;
afterEach(() => aws.close());

const deployed: DeployedTarget = { name: 'sandbox', ...target };
const failure = { name: 'DeployFailed', message: 'command c did not succeed on i-1.' };

const lease = () => ({ ...leaseDoor(aws), target: 'sandbox' });

async function open(options?: ChainOptions): Promise<void> {
  aws = await openChain(options);
  aws.addFunction(
    'deploy',
    'const error = new Error(event.fail.message); error.name = event.fail.name; throw error;',
    {},
  );
}

/** Lets an execution fail, and tidies up after it. @returns the message. */
async function close({
  stateName = 'DeployApi',
  fail = failure,
  state = {},
  clock,
  askDoctor = doctorOf(aws, deployed, clock),
}: {
  readonly stateName?: string;
  readonly fail?: { readonly name: string; readonly message: string };
  readonly state?: object;
  /** The doctor's. */
  readonly clock?: Clock;
  readonly askDoctor?: ReturnType<typeof doctorOf>;
} = {}): Promise<string> {
  const Resource = 'arn:aws:lambda:ap-northeast-2:111122223333:function:deploy';
  const States = { [stateName]: { Type: 'Task', Resource, End: true } };
  aws.machines.add(machineArn, 'env-recovery-sandbox', JSON.stringify({ StartAt: stateName, States }), true);
  const { executionArn, stopDate, ended } = aws.machines.start(
    machineArn,
    JSON.stringify({ fail, ...state }),
    'run-1',
  );
  await takeLease(lease(), executionRef({ arn: executionArn }), { pauses, force: true });
  await ended;
  expect((await readLedger(lease())).ledger.owner?.arn).toBe(executionArn);
  const event = { detail: { executionArn, stopDate: stopDate?.getTime() ?? null } };
  const services = { ...servicesOf(aws), target: deployed, ssm: aws.ssm, askDoctor };
  expect(await closeRecovery(event, services)).toMatchObject({ outcome: 'Closed' });
  const [message] = aws.topics.messages;
  return message?.message ?? '';
}
const lineOf = (message: string, label: string) =>
  message.split('\n').find((line) => line.startsWith(`${label}:`)) ?? '';

describe('the message about a failure', () => {
  it('says what is broken first, how to put it right, and what follows from it, and shows no value', async () => {
    await open({ stoppedMinutesAgo: 20 });
    putEnv(aws, 'LAMBDA_INTERNAL_API_KEY=canary\n');
    const message = await close();
    expect(lineOf(message, 'Diagnosis')).toMatch(
      /^Diagnosis: +EnvIncomplete at the env in Parameter Store: .*DB_HOST is missing/,
    );
    expect(lineOf(message, 'Put it right')).toBe(
      'Put it right: npx --no-install recover env restore --target sandbox',
    );
    expect(lineOf(message, 'What follows')).toMatch(/MetricStopped, HeartbeatFiring/);
    expect(message).toContain('docs/doctor.md#envincomplete');
    expect(message).not.toContain('canary');
  });

  it('goes by what the endpoint answered the recovery at last', async () => {
    await open();
    const check = { finding: 'EndpointUnhealthy', needsDeploy: true, httpStatus: 502, proof: null };
    const message = await close({
      stateName: 'VerifyEndpoint',
      fail: { name: 'EndpointNotFound', message: 'HTTP 404.' },
      state: { check },
    });
    expect(lineOf(message, 'Diagnosis')).toMatch(/^Diagnosis: +EndpointNotFound at the internal endpoint/);
  });

  it('says how many links could not be looked at, with the permission that is missing', async () => {
    await open();
    aws.endpoint.injectFault = ({ operation }) =>
      operation === 'DescribeRule' ? new AwsError('AccessDeniedException', 'canary', 403) : undefined;
    const message = await close();
    expect(message).toMatch(/^Diagnosis: +nothing else is broken that can be seen$/m);
    expect(message).toMatch(
      /^Not seen: +1 link \(schedule\)\n +events:DescribeRule on rule count-each-minute/m,
    );
    expect(message).not.toContain('canary');
  });

  it('waits for no look that has no answer', async () => {
    await open();
    aws.endpoint.injectFault = ({ operation }) => (operation === 'DescribeStateMachine' ? 'hang' : undefined);
    const message = await close({ clock: steppedClock() });
    expect(lineOf(message, 'Not seen')).toMatch(/readiness|all links/);
  });

  it('waits for the doctor only when the lease is free', async () => {
    await open();
    const owners: unknown[] = [];
    const ask = doctorOf(aws, deployed);
    await close({
      askDoctor: async (question) => {
        owners.push((await readLedger(lease())).ledger.owner);
        return ask(question);
      },
    });
    expect(owners).toEqual([null]);
  });
});
