import { readHistory, writeEnvParameter } from '../recovery/parameter.ts';
import { fastClock, openAws, parameterName, type TestAws } from './aws.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const write = async (text: string) =>
  writeEnvParameter(aws.ssm, fastClock(50), {
    name: parameterName,
    reader: 'dotenv',
    contract: { requiredKeys: ['A'], requiredPrefixes: [] },
    replaces: (await readHistory(aws.ssm.reader, parameterName)).at(-1),
    text,
    kmsKeyId: undefined,
  });

describe('writeEnvParameter', () => {
  it('refuses a text that drops a key, and names it', async () => {
    aws.parameters.put({ Name: parameterName, Value: 'A=1\nB=2\n', Type: 'SecureString' });
    await expect(write('A=1\n')).rejects.toMatchObject({
      name: 'EnvWouldShrink',
      message: expect.stringContaining('B'),
    });
    await expect(write('A=1\nB=\n')).rejects.toMatchObject({ name: 'EnvWouldShrink' });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('refuses a text that is not complete, or that a reader would misread', async () => {
    await expect(write('B=1\n')).rejects.toMatchObject({
      name: 'EnvInvalid',
      message: expect.stringContaining('A'),
    });
    await expect(write('A={{ a }}\n')).rejects.toMatchObject({ name: 'EnvInvalid' });
    await expect(write('A=1\nB="open\n')).rejects.toMatchObject({ name: 'EnvInvalid' });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('fails as EnvStale if what it wrote never comes back', async () => {
    aws.endpoint.injectFault = ({ operation }) => {
      if (operation === 'GetParameter') aws.parameters.delete(parameterName);
      return undefined;
    };
    await expect(write('A=1\n')).rejects.toMatchObject({ name: 'EnvStale' });
  });

  it('loses nothing to a concurrent writer, 200 times over', async () => {
    aws.parameters.put({ Name: parameterName, Value: 'A=1\n', Type: 'SecureString' });
    for (let round = 0; round < 200; round += 1) {
      const theirs = `THEIRS_${round % 20}`;
      let isTheirTurn = true;
      aws.endpoint.injectFault = ({ operation }) => {
        if (operation === 'PutParameter' && isTheirTurn) {
          isTheirTurn = false;
          const { Value } = aws.parameters.get(parameterName);
          aws.parameters.put({ Name: parameterName, Value: `${Value}${theirs}=${round}\n`, Overwrite: true });
        }
        return undefined;
      };
      const { Value } = aws.parameters.get(parameterName);
      const kept = Value.split('\n').filter((line) => line !== '' && !line.startsWith(`OURS_${round % 20}=`));
      const { text } = await write(`${kept.join('\n')}\nOURS_${round % 20}=${round}\n`);
      expect(text).toContain(`${theirs}=${round}\n`);
      expect(text).toContain(`OURS_${round % 20}=${round}\n`);
    }
  }, 120_000);
});
