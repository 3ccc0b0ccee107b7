/** What is tidied up after an execution that has not succeeded. */
import { ListCommandsCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { endLease, readLedger, takeLease } from '../../aws/lease-table.ts';
import { closeRecovery } from '../../functions/events/close-recovery.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import { commentOf } from '../../workflow/deployment.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { documentName } from '../support/app-names.ts';
import { apiAddress, apiGroup, question, vpcId } from '../support/app-network.ts';
import { appTarget } from '../support/app-target.ts';
import { doctorOf } from '../support/ask-doctor.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { leaseDoor, machineArn } from '../support/execution.ts';
import { executionRef } from '../support/execution-facts.ts';
import { pauses } from '../support/ledger.ts';
import { servicesOf, steppedClock } from '../support/services.ts';

let aws: TestAws;
afterEach(() => aws.close());

async function open(deployScript = '', stateName = 'VerifyEndpoint'): Promise<void> {
  aws = await openAws({ deployScript });
  // One state, that ends as its function does.
  aws.addFunction(
    'deploy',
    `if (event.fail) { const error = new Error(event.fail.message); error.name = event.fail.name; throw error; }
     await new Promise((resolve) => setTimeout(resolve, 60_000));`,
    {},
  );
  const definition = {
    StartAt: stateName,
    States: {
      [stateName]: {
        Type: 'Task',
        Resource: 'arn:aws:lambda:ap-northeast-2:111122223333:function:deploy',
        End: true,
      },
    },
  };
  aws.machines.add(machineArn, 'env-recovery-app', JSON.stringify(definition), true);
}
/** An execution with the lease, that fails as said, or goes on. */
async function start(name: string, fail?: { name: string; message: string }, state: object = {}) {
  const execution = aws.machines.start(machineArn, JSON.stringify({ fail, ...state }), name);
  const ref = executionRef({ name, arn: execution.executionArn });
  await takeLease(leaseDoor(aws), ref, { pauses, force: true });
  if (fail) await execution.ended;
  return { execution, ref };
}
const services = (target: DeployedTarget = appTarget(), clock = steppedClock()) => ({
  ...servicesOf(aws, {}, clock),
  target,
  ssm: aws.ssm,
  askDoctor: doctorOf(aws, target),
});
const close = ({ executionArn, stopDate }: Execution, target?: DeployedTarget, clock = steppedClock()) =>
  closeRecovery({ detail: { executionArn, stopDate: stopDate?.getTime() ?? null } }, services(target, clock));
const ledger = async () => (await readLedger(leaseDoor(aws))).ledger;
const failure = {
  name: 'EndpointTooSlow',
  message: 'HTTP 500 after 9 tries; look.\na secret of the output',
};

describe('CloseRecovery', () => {
  it('frees the lease, remembers the failure, and tells a person once', async () => {
    await open();
    const { execution } = await start('run-1', failure);
    expect(await close(execution)).toMatchObject({ outcome: 'Closed' });
    expect(await ledger()).toMatchObject({
      owner: null,
      endings: [{ arn: execution.executionArn, outcome: 'Failed', told: true }],
    });
    expect(await close(execution)).toMatchObject({ outcome: 'AlreadyTold' });
    expect(aws.topics.messages).toHaveLength(1);
    const [{ subject, message } = { subject: '', message: '' }] = aws.topics.messages;
    expect(subject).toBe('env-recovery: app FAILED');
    expect(message).toContain('EndpointTooSlow at VerifyEndpoint');
    expect(message).toContain('Cause:        HTTP 500 after 9 tries; look.');
    expect(message).not.toContain('secret');
    expect(message).toContain(
      `redrive-execution --region ap-northeast-2 --execution-arn ${execution.executionArn}`,
    );
  });

  it('leaves it to a retry if the answer about the execution has no status: nobody may go untold', async () => {
    await open();
    const { execution } = await start('run-1', failure);
    aws.fail('DescribeExecution', { status: 200, body: '{}', isCarriedOut: false });
    await expect(close(execution)).rejects.toMatchObject({
      name: 'AwsUnavailable',
      message: expect.stringContaining('has no status'),
    });
    expect(await close(execution)).toMatchObject({ outcome: 'Closed' });
  });

  it('says what was done before, from the state object that the failed state got', async () => {
    await open();
    const upload = {
      outcome: 'Restored',
      version: 4,
      modifiedAt: null,
      previousVersion: 3,
      source: null,
      keyCount: 13,
      restoredKeys: ['DB_HOST'],
      revertedKeys: [],
      leftOutLines: [],
      sourceNotes: [],
      sizeBytes: 1,
    };
    const { execution } = await start('run-1', failure, { upload });
    await close(execution);
    expect(aws.topics.messages[0]?.message).toContain('version 4 has 13 keys, 1 of them restored');
  });

  it('tells a person again if the first try got lost on its way', async () => {
    await open();
    const { execution } = await start('run-1', failure);
    aws.fail('Publish', new AwsError('AuthorizationError', 'no', 403));
    await expect(close(execution)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect((await ledger()).owner).toBeNull();
    expect(await close(execution)).toMatchObject({ outcome: 'Closed' });
    expect(aws.topics.messages).toHaveLength(1);
  });

  it('cancels the deploy of the execution that still runs, before anybody else can have the lease', async () => {
    await open('setTimeout(() => {}, 60_000)');
    const { execution, ref } = await start('run-1');
    // A redrive would have sent the second one.
    for (const comment of [commentOf(ref), commentOf({ ...ref, redriveCount: 1 }), 'by hand'])
      await aws.ssm.writer.send(
        new SendCommandCommand({ DocumentName: documentName, InstanceIds: ['i-00000001'], Comment: comment }),
      );
    for (let listed = 0; listed < 3; )
      listed = (await aws.ssm.reader.send(new ListCommandsCommand({}))).Commands?.length ?? 0;
    execution.abort();
    await execution.ended;
    const { cancelledCommands } = await close(execution);
    expect(cancelledCommands).toHaveLength(1);
    const order = aws.endpoint.calls.map(({ operation }) => operation);
    expect(order.lastIndexOf('CancelCommand')).toBeLessThan(order.lastIndexOf('PutItem') - 1);
    const [, ...others] = aws.runCommand.commands;
    expect(others.map(({ invocations }) => invocations[0]?.Status)).toEqual(['InProgress', 'InProgress']);
    expect(aws.topics.messages[0]).toMatchObject({ subject: 'env-recovery: app stopped' });
    expect(aws.topics.messages[0]?.message).toContain(`cancelled   command ${cancelledCommands[0]}`);
  });

  it('leaves an execution alone that was redriven meanwhile', async () => {
    await open();
    const { execution, ref } = await start('run-1');
    expect(await close(execution)).toMatchObject({ outcome: 'NotEnded' });
    expect((await ledger()).owner?.arn).toBe(ref.arn);
    expect(aws.topics.messages).toEqual([]);
  });

  it('comes again later where Step Functions does not show the end yet', async () => {
    await open();
    const { execution, ref } = await start('run-1');
    const event = { detail: { executionArn: ref.arn, stopDate: Date.now() } };
    await expect(closeRecovery(event, services())).rejects.toMatchObject({
      name: 'ExecutionStale',
    });
    expect((await ledger()).owner?.arn).toBe(execution.executionArn);
  });

  it('tells once of a plan that nobody has started and that has failed, though the next one fails as well', async () => {
    await open();
    const request = { mode: 'plan', deploy: 'auto', force: false, reason: null, trigger: 'schedule' };
    const clock = steppedClock();
    const failAs = async (name: string) => {
      const execution = aws.machines.start(machineArn, JSON.stringify({ fail: failure, request }), name);
      await execution.ended;
      return (await close(execution, undefined, clock)).outcome;
    };
    expect([await failAs('run-1'), await failAs('run-2')]).toEqual(['Closed', 'NotTold']);
    await clock.sleep(9 * 3600_000);
    expect(await failAs('run-3')).toBe('Closed');
    expect(aws.topics.messages).toHaveLength(2);
    expect((await ledger()).endings.filter(({ counts }) => counts)).toEqual([]);
  });

  it('tells nobody of a plan that has failed, nor of an input that a person has mistyped', async () => {
    await open();
    const request = { mode: 'plan', deploy: 'auto', force: false, reason: null, trigger: 'operator' };
    const plan = await start('run-1', failure, { request });
    expect(await close(plan.execution)).toMatchObject({ outcome: 'NotTold' });
    const late = await start('run-2', { name: 'InvalidInput', message: 'no' });
    expect(await close(late.execution)).toMatchObject({ outcome: 'Closed' });
    await aws.close();
    await open('', 'TakeLease');
    const mistyped = await start('run-2', { name: 'InvalidInput', message: 'no' });
    expect(await close(mistyped.execution)).toMatchObject({ outcome: 'NotTold' });
    const tooLarge = { junk: 'x'.repeat(262_144) };
    const { execution } = await start('run-4', { name: 'InvalidInput', message: 'no' }, tooLarge);
    expect(execution.error).toBe('States.DataLimitExceeded');
    expect(await close(execution)).toMatchObject({ outcome: 'NotTold' });
    // An event that isn't understood is another thing, and so is a state object.
    const event = await start('run-3', { name: 'InvalidInput', message: 'no' }, { 'detail-type': 'New' });
    expect(await close(event.execution)).toMatchObject({ outcome: 'Closed' });
    expect(aws.topics.messages).toHaveLength(1);
  });

  it('leaves the lease of another alone, and tells of the failure all the same', async () => {
    await open();
    const { execution, ref } = await start('run-1', failure);
    await endLease(leaseDoor(aws), ref, { outcome: 'Healthy', counts: false, told: true });
    const other = await start('run-2');
    expect(await close(execution)).toMatchObject({ outcome: 'Closed' });
    expect((await ledger()).owner?.arn).toBe(other.ref.arn);
    expect(aws.topics.messages).toHaveLength(1);
  });

  it('holds up nothing where all was well and only the version could not be marked as known-good', async () => {
    await open('', 'MarkKnownGood');
    const unreachable = { name: 'AwsUnavailable', message: 'The backup parameter is in us-east-1.' };
    for (const name of ['run-1', 'run-2', 'run-3'])
      expect(await close((await start(name, unreachable)).execution)).toMatchObject({ outcome: 'Closed' });
    const next = aws.machines.start(machineArn, '{}', 'run-4');
    const ref = executionRef({ name: 'run-4', arn: next.executionArn });
    expect(await takeLease(leaseDoor(aws), ref, { pauses, force: false })).toHaveProperty('takenAt');
  });

  it('says when nothing starts by itself any more', async () => {
    await open();
    for (const name of ['run-1', 'run-2', 'run-3']) await close((await start(name, failure)).execution);
    expect(aws.topics.messages.map(({ subject }) => subject)).toEqual([
      'env-recovery: app FAILED',
      'env-recovery: app FAILED',
      'env-recovery: app FAILED, and will not start by itself',
    ]);
    expect(aws.topics.messages.at(-1)?.message).toContain('3 recoveries failed within 6 hours');
  });
});

describe('CloseRecovery, where the endpoint could not be reached', () => {
  const target = {
    ...appTarget({ endpoint: { url: 'http://api.internal:8000/' } }),
    vpc: { subnetIds: [...question.subnetIds], securityGroupIds: [...question.securityGroupIds] },
  };

  it('says which side is blocked, for the address that CheckEndpoint has found, and the command that opens it', async () => {
    await open();
    const group = aws.network.group(apiGroup);
    group.rules = group.rules.filter(({ isEgress }) => isEgress);
    const check = { finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null };
    const unreachable = { name: 'EndpointUnreachable', message: 'http://api.internal:8000/: ETIMEDOUT.' };
    const { execution } = await start('run-1', unreachable, { check: { ...check, addresses: [apiAddress] } });
    expect(await close(execution, target)).toMatchObject({ outcome: 'Closed' });
    const message = aws.topics.messages[0]?.message;
    expect(message).toContain(
      `Network:      security groups block TCP from the recovery to ${apiAddress} on port 8000 (ingress of ${apiGroup})`,
    );
    expect(message).toMatch(
      new RegExp(`To open it:   aws ec2 authorize-security-group-ingress --group-id ${apiGroup} .*8000`),
    );
    expect(message).toMatch(/npx .*recover doctor --target app/);
  });

  it('says nothing of the way for another failure', async () => {
    await open();
    const { execution } = await start('run-1', failure);
    await close(execution, target);
    expect(aws.topics.messages[0]?.message).not.toContain('Network:');
  });

  it('says what the DNS of the VPC lacks for a name that nobody knows there', async () => {
    await open();
    aws.network.vpc(vpcId).enableDnsHostnames = false;
    const unknown = { name: 'EndpointNameNotResolved', message: 'http://api.internal:8000/: ENOTFOUND.' };
    const { execution } = await start('run-1', unknown);
    await close(execution, target);
    const message = aws.topics.messages[0]?.message;
    expect(message).toContain(
      `Network:      nobody knows api.internal in ${vpcId}: enableDnsHostnames is off there, and a private hosted zone needs both DNS attributes`,
    );
    expect(message).toContain(
      `Put it right: aws ec2 modify-vpc-attribute --vpc-id ${vpcId} --enable-dns-hostnames "Value=true"`,
    );
  });
});
