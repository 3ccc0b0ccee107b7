/** What UploadEnv writes. */
import { AwsError } from '../../sandbox/endpoint.ts';
import { parameterName } from '../support/app-names.ts';
import { openAws, secret, type TestAws } from '../support/aws.ts';
import { recoveryPlan } from '../support/execution-facts.ts';
import { complete, finding, uploadOn } from '../support/upload-env.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const _missing = { finding: 'Missing' as const, keys: [] };
const upload = uploadOn(() => aws);
const put = (Value: string, Name = parameterName) =>
  aws.parameters.put({ Name, Value, Type: 'SecureString', Overwrite: true });
const latest = () => aws.parameters.get(parameterName);

describe('UploadEnv', () => {
  it('does nothing where no restore is planned', async () => {
    put('OTHER=1\n');
    expect(await upload(finding(), {}, recoveryPlan())).toEqual({ outcome: 'NotPlanned' });
    expect(latest().Version).toBe(1);
  });

  it('writes nothing without the lease', async () => {
    put(complete('first'));
    put('KEY=new\n');
    await expect(upload(finding({ version: 2 }), {}, undefined, 'other')).rejects.toMatchObject({
      name: 'LeaseLost',
    });
    expect(latest().Version).toBe(2);
  });

  it('writes a complete env without the BOM and CRLF over which its reader stumbles', async () => {
    put(`\uFEFF${complete('x').replaceAll('\n', '\r\n')}`);
    const shell = { parameter: { reader: 'shell' as const } };
    expect(
      await upload(finding({ version: 1, keys: ['DB_HOST', 'DB_PASSWORD', 'R2_KEY'] }), shell),
    ).toMatchObject({
      outcome: 'Restored',
      source: null,
      restoredKeys: [],
    });
    expect(latest().Value).toBe(complete('x'));
  });

  it('writes none of several byte order marks back', async () => {
    put(`\uFEFF\uFEFF${complete('x')}`);
    const found = finding({ version: 1, keys: ['DB_HOST', 'DB_PASSWORD', 'R2_KEY'], finding: 'Misread' });
    const docker = { parameter: { reader: 'docker' as const } };
    expect(await upload(found, docker)).toMatchObject({ outcome: 'Restored', source: null });
    expect(latest().Value).toBe(complete('x'));
  });

  it('lets a current value win over the restored one, and fills a blank one', async () => {
    put(complete('old'));
    put('DB_HOST=new\nDB_PASSWORD=\n');
    await upload(finding({ keys: ['DB_HOST', 'DB_PASSWORD'], blankKeys: ['DB_PASSWORD'] }));
    expect(latest().Value).toBe('# the database\nDB_HOST=new\nDB_PASSWORD=p\nR2_KEY=r\n');
  });

  it('replaces a text that is no env at all, such as the error message of a tool', async () => {
    put(complete('x'));
    put('An error occurred (AccessDenied) when calling the GetParameter operation\n');
    const settingsForDocker = { parameter: { reader: 'docker' as const } };
    await upload(finding({ version: 2, keys: [] }), settingsForDocker);
    expect(latest().Value).toBe(complete('x'));
  });

  it('restores a text that a single odd line stands in, and hands on which lines were left out', async () => {
    put(complete('x'));
    put('export DB_PASSWORD=new\nKEY=1\n');
    expect(
      await upload(finding({ version: 2, keys: ['KEY'], leftOutLines: [1] }), {
        parameter: { reader: 'docker' },
      }),
    ).toMatchObject({
      outcome: 'Restored',
      leftOutLines: [1],
      restoredKeys: ['DB_HOST', 'DB_PASSWORD', 'R2_KEY'],
    });
    expect(latest().Value).toBe(`${complete('x')}KEY=1\n`);
  });

  it('replaces a page of HTML whole, whatever its fragments look like', async () => {
    put(complete('x'));
    put('<html>\n<link rel="stylesheet"\n      href="/site.css">\n</html>\n');
    await upload(finding({ version: 2, keys: [] }));
    expect(latest().Value).toBe(complete('x'));
  });

  it.each(['DB_HOST=None', 'OPTIONAL=changeme', 'N=two'])(
    'restores from a version with %s in it',
    async (line) => {
      const source = `DB_HOST=a\nDB_PASSWORD=p\nR2_KEY=r\nN=1\n${line}\n`;
      put(source);
      put('KEY=new\n');
      const rules = { N: { nonEmpty: false, noPlaceholder: false, type: 'integer' as const } };
      expect(await upload(finding({ version: 2 }), { parameter: { rules } })).toMatchObject({
        source: { version: 1 },
      });
      expect(latest().Value).toContain(`${line}\n`);
    },
  );

  it('keeps description, key, tier and the allowed pattern', async () => {
    aws.parameters.put({
      Name: parameterName,
      Value: complete('x'),
      Type: 'SecureString',
      KeyId: 'alias/own',
      Description: 'about it',
      AllowedPattern: '.*',
      Tier: 'Advanced',
    });
    aws.parameters.put({
      Name: parameterName,
      Value: 'KEY=new\n',
      Overwrite: true,
      Description: 'about it',
      AllowedPattern: '.*',
      Tier: 'Advanced',
    });
    await upload();
    expect(latest()).toMatchObject({
      Type: 'SecureString',
      KeyId: 'alias/own',
      Description: 'about it',
      AllowedPattern: '.*',
      Tier: 'Advanced',
    });
  });

  it('says what to do where SSM refuses to turn a String into a SecureString', async () => {
    aws.parameters.put({ Name: parameterName, Value: complete('x'), Type: 'String' });
    aws.parameters.put({ Name: parameterName, Value: 'KEY=1', Type: 'String', Overwrite: true });
    aws.fail('PutParameter', new AwsError('HierarchyTypeMismatchException', 'type'));
    await expect(upload()).rejects.toMatchObject({
      name: 'AwsRejected',
      message: expect.stringMatching(
        /it is a String, .*HierarchyTypeMismatch.*delete-parameter --name \/app\/env/,
      ),
    });
    expect(latest().Version).toBe(2);
  });

  it('turns a String into a SecureString', async () => {
    aws.parameters.put({ Name: parameterName, Value: complete('x'), Type: 'String' });
    aws.parameters.put({ Name: parameterName, Value: 'KEY=1', Type: 'String', Overwrite: true });
    await upload();
    expect(latest().Type).toBe('SecureString');
  });

  it('refuses a text over the limit of its tier before the call, with size and limit', async () => {
    put(`${complete('x')}BIG=${'x'.repeat(3000)}\n`);
    put(`KEY=${'y'.repeat(3000)}\n`);
    await expect(upload()).rejects.toMatchObject({
      name: 'EnvTooLarge',
      message: expect.stringMatching(/60\d\d bytes, a parameter of the tier Standard holds 4096/),
    });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('reads a history of more than one page, and writes the 101st version', async () => {
    put(complete('x'));
    for (let version = 2; version <= 100; version += 1) put(`KEY=${version}\n`);
    expect(await upload()).toMatchObject({ source: { version: 1 }, version: 101 });
  });

  it('fails as EnvStale while the history lags behind what ValidateEnv has read', async () => {
    put('KEY=new\n');
    await expect(upload(finding({ version: 2 }))).rejects.toMatchObject({ name: 'EnvStale' });
  });

  it('names action and resource where writing is denied, and quotes no value', async () => {
    const value = secret();
    put(complete(value));
    put('KEY=new\n');
    aws.fail('PutParameter', new AwsError('AccessDeniedException', `denied: ${value}`));
    const failure = upload();
    await expect(failure).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(/ssm:PutParameter on parameter \/app\/env/),
    });
    expect(JSON.stringify(await failure.catch((error: Error) => [error.message, error.cause]))).not.toContain(
      value,
    );
    expect(aws.countCalls('PutParameter')).toBe(1);
  });
});
