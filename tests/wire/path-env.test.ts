/** An env of one parameter for each key: how it is checked and restored. */
import { roleSessionArn } from '../../sandbox/callers.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { recoveryPlan } from '../support/execution-facts.ts';
import { complete, copyPath, path, pathEnvOn } from '../support/path-env.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const { put, remove, values, find, restore, mark } = pathEnvOn(() => aws);
const denied = () => new AwsError('AccessDeniedException', '');

describe('ValidateEnv of an env below a path', () => {
  it('finds it complete by its keys, as the version that all its writes add up to', async () => {
    put(complete);
    put({ DB_HOST: 'db2' });
    expect(await find()).toMatchObject({
      complete: true,
      parameterName: path,
      version: 4,
      // Each has its own.
      type: null,
      keys: ['DB_HOST', 'DB_PASSWORD', 'R2_KEY'],
    });
  });

  it('reads every page, and nothing of a deeper level or of a neighbour', async () => {
    put(complete);
    put(Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`KEY_${index}`, 'x'])));
    put({ DB_PORT: '1' }, `${path}deeper/`);
    put({ DB_USER: '1' }, '/app/production/');
    expect(await find()).toMatchObject({ complete: true, keyCount: 28 });
  });

  it('takes a value for what its parameter holds, whatever a .env could carry', async () => {
    put({
      ...complete,
      PEM: '-----BEGIN-----\nA="b" #c\r\n\uFEFF\\ ${X}\u2028\n',
      QUOTED: '"x"',
      'app.name-1': 'y',
    });
    expect(await find()).toMatchObject({ complete: true, keyCount: 6, hasBom: false, hasCrlf: false });
  });

  it('names what is missing and what is blank, and tells of no parameter at all', async () => {
    expect(await find()).toMatchObject({ finding: 'Missing', version: 0 });
    put({ DB_HOST: ' ', R2_KEY: 'r' });
    expect(await find()).toMatchObject({
      finding: 'Incomplete',
      missingKeys: ['DB_PASSWORD'],
      blankKeys: ['DB_HOST'],
    });
  });

  it('refuses what a restore would keep', async () => {
    put({ ...complete, DB_HOST: '<changeme>' });
    await expect(find()).rejects.toMatchObject({
      name: 'EnvInvalid',
      message: expect.stringContaining('DB_HOST'),
    });
  });

  it('names the parameter and the key, if one can not be decrypted', async () => {
    put(complete);
    aws.parameters.put({ Name: `${path}TOKEN`, Value: 'x', Type: 'SecureString', KeyId: 'key-1' });
    aws.parameters.lostKeys.set('key-1', 'AccessDeniedException');
    await expect(find()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`kms:Decrypt on KMS key key-1 of parameter ${path}TOKEN`),
    });
  });

  it('names the action and the path, if it may not list them', async () => {
    put(complete);
    aws.fail('GetParametersByPath', denied(), denied());
    await expect(find()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`ssm:GetParametersByPath on the parameters below ${path}`),
    });
  });

  it('waits for a write that reads do not show yet', async () => {
    put(complete);
    const parameter = {
      parameterName: path,
      finding: 'Complete' as const,
      version: 4,
      modifiedAt: new Date(Date.now() + 1000).toISOString(),
    };
    aws.meanwhile('GetParametersByPath', () => put({ DB_HOST: 'late' }), 3);
    expect(await find({ plan: recoveryPlan({ parameter }) })).toMatchObject({ version: 4 });
    expect(aws.countCalls('GetParametersByPath')).toBe(3);
  });

  it('takes a sum that stays lower for a parameter that was deleted', async () => {
    put(complete);
    const env = await find();
    remove('R2_KEY');
    expect(await find({ env: { ...env, caught: { Error: 'EnvOverlooked', Cause: '' } } })).toMatchObject({
      complete: false,
      missingPrefixes: ['R2_'],
      version: 2,
    });
  });
});

describe('UploadEnv of an env below a path', () => {
  it('brings a blanked key back from its history, and writes nothing else', async () => {
    put({ ...complete, OTHER: 'x' });
    put({ DB_PASSWORD: ' ' });
    expect(await restore()).toMatchObject({
      outcome: 'Restored',
      version: 6,
      source: { kind: 'history', version: 4 },
      restoredKeys: ['DB_PASSWORD'],
    });
    expect(values()).toEqual({ ...complete, OTHER: 'x' });
    expect(aws.countCalls('PutParameter')).toBe(1);
  });

  it('brings deleted ones back from the copy, each with the value that it had, and keeps newer values', async () => {
    put({ ...complete, PEM: 'a\n"b"\\' });
    await mark(4);
    put({ DB_HOST: 'newer' });
    for (const key of ['DB_PASSWORD', 'PEM']) remove(key);
    expect(await restore()).toMatchObject({
      outcome: 'Restored',
      source: { kind: 'backup', parameterName: copyPath },
      restoredKeys: ['DB_PASSWORD', 'PEM'],
    });
    expect(values()).toEqual({ ...complete, DB_HOST: 'newer', PEM: 'a\n"b"\\' });
  });

  it('prefers what was copied to a newer state that nobody has deployed', async () => {
    put(complete);
    await mark(3);
    put({ DB_PASSWORD: 'typo' });
    put({ DB_PASSWORD: ' ' });
    expect(await restore()).toMatchObject({ source: { version: 3, isKnownGood: true } });
    expect(values()).toEqual(complete);
  });

  it('restores by its key what stands in the place of a value', async () => {
    put(complete);
    put({ DB_HOST: '<changeme>', DB_PASSWORD: ' ' });
    expect(await restore()).toMatchObject({
      restoredKeys: ['DB_HOST', 'DB_PASSWORD'],
      leftOutLines: [],
    });
    expect(values()).toEqual(complete);
  });

  it('fails where neither the history nor the copy has what is missing', async () => {
    put({ DB_HOST: 'db' });
    await expect(restore()).rejects.toMatchObject({ name: 'EnvRestoreFailed' });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('keeps type, description and tier of a parameter that it writes', async () => {
    put({ DB_PASSWORD: 'p', R2_KEY: 'r' });
    const host = { Name: `${path}DB_HOST`, Type: 'String' as const, Description: 'where', Overwrite: true };
    aws.parameters.put({ ...host, Value: 'db' });
    aws.parameters.put({ ...host, Value: ' ' });
    await restore();
    expect(aws.parameters.get(`${path}DB_HOST`)).toMatchObject({
      Value: 'db',
      Type: 'String',
      Description: 'where',
      Tier: 'Standard',
    });
  });

  it('writes no secret in plain, whoever has changed the type since', async () => {
    put(complete);
    put({ OTHER: 'o' });
    put({ DB_PASSWORD: ' ' }, path, 'String');
    await restore();
    expect(aws.parameters.get(`${path}DB_PASSWORD`)).toMatchObject({ Value: 'p', Type: 'SecureString' });
    // Neither where its history is gone.
    put({ ...complete, OTHER: 'o' }, copyPath);
    remove('DB_PASSWORD');
    put({ DB_PASSWORD: ' ' }, path, 'String');
    await restore();
    expect(aws.parameters.get(`${path}DB_PASSWORD`)).toMatchObject({ Value: 'p', Type: 'SecureString' });
  });

  it.each([1, 2, 3, 4])(
    'brings back what nobody requires too, if it was cut off after write %i',
    async (writes) => {
      const before = { ...complete, A_KEY: 'a', R2_SECRET: 's', Z_KEY: 'z' };
      put(before);
      put(before, copyPath);
      for (const key of ['DB_HOST', 'DB_PASSWORD', 'A_KEY', 'Z_KEY', 'R2_SECRET']) remove(key);
      const env = await find();
      aws.meanwhile('PutParameter', () => aws.fail('PutParameter', denied()), writes + 1);
      await expect(restore(env)).rejects.toMatchObject({ name: 'AccessDenied' });
      // By another execution, which has seen nothing of the first.
      expect(await restore()).toMatchObject({ outcome: 'Restored' });
      expect(values()).toEqual(before);
    },
  );

  it.each(['GetParameterHistory', 'PutParameter'])(
    'keeps what somebody else gives a key right before %s, and what they add',
    async (operation) => {
      put(complete);
      put({ DB_HOST: ' ', DB_PASSWORD: ' ' });
      const env = await find();
      // The last history before a write is that of the first key itself.
      aws.meanwhile(
        operation,
        () => put({ DB_HOST: 'theirs', NEW: 'n' }),
        operation === 'PutParameter' ? 1 : 4,
      );
      await restore(env);
      expect(values()).toEqual({ ...complete, DB_HOST: 'theirs', NEW: 'n' });
    },
  );

  it('brings back what an earlier try has replaced unseen, even if another parameter was deleted since', async () => {
    const before = { ...complete, OTHER: 'o' };
    put(before);
    for (const OTHER of ['o', 'p', 'q']) put({ OTHER });
    put({ DB_HOST: ' ' });
    const env = await find();
    aws.meanwhile('PutParameter', () => {
      aws.parameters.put(
        { Name: `${path}DB_HOST`, Value: 'theirs', Type: 'SecureString', Overwrite: true },
        roleSessionArn('somebody'),
      );
      aws.fail('GetParameterHistory', denied(), denied());
    });
    await expect(restore(env)).rejects.toMatchObject({ name: 'EnvWriteConflict' });
    expect(values()).toMatchObject({ DB_HOST: 'db' });
    remove('OTHER');
    await restore(env);
    expect(values()).toEqual({ ...complete, DB_HOST: 'theirs' });
  });

  it('goes on when it is throttled, as often as SSM takes writes of an account', async () => {
    put(complete);
    put({ DB_HOST: ' ', DB_PASSWORD: ' ' });
    const env = await find();
    aws.fail('PutParameter', new AwsError('ThrottlingException', ''));
    await restore(env);
    expect(values()).toEqual(complete);
  });

  it('says which parameters are written, if the next one is denied, and writes the rest the next time', async () => {
    put(complete);
    put({ DB_HOST: ' ', DB_PASSWORD: ' ' });
    const env = await find();
    aws.meanwhile('PutParameter', () => aws.fail('PutParameter', denied()), 2);
    await expect(restore(env)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(
        new RegExp(
          `ssm:PutParameter on parameter ${path}DB_PASSWORD .*Before that, ${path}DB_HOST was written`,
        ),
      ),
    });
    expect(await restore(env)).toMatchObject({ outcome: 'Restored' });
    expect(values()).toEqual(complete);
  });
});
