import { CancelCommandCommand, ListCommandsCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { deployApi } from '../../functions/deploy-api.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { FinishedDeploy, RunningDeploy } from '../../workflow/results.ts';
import {
  type AwsOptions,
  documentCommands,
  documentName,
  envFinding,
  openAws,
  parameterName,
  secret,
  type TestAws,
} from '../support/aws.ts';
import { executionRef, giveLease, recoveryPlan } from '../support/execution.ts';
import { moment, servicesOf, steppedClock, type TargetPart } from '../support/services.ts';

let aws: TestAws;
const instances = [
  { id: 'i-00000001', tag: 'api' },
  { id: 'i-00000002', tag: 'api', online: false },
  { id: 'i-00000003', tag: 'other' },
];
async function open(options: AwsOptions = {}): Promise<void> {
  await aws?.close();
  aws = await openAws({ instances, ...options });
  put('KEY=1\n');
}
beforeEach(() => open());
afterEach(() => aws.close());

const put = (Value: string) =>
  aws.parameters.put({ Name: parameterName, Value, Type: 'SecureString', Overwrite: true });
const ids = (...some: string[]): TargetPart => ({ instances: { ids: some } });
const contract = { requiredKeys: ['KEY'], requiredPrefixes: [], rules: {} };
const startedAt = new Date(Date.now() - 5000).toISOString();
/** What a script does that goes on for longer than any test. */
const endless = 'setTimeout(() => {}, 60_000)';
/** How long a look waits for the next one: here until every command has ended, however long that takes. */
const untilEnded = async () => {
  await moment();
  await Promise.all(aws.runCommand.commands.map(({ ended }) => ended));
};
const call = (
  { name = 'run-1', retryCount = 0, redriveCount = 0, plan = recoveryPlan(), deployment }: Run,
  part: TargetPart = {},
  wait = untilEnded,
) => {
  const execution = executionRef({ name, startedAt, redriveCount });
  return deployApi(
    { execution, retryCount, env: envFinding({}), plan, ...(deployment ? { deployment } : {}) },
    { ...servicesOf(aws, { parameter: contract, ...part }, steppedClock(undefined, wait)), ssm: aws.ssm },
  );
};
interface Run {
  readonly name?: string;
  readonly retryCount?: number;
  readonly redriveCount?: number;
  readonly plan?: ReturnType<typeof recoveryPlan>;
  readonly deployment?: RunningDeploy;
}

/** Deploys, as an execution with the lease. */
async function deploy(
  run: Run = {},
  part: TargetPart = {},
  wait = untilEnded,
): Promise<RunningDeploy | FinishedDeploy> {
  await giveLease(
    aws,
    executionRef({ name: run.name ?? 'run-1', startedAt, redriveCount: run.redriveCount ?? 0 }),
  );
  const deployment = await call(run, part, wait);
  if (deployment.outcome === 'NotPlanned') throw new Error('nothing was planned');
  return deployment;
}
/** A deploy whose command still runs. */
async function running(run: Run = {}): Promise<RunningDeploy> {
  const deployment = await deploy(run, {}, moment);
  if (deployment.outcome !== 'InProgress') throw new Error(`the command has ended: ${deployment.outcome}`);
  return deployment;
}

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
    await expect(deploy()).rejects.toMatchObject({ name: 'EnvReplaced' });
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

/** When SSM lists a command: that takes a moment. */
async function listed(): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const { Commands = [] } = await aws.ssm.reader.send(new ListCommandsCommand({}));
    if (Commands.length > 0) return;
  }
  throw new Error('SSM lists no command');
}
