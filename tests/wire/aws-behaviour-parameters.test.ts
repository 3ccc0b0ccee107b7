/** What AWS documents of Parameter Store; see any-aws.ts. */
import { randomUUID } from 'node:crypto';
import {
  DeleteParameterCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  type GetParametersByPathCommandInput,
  LabelParameterVersionCommand,
  type Parameter,
  PutParameterCommand,
  paginateGetParametersByPath,
  SSMClient,
  UnlabelParameterVersionCommand,
} from '@aws-sdk/client-ssm';
import { openAnyAws } from '../support/any-aws.ts';

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let ssm: SSMClient;
let name: string;

beforeAll(async () => {
  aws = await openAnyAws();
  ssm = new SSMClient(aws.config);
});
afterAll(() => aws.sandbox?.close());
beforeEach(() => {
  name = `/env-recovery-test/${randomUUID()}`;
});
afterEach(() => ssm.send(new DeleteParameterCommand({ Name: name })).catch(() => undefined));

const put = (Value: string, part: Partial<PutParameterCommand['input']> = {}) =>
  ssm.send(new PutParameterCommand({ Name: name, Value, Type: 'SecureString', Overwrite: true, ...part }));

describe('Parameter Store', () => {
  it('does not overwrite unless told to', async () => {
    await put('1', { Overwrite: false });
    await expect(put('2', { Overwrite: false })).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
  });

  it('counts versions from 1, and answers each write with its version', async () => {
    expect(await put('1')).toMatchObject({ Version: 1 });
    expect(await put('2')).toMatchObject({ Version: 2 });
  });

  it('reads the newest version, or the one that is asked for', async () => {
    await put('1');
    await put('2');
    const read = async (selector: string) =>
      (await ssm.send(new GetParameterCommand({ Name: selector, WithDecryption: true }))).Parameter;
    expect(await read(name)).toMatchObject({ Value: '2', Version: 2, Type: 'SecureString' });
    expect(await read(`${name}:1`)).toMatchObject({ Value: '1', Version: 1 });
  });

  it('has a label on one version only, and reads by it', async () => {
    const label = (ParameterVersion: number, ...Labels: string[]) =>
      ssm.send(new LabelParameterVersionCommand({ Name: name, ParameterVersion, Labels }));
    const labels = async () =>
      (await ssm.send(new GetParameterHistoryCommand({ Name: name }))).Parameters?.map(
        ({ Labels }) => Labels ?? [],
      );
    await put('1');
    await put('2');
    expect(await label(1, 'good', 'aws-reserved')).toMatchObject({ InvalidLabels: ['aws-reserved'] });
    expect(await labels()).toEqual([['good'], []]);
    await label(2, 'good');
    expect(await labels()).toEqual([[], ['good']]);
    const { Parameter } = await ssm.send(
      new GetParameterCommand({ Name: `${name}:good`, WithDecryption: true }),
    );
    expect(Parameter).toMatchObject({ Version: 2, Value: '2' });
    await ssm.send(new UnlabelParameterVersionCommand({ Name: name, ParameterVersion: 2, Labels: ['good'] }));
    expect(await labels()).toEqual([[], []]);
    await expect(
      label(1, ...Array.from({ length: 10 }, (_, index) => `l${index}`)).then(() => label(1, 'eleventh')),
    ).rejects.toMatchObject({ name: 'ParameterVersionLabelLimitExceeded' });
  });

  it('shows a SecureString only to who asks for decryption', async () => {
    await put('plain text');
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    expect(Parameter?.Value).not.toBe('plain text');
  });

  it('has errors of their own for a parameter and for a version that is not there', async () => {
    await expect(ssm.send(new GetParameterCommand({ Name: name }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
    await expect(ssm.send(new GetParameterHistoryCommand({ Name: name }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
    await put('1');
    await expect(ssm.send(new GetParameterCommand({ Name: `${name}:7` }))).rejects.toMatchObject({
      name: 'ParameterVersionNotFound',
    });
  });

  it('gives the history oldest first, by pages', async () => {
    for (let version = 1; version <= 3; version += 1) await put(String(version));
    const first = await ssm.send(
      new GetParameterHistoryCommand({ Name: name, WithDecryption: true, MaxResults: 2 }),
    );
    const second = await ssm.send(
      new GetParameterHistoryCommand({ Name: name, WithDecryption: true, NextToken: first.NextToken }),
    );
    const values = [...(first.Parameters ?? []), ...(second.Parameters ?? [])].map(({ Value }) => Value);
    expect(values).toEqual(['1', '2', '3']);
    expect(second.NextToken).toBeUndefined();
  });

  it('lists what is right below a path by pages, with or without a slash at its end', async () => {
    const names = ['A', 'B', 'C'].map((key) => `${name}/${key}`);
    try {
      for (const Name of [...names, `${name}/deeper/D`, `${name}-other/E`])
        await ssm.send(new PutParameterCommand({ Name, Value: 'plain text', Type: 'SecureString' }));
      const list = async (Path: string, part: Partial<GetParametersByPathCommandInput> = {}) => {
        const found: Parameter[] = [];
        const pages = paginateGetParametersByPath({ client: ssm, pageSize: 2 }, { Path, ...part });
        for await (const { Parameters = [] } of pages) found.push(...Parameters);
        return found;
      };
      const below = await list(name, { WithDecryption: true });
      expect(below.map(({ Name }) => Name).sort()).toEqual(names);
      expect(below[0]).toMatchObject({ Value: 'plain text', Version: 1, Type: 'SecureString' });
      expect((await list(`${name}/`)).map(({ Name }) => Name).sort()).toEqual(names);
      expect((await list(name))[0]?.Value).not.toBe('plain text');
      expect(await list(name, { Recursive: true })).toHaveLength(4);
      expect(await list(`${name}/nothing`)).toEqual([]);
      const tooMany = new GetParametersByPathCommand({ Path: name, MaxResults: 11 });
      await expect(ssm.send(tooMany)).rejects.toMatchObject({ name: 'ValidationException' });
    } finally {
      for (const Name of [...names, `${name}/deeper/D`, `${name}-other/E`])
        await ssm.send(new DeleteParameterCommand({ Name })).catch(() => undefined);
    }
  });

  it('clears a description that is not passed again', async () => {
    await put('1', { Description: 'about it' });
    await put('2');
    const { Parameters } = await ssm.send(new GetParameterHistoryCommand({ Name: name }));
    expect(Parameters?.map(({ Description }) => Description)).toEqual(['about it', undefined]);
  });

  it('refuses more than 4 KB in the tier Standard', async () => {
    await expect(put('x'.repeat(4097), { Tier: 'Standard' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await put('x'.repeat(4096), { Tier: 'Standard' });
  });

  it('moves to the tier Advanced with Intelligent-Tiering, and never back', async () => {
    expect(await put('x'.repeat(4097), { Tier: 'Intelligent-Tiering' })).toMatchObject({ Tier: 'Advanced' });
    await expect(put('x', { Tier: 'Standard' })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
