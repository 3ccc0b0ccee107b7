import { CancelCommandCommand, ListCommandsCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { deployApi } from '../../functions/deploy-api.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { Deployment } from '../../workflow/states.ts';
import { documentName, fastClock, openAws, parameterName, type TestAws } from '../support/aws.ts';
import { envSettings, executionRef, giveLease, leaseSettings, recoveryPlan } from '../support/execution.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws({
    instances: [
      { id: 'i-00000001', tag: 'api' },
      { id: 'i-00000002', tag: 'api', online: false },
      { id: 'i-00000003', tag: 'other' },
    ],
  });
  put('KEY=1\n');
});
afterEach(() => aws.close());

const settings = {
  ...leaseSettings,
  ...envSettings,
  DOCUMENT_NAME: documentName,
  INSTANCE_IDS: ['i-00000001'],
  INSTANCE_TAG: undefined as string | undefined,
  COMMAND_LOG_GROUP: '/app/deploy',
  DELIVERY_TIMEOUT_SECONDS: 60,
  EXECUTION_TIMEOUT_SECONDS: 100,
};
const put = (Value: string) =>
  aws.parameters.put({ Name: parameterName, Value, Type: 'SecureString', Overwrite: true });
const startedAt = new Date(Date.now() - 5000).toISOString();
const deploy = async (
  part: Partial<typeof settings> = {},
  {
    name = 'run-1',
    retryCount = 0,
    redriveCount = 0,
    deployment = undefined as Deployment | undefined,
    plan = recoveryPlan(),
  } = {},
) => {
  const execution = executionRef({ name, startedAt, redriveCount });
  await giveLease(aws, execution);
  return deployApi(
    { execution, retryCount, plan, ...(deployment ? { deployment } : {}) },
    {
      settings: { ...settings, ...part },
      clock: fastClock(20),
      ssm: aws.ssm,
      dynamo: aws.dynamo,
      sfn: aws.sfn,
    },
  );
};

describe('DeployApi', () => {
  it('sends the document to the instances, one after the other, with no parameter', async () => {
    const deployment = await deploy();
    expect(deployment).toMatchObject({ status: 'InProgress', instanceIds: ['i-00000001'], resumed: false });
    const sent = aws.endpoint.calls.find(({ operation }) => operation === 'SendCommand');
    expect(sent?.input).toEqual({
      DocumentName: documentName,
      InstanceIds: ['i-00000001'],
      Comment: 'env-recovery run-1',
      MaxConcurrency: '1',
      MaxErrors: '0',
      TimeoutSeconds: 60,
      CloudWatchOutputConfig: { CloudWatchOutputEnabled: true, CloudWatchLogGroupName: '/app/deploy' },
    });
  });

  it('gives each instance its time until the deadline', async () => {
    const { startedAt: sentAt, deadline } = await deploy({ INSTANCE_IDS: ['i-00000001', 'i-00000003'] });
    expect(Date.parse(deadline) - Date.parse(sentAt)).toBe((60 + 2 * 100) * 1000);
  });

  it('finds every instance with the tag, an offline one too', async () => {
    const { instanceIds } = await deploy({ INSTANCE_IDS: [], INSTANCE_TAG: 'Name=api' });
    expect(instanceIds).toEqual(['i-00000001', 'i-00000002']);
  });

  it('fails as NoInstances where no instance has the tag', async () => {
    await expect(deploy({ INSTANCE_IDS: [], INSTANCE_TAG: 'Name=nobody' })).rejects.toMatchObject({
      name: 'NoInstances',
      message: expect.stringContaining('Name=nobody'),
    });
  });

  it('fails as TooManyInstances where more have the tag than a command takes', async () => {
    await aws.close();
    aws = await openAws({
      instances: Array.from({ length: 51 }, (_, index) => ({
        id: `i-${index.toString().padStart(8, '0')}`,
        tag: 'api',
      })),
    });
    await expect(deploy({ INSTANCE_IDS: [], INSTANCE_TAG: 'Name=api' })).rejects.toMatchObject({
      name: 'TooManyInstances',
      message: expect.stringContaining('51 instances'),
    });
  });

  it('fails as InstanceUnavailable, with the ids, where SSM does not manage one', async () => {
    await expect(deploy({ INSTANCE_IDS: ['i-0badbad0'] })).rejects.toMatchObject({
      name: 'InstanceUnavailable',
      message: expect.stringContaining('i-0badbad0'),
    });
  });

  it('finds the command of an earlier try and sends no second one', async () => {
    const first = await deploy();
    // A moment later: SSM does not list the command yet.
    const retry = await deploy({}, { retryCount: 1 });
    expect(retry).toMatchObject({ commandId: first.commandId, resumed: true });
    const redrive = await deploy();
    expect(redrive).toMatchObject({ commandId: first.commandId, resumed: true });
    expect(aws.countCalls('SendCommand')).toBe(1);
  });

  it('does not take the command of another execution for its own', async () => {
    const first = await deploy();
    const second = await deploy({}, { name: 'run-11' });
    expect(second.commandId).not.toBe(first.commandId);
  });

  it('finds the command again when the answer to SendCommand gets lost', async () => {
    aws.fail('SendCommand', 'drop-after');
    expect(await deploy()).toMatchObject({ resumed: true });
    expect(aws.runCommand.commands).toHaveLength(1);
  });

  it('leaves it to a retry when SendCommand did not arrive', async () => {
    aws.fail('SendCommand', 'drop-before');
    await expect(deploy()).rejects.toMatchObject({ name: 'AwsUnavailable' });
    expect(await deploy()).toMatchObject({ resumed: false });
    expect(aws.runCommand.commands).toHaveLength(1);
  });

  it('does not repeat a throttled or denied SendCommand by itself', async () => {
    aws.fail('SendCommand', new AwsError('ThrottlingException', 'Rate exceeded'));
    await expect(deploy()).rejects.toMatchObject({ name: 'AwsThrottled' });
    aws.fail('SendCommand', new AwsError('AccessDeniedException', ''));
    await expect(deploy()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`ssm:SendCommand on document ${documentName}`),
    });
    expect(aws.countCalls('SendCommand')).toBe(2);
  });

  describe('after a redrive', () => {
    it('finds the command that succeeded, or still runs, and sends no second one', async () => {
      const first = await deploy();
      const ended = await settled();
      expect(ended.Status).toBe('Success');
      expect(await deploy({}, { redriveCount: 1 })).toMatchObject({
        commandId: first.commandId,
        resumed: true,
        redriveCount: 0,
      });
      expect(aws.countCalls('SendCommand')).toBe(1);
    });

    it('sends another in place of one that was cancelled, once, with the redrive in its comment', async () => {
      const first = await deploy();
      await aws.ssm.writer.send(new CancelCommandCommand({ CommandId: first.commandId }));
      await settled();
      const second = await deploy({}, { redriveCount: 1 });
      expect(second).toMatchObject({ resumed: false, redriveCount: 1 });
      expect(aws.runCommand.commands.map(({ Comment }) => Comment)).toEqual([
        'env-recovery run-1',
        'env-recovery run-1 #1',
      ]);
      expect(await deploy({}, { redriveCount: 1, retryCount: 1 })).toMatchObject({
        commandId: second.commandId,
      });
    });

    it('sends another in place of one that AwaitDeploy has abandoned, though it reads Success', async () => {
      const instances = { INSTANCE_IDS: ['i-00000002'] };
      const first = await deploy(instances);
      const { Status } = await settled();
      expect(Status).toBe('Success');
      expect(await deploy(instances, { redriveCount: 1 })).toMatchObject({ commandId: first.commandId });
      const abandoned = { ...first, status: 'Abandoned' as const };
      const second = await deploy(instances, { redriveCount: 1, deployment: abandoned });
      expect(second.commandId).not.toBe(first.commandId);
      expect(second.redriveCount).toBe(1);
    });

    it('finds the command that the redrive before has sent in place of an abandoned one', async () => {
      const first = await deploy();
      await settled();
      const abandoned = { ...first, status: 'Abandoned' as const };
      const second = await deploy({}, { redriveCount: 1, deployment: abandoned });
      const third = await deploy({}, { redriveCount: 2, deployment: abandoned });
      expect(third).toMatchObject({ commandId: second.commandId, resumed: true, redriveCount: 1 });
      expect(aws.countCalls('SendCommand')).toBe(2);
    });
  });

  describe('while another deploy runs', () => {
    beforeEach(async () => {
      await aws.close();
      aws = await openAws({ deployScript: 'setTimeout(() => {}, 60_000)' });
      put('KEY=1\n');
    });

    it('stops the one that an execution of before has left behind', async () => {
      const left = await deploy({}, { name: 'run-0' });
      await listed();
      const own = await deploy();
      expect(aws.runCommand.commands.map(({ CommandId }) => CommandId)).toEqual([
        left.commandId,
        own.commandId,
      ]);
      expect(aws.runCommand.commands[0]?.invocations[0]?.Status).toBe('Cancelled');
    });

    it('does not disturb one that a person has sent, and fails as DeployInProgress', async () => {
      await aws.ssm.writer.send(
        new SendCommandCommand({
          DocumentName: documentName,
          InstanceIds: ['i-00000001'],
          Comment: 'by hand',
        }),
      );
      await listed();
      await expect(deploy()).rejects.toMatchObject({
        name: 'DeployInProgress',
        message: expect.stringContaining(aws.runCommand.commands[0]?.CommandId ?? '?'),
      });
      expect(aws.runCommand.commands).toHaveLength(1);
      expect(aws.countCalls('CancelCommand')).toBe(0);
    });
  });

  it('sends nothing when the parameter was wiped since it was looked at, and says what is missing', async () => {
    put('OTHER=1\n');
    await expect(deploy()).rejects.toMatchObject({
      name: 'EnvReplaced',
      message: expect.stringContaining('KEY'),
    });
    aws.parameters.delete(parameterName);
    await expect(deploy()).rejects.toMatchObject({ name: 'EnvReplaced' });
    expect(aws.countCalls('SendCommand')).toBe(0);
  });

  it('sends nothing that was not approved: other commands, to other instances, or with another version', async () => {
    const commands = ['node deploy.cjs'];
    const deployment = { documentName, instanceIds: ['i-00000001'], commands, problem: null };
    const plan = recoveryPlan({ needsApproval: true, deploy: deployment });
    const withOthers = { ...plan, deploy: { ...deployment, commands: ['node other.cjs'] } };
    await expect(deploy({}, { plan: withOthers })).rejects.toMatchObject({
      name: 'PlanOutdated',
      message: expect.stringContaining('the commands of document'),
    });
    await expect(deploy({ INSTANCE_IDS: ['i-00000003'] }, { plan })).rejects.toMatchObject({
      name: 'PlanOutdated',
      message: expect.stringContaining('the instances to deploy to'),
    });
    put('KEY=2\n');
    await expect(deploy({}, { plan })).rejects.toMatchObject({ name: 'PlanOutdated' });
    expect(aws.countCalls('SendCommand')).toBe(0);
    const ofVersion2 = { ...plan, parameter: { ...plan.parameter, version: 2 } };
    const ofARestore = {
      ...plan,
      restore: { source: null, restoredKeys: [], revertedKeys: [], keyCount: 1 },
    };
    put('KEY=3\n');
    await expect(deploy({}, { plan: ofARestore })).rejects.toMatchObject({ name: 'PlanOutdated' });
    await expect(deploy({}, { plan: ofVersion2 })).rejects.toMatchObject({ name: 'PlanOutdated' });
    const ofTheRestore = { ...ofARestore, parameter: ofVersion2.parameter };
    expect(await deploy({}, { plan: ofTheRestore })).toMatchObject({ resumed: false });
  });

  it('sends nothing without the lease', async () => {
    await giveLease(aws, executionRef({ name: 'other' }));
    const execution = executionRef({ startedAt });
    await expect(
      deployApi(
        { execution, retryCount: 0, plan: recoveryPlan() },
        { settings, clock: fastClock(20), ssm: aws.ssm, dynamo: aws.dynamo, sfn: aws.sfn },
      ),
    ).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(aws.countCalls('SendCommand')).toBe(0);
  });
});

/** The newest command, when SSM lists it as ended. */
async function settled(): Promise<{ Status?: string | undefined }> {
  for (;;) {
    const { Commands = [] } = await aws.ssm.reader.send(new ListCommandsCommand({}));
    const [newest] = Commands;
    if (newest && newest.Status !== 'InProgress' && newest.Status !== 'Cancelling') return newest;
  }
}

/** When SSM lists a command: that takes a moment. */
async function listed(): Promise<void> {
  for (;;) {
    const { Commands = [] } = await aws.ssm.reader.send(new ListCommandsCommand({}));
    if (Commands.length > 0) return;
  }
}
