/** What DeployApi sends, and when it sends nothing. */
import { AwsError } from '../../sandbox/endpoint.ts';
import { documentCommands, documentName, parameterName } from '../support/app-names.ts';
import { aws, call, deploy, ids, listed, open, put } from '../support/deploy-api.ts';
import { giveLease } from '../support/execution.ts';
import { executionRef, recoveryPlan } from '../support/execution-facts.ts';

describe('DeployApi', () => {
  it('does nothing where no deploy is planned', async () => {
    expect(await call({ plan: recoveryPlan({ deploy: null }) })).toEqual({ outcome: 'NotPlanned' });
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('sends the document to the instances, one after the other, with the version to deploy', async () => {
    expect(await deploy()).toMatchObject({ instanceIds: ['i-00000001'], resumed: false });
    const sent = aws.endpoint.calls.find(({ operation }) => operation === 'SendCommand');
    expect(sent?.input).toEqual({
      DocumentName: documentName,
      InstanceIds: ['i-00000001'],
      Comment: 'env-recovery run-1',
      Parameters: { envVersion: ['1'] },
      MaxConcurrency: '1',
      MaxErrors: '0',
      TimeoutSeconds: 60,
      CloudWatchOutputConfig: { CloudWatchOutputEnabled: true, CloudWatchLogGroupName: '/app/deploy' },
    });
  });

  it('gives each instance its time until the deadline', async () => {
    const { startedAt: sentAt, deadline } = await deploy({}, ids('i-00000001', 'i-00000003'));
    expect(Date.parse(deadline) - Date.parse(sentAt)).toBe((60 + 2 * 100) * 1000);
  });

  it('finds every instance with the tag, an offline one too', async () => {
    await expect(deploy({}, { instances: { tag: 'Name=api' } })).rejects.toMatchObject({
      name: 'InstanceUnavailable',
    });
    expect(aws.endpoint.calls.find(({ operation }) => operation === 'SendCommand')?.input).toMatchObject({
      InstanceIds: ['i-00000001', 'i-00000002'],
    });
  });

  it('fails as NoInstances where no instance has the tag', async () => {
    await expect(deploy({}, { instances: { tag: 'Name=nobody' } })).rejects.toMatchObject({
      name: 'NoInstances',
      message: expect.stringContaining('Name=nobody'),
    });
  });

  it('fails as TooManyInstances where more have the tag than a command takes', async () => {
    await open({
      instances: Array.from({ length: 51 }, (_, index) => ({
        id: `i-${index.toString().padStart(8, '0')}`,
        tag: 'api',
      })),
    });
    await expect(deploy({}, { instances: { tag: 'Name=api' } })).rejects.toMatchObject({
      name: 'TooManyInstances',
      message: expect.stringContaining('51 instances'),
    });
  });

  it('fails as InstanceUnavailable, with the ids, where SSM does not manage one', async () => {
    await expect(deploy({}, ids('i-0badbad0'))).rejects.toMatchObject({
      name: 'InstanceUnavailable',
      message: expect.stringContaining('i-0badbad0'),
    });
  });

  it('finds the command of an earlier try and sends no second one', async () => {
    const first = await deploy();
    // A moment later: SSM does not list the command yet.
    const retry = await deploy({ retryCount: 1 });
    expect(retry).toMatchObject({ commandId: first.commandId, resumed: true });
    expect(await deploy()).toMatchObject({ commandId: first.commandId, resumed: true });
    expect(aws.countCalls('SendCommand')).toBe(1);
  });

  it('finds its own command after a page of others', async () => {
    const first = await deploy();
    const [own] = aws.runCommand.commands;
    if (!own) throw new Error('no command was sent');
    const others = Array.from({ length: 60 }, (_, index) => ({
      ...own,
      CommandId: `other-${index}`,
      Comment: 'by hand',
    }));
    // The newest come first.
    aws.runCommand.commands.push(...others);
    await listed();
    expect(await deploy({ retryCount: 1 })).toMatchObject({ commandId: first.commandId, resumed: true });
    expect(aws.countCalls('SendCommand')).toBe(1);
  });

  it('does not take the command of another execution for its own', async () => {
    const first = await deploy();
    const second = await deploy({ name: 'run-11' });
    expect(second.commandId).not.toBe(first.commandId);
  });

  it('finds the command again when the answer to SendCommand gets lost', async () => {
    aws.fail('SendCommand', 'drop-after');
    expect(await deploy()).toMatchObject({ resumed: true });
    expect(aws.runCommand.commands).toHaveLength(1);
  });

  it.each(['{"Command":{"CommandI', '<html>Sign in</html>', '{}'])(
    'finds the command again when the answer to SendCommand is %s',
    async (body) => {
      aws.fail('SendCommand', { status: 200, body, isCarriedOut: true });
      expect(await deploy()).toMatchObject({ resumed: true });
      expect(aws.runCommand.commands).toHaveLength(1);
    },
  );

  it('takes a list of commands, or an invocation, without a status for no answer', async () => {
    const list = JSON.stringify({ Commands: [{ CommandId: 'c', DocumentName: documentName }] });
    aws.fail('ListCommands', { status: 200, body: list, isCarriedOut: false });
    await expect(deploy()).rejects.toMatchObject({ name: 'AwsUnavailable' });
    aws.fail('GetCommandInvocation', { status: 200, body: '{}', isCarriedOut: false });
    await expect(deploy({ name: 'run-2' })).rejects.toMatchObject({
      name: 'AwsUnavailable',
      message: expect.stringContaining('has no Status'),
    });
  });

  it('leaves it to a retry when SendCommand did not arrive', async () => {
    aws.fail('SendCommand', 'drop-before');
    await expect(deploy()).rejects.toMatchObject({ name: 'AwsUnavailable' });
    expect(await deploy()).toMatchObject({ resumed: false });
    expect(aws.runCommand.commands).toHaveLength(1);
  });

  it('sends a throttled command again without looking for one that was never sent', async () => {
    const throttled = new AwsError('ThrottlingException', 'Rate exceeded');
    aws.fail('SendCommand', throttled, throttled, throttled);
    expect(await deploy()).toMatchObject({ resumed: false });
    expect([aws.countCalls('SendCommand'), aws.countCalls('ListCommands')]).toEqual([4, 2]);
    expect(aws.runCommand.commands).toHaveLength(1);
    aws.fail('SendCommand', throttled, throttled, throttled, throttled);
    await expect(deploy({ name: 'run-2' })).rejects.toMatchObject({ name: 'AwsThrottled' });
    expect(aws.countCalls('ListCommands')).toBe(4);
  });

  it('does not repeat a denied SendCommand', async () => {
    aws.fail('SendCommand', new AwsError('AccessDeniedException', ''));
    await expect(deploy()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`ssm:SendCommand on document ${documentName}`),
    });
    expect(aws.countCalls('SendCommand')).toBe(1);
  });

  it('sends nothing when the parameter was wiped since it was looked at, and says what is missing', async () => {
    put('OTHER=1\n');
    await expect(deploy()).rejects.toMatchObject({
      name: 'EnvReplaced',
      message: expect.stringContaining('KEY'),
    });
    aws.parameters.delete(parameterName);
    // Nobody knows since when, so the state machine looks again.
    await expect(deploy()).rejects.toMatchObject({ name: 'EnvOverlooked' });
    expect(aws.countCalls('SendCommand')).toBe(0);
  });

  it('sends nothing that was not approved: other commands, to other instances, or with another version', async () => {
    const commands = documentCommands;
    const planned = { documentName, instanceIds: ['i-00000001'], commands, problem: null };
    const plan = recoveryPlan({ needsApproval: true, deploy: planned });
    const withOthers = { ...plan, deploy: { ...planned, commands: ['node other.cjs'] } };
    await expect(deploy({ plan: withOthers })).rejects.toMatchObject({
      name: 'PlanOutdated',
      message: expect.stringContaining('the commands of document'),
    });
    await expect(deploy({ plan }, ids('i-00000003'))).rejects.toMatchObject({
      name: 'PlanOutdated',
      message: expect.stringContaining('the instances to deploy to'),
    });
    put('KEY=2\n');
    await expect(deploy({ plan })).rejects.toMatchObject({ name: 'PlanOutdated' });
    expect(aws.countCalls('SendCommand')).toBe(0);
    const ofVersion2 = { ...plan, parameter: { ...plan.parameter, version: 2 } };
    const ofARestore = {
      ...plan,
      restore: {
        source: null,
        restoredKeys: [],
        revertedKeys: [],
        leftOutLines: [],
        sourceNotes: [],
        keyCount: 1,
      },
    };
    put('KEY=3\n');
    await expect(deploy({ plan: ofARestore })).rejects.toMatchObject({ name: 'PlanOutdated' });
    await expect(deploy({ plan: ofVersion2 })).rejects.toMatchObject({ name: 'PlanOutdated' });
    const ofTheRestore = { ...ofARestore, parameter: ofVersion2.parameter };
    expect(await deploy({ plan: ofTheRestore })).toMatchObject({ resumed: false });
  });

  it('sends nothing without the lease', async () => {
    await giveLease(aws, executionRef({ name: 'other' }));
    await expect(call({})).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(aws.countCalls('SendCommand')).toBe(0);
  });
});
