import { awaitDeploy } from '../../functions/await-deploy.ts';
import { deployApi } from '../../functions/deploy-api.ts';
import type { Deployment } from '../../workflow/states.ts';
import {
  type AwsOptions,
  documentName,
  fastClock,
  openAws,
  parameterName,
  secret,
  type TestAws,
} from '../support/aws.ts';
import { envSettings, executionRef, giveLease, leaseSettings, recoveryPlan } from '../support/execution.ts';

let aws: TestAws;
afterEach(() => aws.close());

const settings = { ENV_PARAMETER: parameterName, ENV_READER: 'dotenv' as const, WATCH_SECONDS: 50 };

async function deploy(options: AwsOptions): Promise<Deployment> {
  aws = await openAws(options);
  await giveLease(aws, executionRef());
  aws.parameters.put({ Name: parameterName, Value: 'KEY=1\n', Type: 'SecureString', Overwrite: true });
  return deployApi(
    { execution: executionRef(), retryCount: 0, plan: recoveryPlan() },
    {
      clock: fastClock(1),
      ssm: aws.ssm,
      dynamo: aws.dynamo,
      sfn: aws.sfn,
      settings: {
        ...leaseSettings,
        ...envSettings,
        DOCUMENT_NAME: documentName,
        INSTANCE_IDS: options.instances?.map(({ id }) => id) ?? ['i-00000001'],
        INSTANCE_TAG: undefined,
        COMMAND_LOG_GROUP: '/app/deploy',
        DELIVERY_TIMEOUT_SECONDS: 30,
        EXECUTION_TIMEOUT_SECONDS: 30,
      },
    },
  );
}

const watch = (deployment: Deployment, speed = 10, part: Partial<typeof settings> = {}, redriveCount = 0) =>
  awaitDeploy(
    { execution: executionRef({ redriveCount }), deployment },
    { settings: { ...settings, ...part }, clock: fastClock(speed), ssm: aws.ssm.reader },
  );

describe('AwaitDeploy', () => {
  it('returns when the command has succeeded on every instance', async () => {
    const deployment = await deploy({ instances: [{ id: 'i-00000001' }, { id: 'i-00000002' }] });
    expect(await watch(deployment)).toMatchObject({
      status: 'Success',
      commandId: deployment.commandId,
      finishedAt: expect.any(String),
    });
  });

  it('hands a command that still runs back to the state machine', async () => {
    const deployment = await deploy({ deployScript: 'setTimeout(() => {}, 10_000)' });
    expect(await watch(deployment, 10, { WATCH_SECONDS: 5 })).toEqual(deployment);
    expect(aws.countCalls('GetCommandInvocation')).toBeGreaterThan(2);
  });

  it('hands back a command of before a redrive as abandoned, unless it has succeeded', async () => {
    const deployment = await deploy({ deployScript: 'process.exit(3)' });
    await expect(watch(deployment)).rejects.toMatchObject({ name: 'DeployFailed' });
    expect(await watch(deployment, 10, {}, 1)).toEqual({ ...deployment, status: 'Abandoned' });
    await aws.close();
    const good = await deploy({});
    expect(await watch(good, 10, {}, 1)).toMatchObject({ status: 'Success' });
  });

  it('fails as DeployFailed with the exit code and a redacted tail', async () => {
    const password = secret();
    const deployment = await deploy({
      deployScript: `console.log('starting'); console.error('no login with ${password}'); process.exit(3)`,
    });
    aws.parameters.put({ Name: parameterName, Value: `DB_PASSWORD=${password}\n`, Overwrite: true });
    const failure = watch(deployment);
    await expect(failure).rejects.toMatchObject({
      name: 'DeployFailed',
      message: expect.stringMatching(/i-00000001 \(Failed, exit code 3\)[\s\S]*no login with \[redacted\]/),
    });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining(password) });
  });

  it('shows no output when the env, and so what to redact, can not be read', async () => {
    const deployment = await deploy({ deployScript: `console.error('something'); process.exit(1)` });
    aws.endpoint.injectFault = ({ operation }) => (operation === 'GetParameter' ? 'drop-before' : undefined);
    await expect(watch(deployment)).rejects.toMatchObject({
      name: 'DeployFailed',
      message: expect.not.stringContaining('something'),
    });
  });

  it('fails as InstanceUnavailable on an offline instance, although the command reads Success', async () => {
    const deployment = await deploy({
      instances: [{ id: 'i-00000001' }, { id: 'i-00000002', online: false }],
    });
    await expect(watch(deployment)).rejects.toMatchObject({
      name: 'InstanceUnavailable',
      message: expect.stringMatching(/i-00000002 \(Undeliverable\)/),
    });
    expect(aws.runCommand.commands).toHaveLength(1);
  });

  it('names each instance that did not succeed, and stops at the first failure', async () => {
    const deployment = await deploy({
      deployScript: 'process.exit(1)',
      instances: [{ id: 'i-00000001' }, { id: 'i-00000002' }],
    });
    await expect(watch(deployment)).rejects.toMatchObject({
      name: 'DeployFailed',
      message: expect.stringMatching(/i-00000001 \(Failed, exit code 1\); i-00000002 \(Terminated\)/),
    });
  });

  it('fails as DeployTimedOut when the script takes longer than it may', async () => {
    const deployment = await deploy({
      deployScript: 'setTimeout(() => {}, 60_000)',
      deployTimeoutSeconds: 1,
    });
    await expect(watch(deployment, 10)).rejects.toMatchObject({ name: 'DeployTimedOut' });
  });

  it('cancels the command at the deadline, and keeps its id', async () => {
    const deployment = await deploy({ deployScript: 'setTimeout(() => {}, 60_000)' });
    const past = { ...deployment, deadline: new Date(Date.now() - 1).toISOString() };
    await expect(watch(past)).rejects.toMatchObject({
      name: 'DeployTimedOut',
      message: expect.stringContaining(deployment.commandId),
    });
    expect(aws.runCommand.commands[0]?.invocations[0]?.Status).toBe('Cancelled');
  });

  it('fails as DeployCancelled when a person cancels the command', async () => {
    const deployment = await deploy({ deployScript: 'setTimeout(() => {}, 60_000)' });
    aws.endpoint.injectFault = ({ operation }) => {
      if (operation === 'GetCommandInvocation' && aws.countCalls(operation) === 3)
        void aws.runCommand.operations.CancelCommand?.({ CommandId: deployment.commandId });
      return undefined;
    };
    await expect(watch(deployment)).rejects.toMatchObject({ name: 'DeployCancelled' });
  });

  it('keeps watching while SSM does not know the invocation, and on a status it does not know', async () => {
    const deployment = await deploy({ deployScript: 'setTimeout(() => {}, 60_000)' });
    expect(
      await watch({ ...deployment, commandId: 'not-known-yet' }, 10, { WATCH_SECONDS: 3 }),
    ).toMatchObject({
      status: 'InProgress',
    });
    const [invocation] = aws.runCommand.commands[0]?.invocations ?? [];
    Object.assign(invocation ?? {}, { Status: 'Delayed', StatusDetails: 'SomethingNew' });
    expect(await watch(deployment, 10, { WATCH_SECONDS: 3 })).toMatchObject({ status: 'InProgress' });
  });
});
