/** Run Command as the sandbox has it, where no other test asks for it. */
import { randomUUID } from 'node:crypto';
import {
  CancelCommandCommand,
  type CommandFilterKey,
  GetCommandInvocationCommand,
  GetDocumentCommand,
  ListCommandInvocationsCommand,
  type ListCommandInvocationsCommandInput,
  ListCommandsCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { documentCommands, documentName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { until } from '../support/until.ts';

describe('Run Command', () => {
  let aws: TestAws;
  afterEach(() => aws.close());
  /** What it starts outlives it, if it is let. */
  const parent = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)'], { stdio: 'inherit' });
    console.log('started'); setTimeout(() => {}, 600_000);`;
  const send = async () => {
    const { Command } = await aws.ssm.writer.send(
      new SendCommandCommand({ DocumentName: documentName, InstanceIds: ['i-00000001'] }),
    );
    return { CommandId: Command?.CommandId ?? '', sent: aws.runCommand.commands.at(-1) };
  };
  const list = async (filters: Partial<Record<CommandFilterKey, string>>, CommandId?: string) => {
    const Filters = Object.entries(filters).map(([key, value]) => ({
      key: v.parse(
        v.picklist(['Status', 'ExecutionStage', 'InvokedAfter', 'InvokedBefore', 'DocumentName']),
        key,
      ),
      value,
    }));
    const { Commands = [] } = await aws.ssm.reader.send(
      new ListCommandsCommand({ Filters, ...(CommandId === undefined ? {} : { CommandId }) }),
    );
    return Commands.map((command) => `${command.CommandId} ${command.Status}`);
  };

  it('takes the parameters of the document, if they match their patterns, and no others', async () => {
    aws = await openAws({ deployScript: 'console.log(process.env.ENV_VERSION)' });
    const sendWith = (Parameters: Record<string, string[]>) =>
      aws.ssm.writer.send(
        new SendCommandCommand({ DocumentName: documentName, InstanceIds: ['i-00000001'], Parameters }),
      );
    for (const refused of [{ envVersion: ['4;reboot'] }, { other: ['1'] }])
      await expect(sendWith(refused)).rejects.toMatchObject({ name: 'InvalidParameters' });
    await sendWith({ envVersion: ['4'] });
    const [sent] = aws.runCommand.commands;
    await sent?.ended;
    expect(sent?.invocations[0]?.stdout).toBe('4\n');
  });

  it('gives the content of a document', async () => {
    aws = await openAws({ deployTimeoutSeconds: 7 });
    const { Content, ...rest } = await aws.ssm.reader.send(
      new GetDocumentCommand({ Name: documentName, DocumentFormat: 'JSON' }),
    );
    expect(rest).toMatchObject({
      Name: documentName,
      DocumentVersion: '1',
      Status: 'Active',
      DocumentFormat: 'JSON',
      DocumentType: 'Command',
    });
    expect(JSON.parse(Content ?? '')).toMatchObject({
      mainSteps: [
        {
          action: 'aws:runShellScript',
          inputs: { timeoutSeconds: '7', runCommand: documentCommands },
        },
      ],
    });
    await expect(
      aws.ssm.reader.send(new GetDocumentCommand({ Name: documentName, DocumentVersion: '2' })),
    ).rejects.toMatchObject({ name: 'InvalidDocumentVersion' });
  });

  it('lists commands by their id, status, stage and time', async () => {
    aws = await openAws({ deployScript: 'setTimeout(() => {}, 600_000)' });
    const first = await send();
    await aws.ssm.writer.send(new CancelCommandCommand({ CommandId: first.CommandId }));
    const second = await send();
    await until(async () => (await list({})).length === 2);
    const cancelled = `${first.CommandId} Cancelled`;
    const running = `${second.CommandId} InProgress`;
    expect(await list({})).toEqual([running, cancelled]);
    expect(await list({}, first.CommandId)).toEqual([cancelled]);
    expect(await list({ Status: 'Cancelled' })).toEqual([cancelled]);
    expect(await list({ Status: 'InProgress', DocumentName: documentName })).toEqual([running]);
    expect(await list({ ExecutionStage: 'Complete' })).toEqual([cancelled]);
    expect(await list({ ExecutionStage: 'Executing' })).toEqual([running]);
    const hour = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
    expect(await list({ InvokedAfter: hour(-1), InvokedBefore: hour(1) })).toHaveLength(2);
    expect(await list({ InvokedAfter: hour(1) })).toEqual([]);
    expect(await list({ InvokedBefore: hour(-1) })).toEqual([]);
    expect(() =>
      aws.runCommand.operations.ListCommands?.({ Filters: [{ key: 'Other', value: '' }] }),
    ).toThrow(expect.objectContaining({ name: 'InvalidFilterKey' }));
  });

  it('lists invocations, each with its status, after a moment', async () => {
    aws = await openAws({
      deployScript: "console.log('o'.repeat(3_000)); console.error('warned')",
      instances: [{ id: 'i-00000001' }, { id: 'i-00000002', online: false }],
    });
    const listed = async (input: ListCommandInvocationsCommandInput = {}) =>
      aws.ssm.reader.send(new ListCommandInvocationsCommand(input));
    const statuses = async (input: ListCommandInvocationsCommandInput = {}) =>
      (await listed(input)).CommandInvocations?.map(
        ({ InstanceId, Status, StatusDetails }) => `${InstanceId} ${Status} ${StatusDetails}`,
      );
    const { Command } = await aws.ssm.writer.send(
      new SendCommandCommand({
        DocumentName: documentName,
        InstanceIds: ['i-00000001', 'i-00000002'],
        Comment: 'about it',
      }),
    );
    const CommandId = Command?.CommandId ?? '';
    const [sent] = aws.runCommand.commands;
    if (!sent) throw new Error('nothing was sent');
    // As if it had been sent just now, however long that took.
    Object.assign(sent, { RequestedDateTime: new Date(Date.now() + 60_000) });
    expect(await statuses()).toEqual([]);
    Object.assign(sent, { RequestedDateTime: new Date(Date.now() - 60_000) });
    await sent.ended;
    await until(async () => (await listed()).CommandInvocations?.length === 2);

    const succeeded = 'i-00000001 Success Success';
    const undeliverable = 'i-00000002 Failed Undeliverable';
    expect(await statuses({ CommandId })).toEqual([succeeded, undeliverable]);
    expect(await statuses({ CommandId, InstanceId: 'i-00000002' })).toEqual([undeliverable]);
    expect(await statuses({ Filters: [{ key: 'Status', value: 'Success' }] })).toEqual([succeeded]);
    expect(await statuses({ Filters: [{ key: 'Status', value: 'Undeliverable' }] })).toEqual([undeliverable]);
    expect(await statuses({ Filters: [{ key: 'DocumentName', value: 'other' }] })).toEqual([]);
    expect(await statuses({ CommandId: randomUUID() })).toEqual([]);

    const first = await listed({ CommandId, MaxResults: 1 });
    expect(first.CommandInvocations).toEqual([
      {
        CommandId,
        InstanceId: 'i-00000001',
        InstanceName: expect.any(String),
        Comment: 'about it',
        DocumentName: documentName,
        RequestedDateTime: expect.any(Date),
        Status: 'Success',
        StatusDetails: 'Success',
        StandardOutputUrl: '',
        StandardErrorUrl: '',
        CommandPlugins: [],
      },
    ]);
    expect(await statuses({ CommandId, MaxResults: 1, NextToken: first.NextToken })).toEqual([undeliverable]);

    const detailed = await listed({ CommandId, Details: true });
    expect(detailed.NextToken).toBeUndefined();
    expect(detailed.CommandInvocations?.map(({ CommandPlugins }) => CommandPlugins)).toEqual([
      [expect.objectContaining({ Status: 'Success', ResponseCode: 0, Output: 'o'.repeat(2_500) })],
      [],
    ]);
    for (const [input, name] of [
      [{ Filters: [{ key: 'ExecutionStage', value: 'Complete' }] }, 'InvalidFilterKey'],
      [{ NextToken: 'never given' }, 'InvalidNextToken'],
    ] as const)
      await expect(listed({ ...input, Filters: [...(input.Filters ?? [])] })).rejects.toMatchObject({ name });
  });

  it('lists what an invocation has printed before it failed', async () => {
    aws = await openAws({
      deployScript: "console.log('begun'); console.error('broken'); process.exitCode = 3",
    });
    const { CommandId, sent } = await send();
    await sent?.ended;
    await until(async () => (await list({})).length === 1);
    const { CommandInvocations } = await aws.ssm.reader.send(
      new ListCommandInvocationsCommand({ CommandId, Details: true }),
    );
    expect(CommandInvocations).toMatchObject([
      {
        Status: 'Failed',
        CommandPlugins: [
          { Status: 'Failed', ResponseCode: 3, Output: 'begun\n\n----------ERROR-------\nbroken\n' },
        ],
      },
    ]);
  });

  it('cancels a command in two steps, with all its processes', async () => {
    aws = await openAws({ deployScript: parent });
    const { CommandId, sent } = await send();
    const [invocation] = sent?.invocations ?? [];
    await until(() => invocation?.stdout.includes('started') ?? false);
    await until(async () => (await list({})).length === 1);
    const cancelling = aws.runCommand.operations.CancelCommand?.({ CommandId });
    expect(invocation).toMatchObject({ Status: 'Cancelling', StatusDetails: 'Cancelling' });
    expect(aws.runCommand.operations.ListCommands?.({})).toMatchObject({
      Commands: [{ Status: 'Cancelling', CompletedCount: 0 }],
    });
    // It would be ten minutes, if a process were left.
    await cancelling;
    expect(await list({ Status: 'Cancelled' })).toEqual([`${CommandId} Cancelled`]);
    expect(
      await aws.ssm.reader.send(new GetCommandInvocationCommand({ CommandId, InstanceId: 'i-00000001' })),
    ).toMatchObject({ Status: 'Cancelled', StatusDetails: 'Cancelled', ResponseCode: -1 });
  });

  it('leaves a command alone that has ended', async () => {
    aws = await openAws();
    const { CommandId, sent } = await send();
    await sent?.ended;
    await aws.ssm.writer.send(new CancelCommandCommand({ CommandId }));
    expect(sent?.invocations[0]).toMatchObject({ Status: 'Success', ResponseCode: 0 });
    await expect(
      aws.ssm.writer.send(new CancelCommandCommand({ CommandId, InstanceIds: ['i-other'] })),
    ).rejects.toMatchObject({ name: 'InvalidInstanceId' });
  });
});
