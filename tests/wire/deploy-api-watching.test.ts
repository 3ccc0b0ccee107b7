/** How DeployApi watches its command, and whose commands it finds. */
import { CancelCommandCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { documentName, parameterName } from '../support/app-names.ts';
import { secret } from '../support/aws.ts';
import {
  aws,
  call,
  deploy,
  endless,
  ids,
  listed,
  open,
  put,
  running,
  startedAt,
} from '../support/deploy-api.ts';
import { giveLease } from '../support/execution.ts';
import { executionRef } from '../support/execution-facts.ts';
import { moment } from '../support/services.ts';

describe('DeployApi, watching', () => {
  const two = [{ id: 'i-00000001' }, { id: 'i-00000002' }];
  const onBoth = ids('i-00000001', 'i-00000002');

  it('returns when the command has succeeded on every instance', async () => {
    await open({ instances: two });
    expect(await deploy({}, onBoth)).toMatchObject({ outcome: 'Success', finishedAt: expect.any(String) });
  });

  it('hands a command that still runs back to the state machine, and goes on watching that one', async () => {
    await open({ deployScript: endless });
    const first = await running();
    const again = await running({ deployment: first });
    expect(again).toEqual(first);
    expect(aws.countCalls('SendCommand')).toBe(1);
    expect(aws.countCalls('GetCommandInvocation')).toBeGreaterThan(2);
  });

  it('asks for one instance in each look, however many there are', async () => {
    const many = Array.from({ length: 50 }, (_, index) => `i-${String(index + 10).padStart(8, '0')}`);
    await open({ deployScript: endless, instances: many.map((id) => ({ id })) });
    await giveLease(aws, executionRef({ startedAt }));
    await call({}, ids(...many), moment);
    // Fifty seconds of looking, once a second.
    expect(aws.countCalls('GetCommandInvocation')).toBeLessThanOrEqual(51);
  });

  it('fails as DeployFailed with the exit code and a redacted tail', async () => {
    const password = secret();
    await open({
      deployScript: `console.log('starting'); console.error('no login with ${password}'); process.exit(3)`,
    });
    put(`KEY=1\nDB_PASSWORD=${password}\n`);
    const failure = deploy();
    await expect(failure).rejects.toMatchObject({
      name: 'DeployFailed',
      message: expect.stringMatching(/i-00000001 \(Failed, exit code 3\)[\s\S]*no login with \[redacted\]/),
    });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining(password) });
  });

  it('masks the values of older versions, with which a server may still run', async () => {
    const [older, newer] = [secret(), secret()];
    await open({ deployScript: `console.error('${older}, then ${newer}'); process.exit(3)` });
    put(`KEY=1\nDB_PASSWORD=${older}\n`);
    put(`KEY=1\nDB_PASSWORD=${newer}\n`);
    await expect(deploy()).rejects.toMatchObject({
      message: expect.stringContaining('[redacted], then [redacted]'),
    });
  });

  it('shows no output, and says why, where one version that a server may run with can not be decrypted', async () => {
    await open({ deployScript: `console.error('something'); process.exit(3)` });
    aws.parameters.put({ Name: parameterName, Value: 'KEY=2\n', Overwrite: true, KeyId: 'key-1' });
    aws.parameters.put({ Name: parameterName, Value: 'KEY=3\n', Overwrite: true, KeyId: 'key-2' });
    aws.parameters.lostKeys.set('key-1', 'InvalidKeyId');
    const failure = deploy();
    await expect(failure).rejects.toMatchObject({
      name: 'DeployFailed',
      message: expect.stringContaining(
        "is not shown, since not all values could be masked in it: version 2 can't",
      ),
    });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('something') });
  });

  it('shows no output when the env, and so what to redact, can not be read', async () => {
    await open({ deployScript: `console.error('something'); process.exit(1)` });
    aws.endpoint.injectFault = ({ operation }) =>
      operation === 'GetParameterHistory' && aws.countCalls('SendCommand') > 0 ? 'drop-before' : undefined;
    await expect(deploy()).rejects.toMatchObject({
      name: 'DeployFailed',
      message: expect.not.stringContaining('something'),
    });
  });

  it('fails as InstanceUnavailable on an offline instance, although the command reads Success', async () => {
    await expect(deploy({}, ids('i-00000003', 'i-00000002'))).rejects.toMatchObject({
      name: 'InstanceUnavailable',
      message: expect.stringMatching(/i-00000002 \(Undeliverable\)/),
    });
    expect(aws.runCommand.commands).toHaveLength(1);
  });

  it('names each instance that did not succeed, and stops at the first failure', async () => {
    await open({ deployScript: 'process.exit(1)', instances: two });
    await expect(deploy({}, onBoth)).rejects.toMatchObject({
      name: 'DeployFailed',
      message: expect.stringMatching(/i-00000001 \(Failed, exit code 1\); i-00000002 \(Terminated\)/),
    });
  });

  it('fails as DeployTimedOut when the script takes longer than it may', async () => {
    await open({ deployScript: endless, deployTimeoutSeconds: 1 });
    await expect(deploy()).rejects.toMatchObject({ name: 'DeployTimedOut' });
  });

  it('cancels the command at the deadline, and keeps its id', async () => {
    await open({ deployScript: endless });
    const deployment = await running();
    const past = { ...deployment, deadline: new Date(Date.now() - 1).toISOString() };
    await expect(deploy({ deployment: past })).rejects.toMatchObject({
      name: 'DeployTimedOut',
      message: expect.stringContaining(deployment.commandId),
    });
    expect(aws.runCommand.commands[0]?.invocations[0]?.Status).toBe('Cancelled');
  });

  it('fails as DeployCancelled when a person cancels the command', async () => {
    await open({ deployScript: endless });
    let looks = 0;
    const cancelLater = async () => {
      await moment();
      looks += 1;
      const [command] = aws.runCommand.commands;
      if (looks === 3) await aws.ssm.writer.send(new CancelCommandCommand({ CommandId: command?.CommandId }));
    };
    await expect(deploy({}, {}, cancelLater)).rejects.toMatchObject({ name: 'DeployCancelled' });
  });

  it('keeps watching while SSM does not know the invocation, and on a status it does not know', async () => {
    await open({ deployScript: endless });
    const deployment = await running();
    expect(await running({ deployment: { ...deployment, commandId: 'not-known-yet' } })).toMatchObject({
      outcome: 'InProgress',
    });
    const [invocation] = aws.runCommand.commands[0]?.invocations ?? [];
    Object.assign(invocation ?? {}, { Status: 'Delayed', StatusDetails: 'SomethingNew' });
    expect(await running({ deployment })).toMatchObject({ outcome: 'InProgress' });
  });
});

describe('DeployApi after a redrive', () => {
  it('finds the command that succeeded, and sends no second one', async () => {
    const first = await deploy();
    expect(first.outcome).toBe('Success');
    expect(await deploy({ redriveCount: 1 })).toMatchObject({
      commandId: first.commandId,
      resumed: true,
      redriveCount: 0,
    });
    expect(aws.countCalls('SendCommand')).toBe(1);
  });

  it('finds the command that still runs, and sends no second one', async () => {
    await open({ deployScript: endless });
    const first = await running();
    expect(await running({ redriveCount: 1, deployment: first })).toMatchObject({
      commandId: first.commandId,
      resumed: true,
    });
    expect(aws.countCalls('SendCommand')).toBe(1);
  });

  it('sends another in place of one that was cancelled, once, with the redrive in its comment', async () => {
    await open({ deployScript: endless });
    const first = await running();
    await aws.ssm.writer.send(new CancelCommandCommand({ CommandId: first.commandId }));
    const second = await running({ redriveCount: 1 });
    expect(second).toMatchObject({ resumed: false, redriveCount: 1 });
    expect(aws.runCommand.commands.map(({ Comment }) => Comment)).toEqual([
      'env-recovery run-1',
      'env-recovery run-1 #1',
    ]);
    expect(await running({ redriveCount: 1, retryCount: 1 })).toMatchObject({ commandId: second.commandId });
  });

  it('sends another in place of one that failed on an instance, though it reads Success', async () => {
    const offline = ids('i-00000002');
    await expect(deploy({}, offline)).rejects.toMatchObject({ name: 'InstanceUnavailable' });
    await expect(deploy({ redriveCount: 1 }, offline)).rejects.toMatchObject({ name: 'InstanceUnavailable' });
    expect(aws.countCalls('SendCommand')).toBe(2);
  });

  it('finds the command that an earlier redrive has sent in place of a failed one', async () => {
    await open({ deployScript: endless });
    const first = await running();
    await aws.ssm.writer.send(new CancelCommandCommand({ CommandId: first.commandId }));
    const second = await running({ redriveCount: 1 });
    const third = await running({ redriveCount: 2 });
    expect(third).toMatchObject({ commandId: second.commandId, resumed: true, redriveCount: 1 });
    expect(aws.countCalls('SendCommand')).toBe(2);
  });
});

describe('DeployApi while another deploy runs', () => {
  beforeEach(() => open({ deployScript: endless }));

  it('stops the one that an earlier execution has left running', async () => {
    const left = await running({ name: 'run-0' });
    await listed();
    const own = await running();
    expect(aws.runCommand.commands.map(({ CommandId }) => CommandId)).toEqual([
      left.commandId,
      own.commandId,
    ]);
    expect(aws.runCommand.commands[0]?.invocations[0]?.Status).toBe('Cancelled');
  });

  it('does not disturb one that a person has sent, and fails as DeployInProgress', async () => {
    await aws.ssm.writer.send(
      new SendCommandCommand({ DocumentName: documentName, InstanceIds: ['i-00000001'], Comment: 'by hand' }),
    );
    await listed();
    await expect(deploy({}, {}, moment)).rejects.toMatchObject({
      name: 'DeployInProgress',
      message: expect.stringContaining(aws.runCommand.commands[0]?.CommandId ?? '?'),
    });
    expect(aws.runCommand.commands).toHaveLength(1);
    expect(aws.countCalls('CancelCommand')).toBe(0);
  });
});
