/** What AWS documents of the versions and aliases of a function; see any-aws.ts. */
import { randomUUID } from 'node:crypto';
import {
  CreateAliasCommand,
  DeleteAliasCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListAliasesCommand,
  ListFunctionsCommand,
  PublishVersionCommand,
  paginateListFunctions,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdated,
} from '@aws-sdk/client-lambda';
import { FunctionName, openAnyAws } from '../support/any-aws.ts';

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let lambda: LambdaClient;
const Name = `behaviour-${randomUUID()}`;

beforeAll(async () => {
  aws = await openAnyAws();
  lambda = new LambdaClient(aws.config);
});
afterAll(async () => {
  await lambda.send(new DeleteAliasCommand({ FunctionName, Name }));
  await aws.sandbox?.close();
});

const read = (Qualifier?: string) =>
  lambda.send(new GetFunctionConfigurationCommand({ FunctionName, ...(Qualifier ? { Qualifier } : {}) }));
const publish = (part: { readonly RevisionId?: string; readonly CodeSha256?: string } = {}) =>
  lambda.send(new PublishVersionCommand({ FunctionName, ...part }));
async function setVariable(value: string): Promise<void> {
  const { Environment: { Variables = {} } = {} } = await read();
  await lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName,
      Environment: { Variables: { ...Variables, BEHAVIOUR: value } },
    }),
  );
  // Of another AWS, an update can take a minute.
  await waitUntilFunctionUpdated(
    { client: lambda, maxWaitTime: 120, minDelay: 0.05, maxDelay: 1 },
    { FunctionName },
  );
}

it('is listed, page by page', async () => {
  const names: (string | undefined)[] = [];
  for await (const { Functions = [] } of paginateListFunctions({ client: lambda }, {}))
    names.push(...Functions.map((one) => one.FunctionName));
  expect(names).toContain(FunctionName);
  const { Functions } = await lambda.send(new ListFunctionsCommand({ MaxItems: 1 }));
  expect(Functions).toMatchObject([{ FunctionName: expect.any(String), FunctionArn: expect.any(String) }]);
});

describe('a version of a function', () => {
  it('keeps the variables of the time when it was published, and is made only if something has changed', async () => {
    await setVariable('first');
    const first = await publish();
    expect(first).toMatchObject({ Version: expect.stringMatching(/^[0-9]+$/) });
    expect(await publish()).toMatchObject({ Version: first.Version });
    await setVariable('second');
    const second = await publish();
    expect(Number(second.Version)).toBe(Number(first.Version) + 1);
    expect((await read(first.Version)).Environment?.Variables?.BEHAVIOUR).toBe('first');
    expect(await read(second.Version)).toMatchObject({
      Version: second.Version,
      FunctionArn: expect.stringMatching(`:${second.Version}$`),
      CodeSha256: (await read()).CodeSha256,
    });
  });

  it('is not made of a revision, nor of code, that is no longer there', async () => {
    const { RevisionId = '' } = await read();
    await setVariable('third');
    await expect(publish({ RevisionId })).rejects.toMatchObject({ name: 'PreconditionFailedException' });
    await expect(publish({ CodeSha256: 'x' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });
});

describe('an alias of a function', () => {
  it('is not there until it is made, and then points to the version that it is moved to', async () => {
    const alias = () => lambda.send(new GetAliasCommand({ FunctionName, Name }));
    await expect(alias()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const first = await publish();
    await lambda.send(new CreateAliasCommand({ FunctionName, Name, FunctionVersion: first.Version }));
    const { RevisionId } = await alias();
    await setVariable('fourth');
    const second = await publish();
    await lambda.send(
      new UpdateAliasCommand({ FunctionName, Name, FunctionVersion: second.Version, RevisionId }),
    );
    expect(await alias()).toMatchObject({ FunctionVersion: second.Version });
    await expect(
      lambda.send(new UpdateAliasCommand({ FunctionName, Name, FunctionVersion: first.Version, RevisionId })),
    ).rejects.toMatchObject({ name: 'PreconditionFailedException' });
    expect(await read(Name)).toMatchObject({
      Version: second.Version,
      FunctionArn: expect.stringMatching(`:${Name}$`),
    });
    const { Aliases = [] } = await lambda.send(new ListAliasesCommand({ FunctionName }));
    expect(Aliases.map((one) => one.Name)).toContain(Name);
  });

  it('is invoked as the version that it points to, whatever $LATEST is, by either way to name it', async () => {
    const { Version } = await read(Name);
    await setVariable('fifth');
    for (const named of [{ FunctionName, Qualifier: Name }, { FunctionName: `${FunctionName}:${Name}` }])
      expect(await lambda.send(new InvokeCommand(named))).toMatchObject({ ExecutedVersion: Version });
    expect(await lambda.send(new InvokeCommand({ FunctionName }))).toMatchObject({
      ExecutedVersion: '$LATEST',
    });
  });
});
