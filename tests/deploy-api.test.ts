import { deployApi } from '../functions/deploy-api.ts';
import { AwsError } from '../sandbox/endpoint.ts';
import { documentName, fastClock, openAws, type TestAws } from './aws.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws({
    instances: [
      { id: 'i-00000001', tag: 'api' },
      { id: 'i-00000002', tag: 'api', online: false },
      { id: 'i-00000003', tag: 'other' },
    ],
  });
});
afterEach(() => aws.close());

const settings = {
  DOCUMENT_NAME: documentName,
  INSTANCE_IDS: ['i-00000001'],
  INSTANCE_TAG: undefined as string | undefined,
  COMMAND_LOG_GROUP: '/app/deploy',
  DELIVERY_TIMEOUT_SECONDS: 60,
  EXECUTION_TIMEOUT_SECONDS: 100,
};
const startedAt = new Date(Date.now() - 5000).toISOString();
const deploy = (part: Partial<typeof settings> = {}, name = 'run-1', retryCount = 0) =>
  deployApi(
    { execution: { name, startedAt }, retryCount },
    { settings: { ...settings, ...part }, clock: fastClock(20), ssm: aws.ssm },
  );

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
    const retry = await deploy({}, 'run-1', 1);
    expect(retry).toMatchObject({ commandId: first.commandId, resumed: true });
    const redrive = await deploy();
    expect(redrive).toMatchObject({ commandId: first.commandId, resumed: true });
    expect(aws.countCalls('SendCommand')).toBe(1);
  });

  it('does not take the command of another execution for its own', async () => {
    const first = await deploy({}, 'run-1');
    const second = await deploy({}, 'run-11');
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
});
