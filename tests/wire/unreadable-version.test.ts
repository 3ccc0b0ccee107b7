import { GetParameterHistoryCommand } from '@aws-sdk/client-ssm';
import { writeEnvParameter } from '../../aws/guarded-write.ts';
import { readHistory } from '../../aws/parameter.ts';
import { knownGoodLabel } from '../../workflow/versions.ts';
import { parameterName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { complete as completeEnv, oneKey, useOperator } from '../support/operator.ts';
import { steppedClock } from '../support/services.ts';
import { complete, contract, finding, uploadOn } from '../support/upload-env.ts';

/** Encrypts the next version with a key of its own. */
const keyId = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000001';
const putWith = (
  store: TestAws['parameters'],
  Value: string,
  KeyId = 'alias/aws/ssm',
  Name = parameterName,
) => store.put({ Name, Value, Type: 'SecureString', Overwrite: true, KeyId });

describe.each(['InvalidKeyId', 'AccessDeniedException'] as const)(
  'a version whose KMS key is gone, which SSM answers with %s',
  (error) => {
    let aws: TestAws;
    beforeEach(async () => {
      aws = await openAws();
      putWith(aws.parameters, complete('db-1'));
      putWith(aws.parameters, complete('db-2'), keyId);
      putWith(aws.parameters, complete('db-3'));
      aws.parameters.lostKeys.set(keyId, error);
    });
    afterEach(() => aws.close());
    /** The only version of the parameter is then one that can't be decrypted. */
    const startAgainWith = (text: string) => {
      aws.parameters.delete(parameterName);
      aws.parameters.lostKeys.clear();
      putWith(aws.parameters, text, keyId);
      aws.parameters.lostKeys.set(keyId, error);
    };
    const read = () => readHistory(aws.ssm.reader, parameterName);
    const upload = uploadOn(() => aws);

    it('makes SSM refuse to decrypt all of the history', async () => {
      const history = (WithDecryption: boolean) =>
        aws.ssm.reader.send(new GetParameterHistoryCommand({ Name: parameterName, WithDecryption }));
      await expect(history(true)).rejects.toMatchObject({ name: error });
      expect((await history(false)).Parameters).toHaveLength(3);
    });

    it('is named in the history, and hides no other one', async () => {
      expect(await read()).toMatchObject([
        { version: 1, text: complete('db-1') },
        { version: 2, text: '', unreadable: error, keyId },
        { version: 3, text: complete('db-3'), labels: [] },
      ]);
    });

    it('fails the read if it is the newest, so that nobody takes that for empty', async () => {
      aws.parameters.lostKeys.set('alias/aws/ssm', error);
      await expect(read()).rejects.toMatchObject({
        message: expect.stringContaining('KMS key alias/aws/ssm'),
        cause: { name: error },
      });
      // Once with decryption, and once without, to tell the key from the parameter.
      expect(aws.countCalls('GetParameter')).toBe(2);
    });

    it('is passed over by a restore, which names it', async () => {
      putWith(aws.parameters, 'KEY=1\n');
      expect(await upload(finding({ version: 4, keys: ['KEY'] }))).toMatchObject({
        outcome: 'Restored',
        source: { kind: 'history', version: 3 },
        sourceNotes: [`version 2 can't be decrypted (${error}, key ${keyId})`],
      });
    });

    it('is named where a restore finds nothing else', async () => {
      startAgainWith(complete('db-2'));
      putWith(aws.parameters, 'KEY=1\n');
      await expect(upload(finding({ version: 2, keys: ['KEY'] }))).rejects.toMatchObject({
        name: 'EnvRestoreFailed',
        message: expect.stringContaining(`Version 1 can't be decrypted (${error}, key ${keyId}).`),
      });
      expect(aws.countCalls('PutParameter')).toBe(0);
    });

    it('is no obstacle to a write, and may be the oldest of a hundred with the label known-good', async () => {
      startAgainWith(complete('db-1'));
      aws.parameters.label(parameterName, 1, [knownGoodLabel]);
      for (let version = 2; version <= 100; version += 1) putWith(aws.parameters, complete(`db-${version}`));
      const history = await read();
      expect(history.filter(({ unreadable }) => unreadable !== undefined)).toHaveLength(1);
      expect(
        await writeEnvParameter(aws.ssm, steppedClock(), {
          name: parameterName,
          reader: 'dotenv',
          contract,
          madeFrom: history.at(-1),
          text: complete('db-new'),
          kmsKeyId: undefined,
        }),
      ).toMatchObject({ version: 101, text: complete('db-new') });
    });
  },
);

describe('an operator beside a version that can not be decrypted', () => {
  const { aws, file, latest, run } = useOperator();
  const name = '/sandbox/api/env';
  const told = `version 2 can't be decrypted (InvalidKeyId, key ${keyId})`;
  let [first, newest] = ['', ''];
  beforeEach(() => {
    [first, newest] = [completeEnv(), completeEnv()];
    const { parameters } = aws();
    putWith(parameters, first, undefined, name);
    putWith(parameters, completeEnv(), keyId, name);
    putWith(parameters, newest, undefined, name);
    parameters.lostKeys.set(keyId, 'InvalidKeyId');
  });

  it('checks the newest one, and is told', async () => {
    expect(await run(['check'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(told) });
  });

  it('sees the others in the history, each compared with the one before that can be read', async () => {
    const { exitCode, stdout } = await run(['history', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).versions).toMatchObject([
      {
        version: 3,
        complete: true,
        changes: expect.arrayContaining([expect.objectContaining({ kind: 'changed' })]),
      },
      { version: 2, unreadable: 'InvalidKeyId', changes: [] },
      { version: 1, complete: true },
    ]);
    expect((await run(['history'])).stdout).toMatch(/version 2 .*CAN'T BE DECRYPTED \(InvalidKeyId\)/);
  });

  it('sets a key, and pushes a file', async () => {
    expect(await run(['set', 'DB_HOST'], { input: 'canary' })).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toContain('DB_HOST=canary\n');
    expect(await run(['push', file(newest), '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(newest);
  });

  it('fills a wiped text from the newest that can be read, and is told', async () => {
    putWith(aws().parameters, oneKey(), undefined, name);
    expect(await run(['restore', '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(told),
    });
    expect(latest().Value).toContain(newest.split('\n')[1]);
  });

  it('goes back to another version, and is told why not to that one', async () => {
    for (const [command, exitCode] of [
      [['restore', '--version', '2', '--yes'], 1],
      [['push', file(newest), '--since', '2', '--yes'], 2],
    ] as const)
      expect(await run(command)).toMatchObject({ exitCode, stderr: expect.stringContaining('version 2') });
    expect((await run(['restore', '--version', '2', '--yes'])).stderr).toContain(told);
    expect(await run(['restore', '--version', '1', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(first);
  });
});
