import type { EnvReader } from '../../env/readers/readers.ts';
import { validateEnv } from '../../functions/validate-env.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { ValidateEnvInput } from '../../workflow/chain.ts';
import { parameterName } from '../support/app-names.ts';
import type { TargetPart } from '../support/app-target.ts';
import { openAws, secret, type TestAws } from '../support/aws.ts';
import { executionRef, recoveryPlan } from '../support/execution-facts.ts';
import { servicesOf } from '../support/services.ts';
import { contract } from '../support/upload-env.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const validate = (part: TargetPart['parameter'] = {}, earlier: Omit<ValidateEnvInput, 'execution'> = {}) =>
  validateEnv(
    { execution: executionRef(), ...earlier },
    { ...servicesOf(aws, { parameter: { ...contract, ...part } }), ssm: aws.ssm.reader },
  );
const put = (Value: string, Type: 'SecureString' | 'String' = 'SecureString') =>
  aws.parameters.put({ Name: parameterName, Value, Type, Overwrite: true });

describe('ValidateEnv', () => {
  it('finds a complete env complete, by name, version and size, and shows no value', async () => {
    const password = secret();
    put('DB_HOST=a\n');
    put(`DB_HOST=db\nDB_PASSWORD=${password}\nR2_KEY=k\n`);
    const output = await validate();
    expect(output).toEqual({
      complete: true,
      finding: 'Complete',
      parameterName,
      modifiedAt: expect.any(String),
      version: 2,
      type: 'SecureString',
      sizeBytes: `DB_HOST=db\nDB_PASSWORD=${password}\nR2_KEY=k\n`.length,
      keyCount: 3,
      keys: ['DB_HOST', 'DB_PASSWORD', 'R2_KEY'],
      missingKeys: [],
      blankKeys: [],
      missingPrefixes: [],
      duplicateKeys: [],
      leftOutLines: [],
      hasBom: false,
      hasCrlf: false,
    });
    expect(JSON.stringify(output)).not.toContain(password);
  });

  it('waits for the version that the plan has seen, or that was overlooked, when it looks again', async () => {
    put('DB_HOST=db\n');
    const { modifiedAt } = await validate();
    const parameter = { ...recoveryPlan().parameter, version: 2, modifiedAt };
    const env = { version: 1, modifiedAt, caught: { Error: 'EnvOverlooked', Cause: '' } };
    for (const earlier of [{ plan: recoveryPlan({ parameter }) }, { env, plan: recoveryPlan() }])
      await expect(validate({}, earlier)).rejects.toMatchObject({ name: 'EnvStale' });
    put('DB_HOST=db\n');
    expect(await validate({}, { env, plan: recoveryPlan() })).toMatchObject({ version: 2 });
    expect(await validate({}, { env: { version: 3, modifiedAt } })).toMatchObject({ version: 2 });
  });

  it('takes a missing parameter for a finding', async () => {
    expect(await validate()).toMatchObject({
      complete: false,
      finding: 'Missing',
      version: 0,
      type: null,
    });
  });

  it('takes white space for an empty env', async () => {
    put(' \n\n');
    expect(await validate()).toMatchObject({ complete: false, finding: 'Empty', version: 1 });
  });

  it('names missing and blank keys', async () => {
    put('DB_HOST=\nOTHER=1\n');
    expect(await validate()).toMatchObject({
      complete: false,
      finding: 'Incomplete',
      missingKeys: ['DB_PASSWORD'],
      blankKeys: ['DB_HOST'],
      missingPrefixes: ['R2_'],
    });
  });

  it('shows no secret that was written over the parameter and reads like a key', async () => {
    put('q83vEjRWeJq8wQ9zT4uV7yB2nM5kL8pX=');
    const output = await validate();
    expect(output).toMatchObject({ complete: false, keyCount: 0, keys: [] });
    expect(JSON.stringify(output)).not.toContain('q83vEjRWeJq8');
  });

  it('reads through BOM and CRLF and says that they are there', async () => {
    put('\uFEFFDB_HOST=a\r\nDB_PASSWORD=b\r\nR2_KEY=c\r\n');
    expect(await validate()).toMatchObject({ complete: true, hasBom: true, hasCrlf: true });
  });

  it('fails as EnvInvalid on an unclosed quote, with the line and no value', async () => {
    const value = secret();
    put(`DB_HOST=a\nDB_PASSWORD="${value}\nR2_KEY=k\n`);
    await expect(validate()).rejects.toMatchObject({
      name: 'EnvInvalid',
      message: expect.stringMatching(/line 2: a quote is opened and never closed/),
    });
    await expect(validate()).rejects.not.toMatchObject({ message: expect.stringContaining(value) });
  });

  it.each<[EnvReader, string, number[]]>([
    ['docker', 'export DB_PASSWORD=x\n', [1]],
    ['systemd', 'DB_HOST=a\nexport DB_PASSWORD=x\n', [2]],
    ['compose', 'DB_HOST=a\nDB_PASSWORD="open\n', [2]],
    ['shell', '<html>\n  <link rel="x"\n  href="/a">\n</html>\n', [1, 2, 3, 4]],
    ['docker', '<html>\n  <link rel="x"\n  href="/a">\n</html>\n', [1, 2, 3, 4]],
  ])(
    'finds a wiped text with odd lines incomplete, for %s, and says which a restore leaves out',
    async (reader, text, leftOutLines) => {
      put(text);
      const output = await validate({ reader });
      expect(output).toMatchObject({ complete: false, finding: 'Incomplete', leftOutLines });
      expect(output.keys.filter((key) => !['DB_HOST', 'DB_PASSWORD'].includes(key))).toEqual([]);
    },
  );

  it('finds a text complete in which one line is odd and nothing is missing', async () => {
    put('DB_HOST=a\nDB_PASSWORD=b\nR2_KEY=c\nDATA_DIR=${HOME}/data\n');
    expect(await validate({ reader: 'compose' })).toMatchObject({ complete: true, leftOutLines: [] });
  });

  it.each([
    ['None', 'DB_HOST holds None, which is no value'],
    ['undefined', 'DB_HOST holds undefined, which is no value'],
    ['encrypted:BKq000', 'DB_HOST is still encrypted'],
    ['${DB_HOST}', 'DB_HOST holds a reference that nobody has resolved'],
  ])('fails as EnvInvalid on %s for a required value where nothing is missing', async (value, message) => {
    put(`DB_HOST=${value}\nDB_PASSWORD=b\nR2_KEY=c\nOPTIONAL=${value}\n`);
    await expect(validate({ reader: 'docker' })).rejects.toMatchObject({
      name: 'EnvInvalid',
      message: expect.stringContaining(`: ${message}. A restore`),
    });
  });

  it('fails as EnvInvalid on a template leftover in a required key', async () => {
    put('DB_HOST={{ db_host }}\nDB_PASSWORD=b\nR2_KEY=c\n');
    await expect(validate()).rejects.toMatchObject({
      name: 'EnvInvalid',
      message: expect.stringContaining('DB_HOST'),
    });
  });

  it('fails as EnvInvalid on a value that breaks its rule, and names key and rule only', async () => {
    const value = secret();
    put(`DB_HOST=a\nDB_PASSWORD=b\nR2_KEY=c\nDB_PORT=${value}\n`);
    const rules = { DB_PORT: { nonEmpty: false, noPlaceholder: false, type: 'integer' as const } };
    const failure = validate({ ...{ ...contract, rules } });
    await expect(failure).rejects.toMatchObject({
      name: 'EnvInvalid',
      message: expect.stringContaining('DB_PORT is not an integer'),
    });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining(value) });
  });

  it.each<[EnvReader, string]>([
    ['shell', 'DB_HOST=a\r\nDB_PASSWORD=b\r\nR2_KEY=c\r\n'],
    ['node', '\uFEFFDB_HOST=a\nDB_PASSWORD=b\nR2_KEY=c\n'],
    ['systemd', '\uFEFFDB_HOST=a\nDB_PASSWORD=b\nR2_KEY=c\n'],
  ])('finds a complete env misread where %s stumbles over BOM or CRLF', async (reader, text) => {
    put(text);
    expect(await validate({ reader })).toMatchObject({ complete: false, finding: 'Misread' });
  });

  it('fails after one try where access is denied, naming action and resource', async () => {
    put('A=1');
    const denied = () => new AwsError('AccessDeniedException', 'User arn:… is not authorized');
    // The second look, without decryption, only tells that it isn't the key.
    aws.fail('GetParameter', denied(), denied());
    await expect(validate()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(/ssm:GetParameter on parameter \/app\/env/),
      cause: { name: 'AccessDeniedException', httpStatus: 400 },
    });
    expect(aws.countCalls('GetParameter')).toBe(2);
  });

  it('fails as CredentialsExpired on credentials that are', async () => {
    aws.fail(
      'GetParameter',
      new AwsError('ExpiredTokenException', 'The security token included in the request is expired'),
    );
    await expect(validate()).rejects.toMatchObject({ name: 'CredentialsExpired' });
  });

  it('gives up on throttling that does not end', async () => {
    aws.fail(
      'GetParameter',
      ...Array.from({ length: 9 }, () => new AwsError('ThrottlingException', 'Rate exceeded')),
    );
    await expect(validate()).rejects.toMatchObject({ name: 'AwsThrottled' });
  });

  it('lives through throttling, a 503 and a connection that is cut', async () => {
    put('DB_HOST=a\nDB_PASSWORD=b\nR2_KEY=c\n');
    aws.fail(
      'GetParameter',
      new AwsError('ThrottlingException', 'Rate exceeded'),
      new AwsError('ServiceUnavailable', '', 503),
      'drop-before',
    );
    expect((await validate()).complete).toBe(true);
  });
});
