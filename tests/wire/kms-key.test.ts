/** Refusals of a KMS key, which name the key and what is wrong with it. */
import { writeEnvParameter } from '../../aws/guarded-write.ts';
import { readParameter } from '../../aws/parameter.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { parameterName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { steppedClock } from '../support/services.ts';

let aws: TestAws;
const KeyId = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000001';
beforeEach(async () => {
  aws = await openAws();
  const parameter = { Name: parameterName, Type: 'SecureString' as const, KeyId, Overwrite: true };
  for (let number = 1; number <= 60; number += 1)
    aws.parameters.put({ ...parameter, Value: `A=${number}\n` });
});
afterEach(() => aws.close());

const read = () => readParameter(aws.ssm.reader, parameterName);
const deny = () => new AwsError('AccessDeniedException', 'a text that nobody reads');

describe('a parameter that can not be decrypted', () => {
  it('is denied by its key, which is named with the action to allow', async () => {
    aws.fail('GetParameter', deny());
    const failure = read();
    await expect(failure).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `kms:Decrypt on KMS key ${KeyId} of parameter ${parameterName}: denied. Allow kms:Decrypt with that key in the policy of the role, and in the policy of the key.`,
      cause: { name: 'AccessDeniedException' },
    });
  });

  it('has a key that is disabled, is being deleted or is gone, which is named', async () => {
    aws.fail('GetParameter', new AwsError('InvalidKeyId', 'a text that nobody reads'));
    await expect(read()).rejects.toMatchObject({
      name: 'KmsKeyUnusable',
      message: expect.stringContaining(
        `parameter ${parameterName}: its KMS key ${KeyId} is disabled, is being deleted, or doesn't exist (InvalidKeyId).`,
      ),
    });
  });

  it('is not blamed on its key where it may not be read at all, or where nobody can tell', async () => {
    const plain = `ssm:GetParameter on parameter ${parameterName}: access denied.`;
    aws.fail('GetParameter', deny(), deny());
    await expect(read()).rejects.toMatchObject({ message: expect.stringContaining(plain) });
    aws.fail('GetParameter', deny());
    aws.fail('GetParameterHistory', deny());
    await expect(read()).rejects.toMatchObject({ message: expect.stringContaining(plain) });
  });

  it('fails after one try', async () => {
    aws.fail('GetParameter', deny());
    await expect(read()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(aws.endpoint.calls.map(({ operation }) => operation)).toEqual([
      'GetParameter',
      'GetParameter',
      'GetParameterHistory',
      'GetParameterHistory',
    ]);
  });
});

it('names the key of a parameter whose write is denied', async () => {
  aws.fail('PutParameter', deny());
  const write = writeEnvParameter(aws.ssm, steppedClock(), {
    name: parameterName,
    reader: 'dotenv',
    contract: { requiredKeys: ['A'], requiredPrefixes: [], rules: {} },
    madeFrom: await read(),
    text: 'A=new\n',
    kmsKeyId: undefined,
  });
  await expect(write).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining(
      `ssm:PutParameter on parameter ${parameterName} with KMS key ${KeyId}: access denied.`,
    ),
  });
});
