/** Writes of the env parameter for their tests: a text with one required key, made from the newest version. */
import { type GuardedWrite, writeEnvParameter } from '../../aws/guarded-write.ts';
import { readHistory } from '../../aws/parameter.ts';
import type { EnvContract } from '../../env/contract.ts';
import { parameterName } from './app-names.ts';
import type { TestAws } from './aws.ts';
import { steppedClock } from './services.ts';

export const contract: EnvContract = { requiredKeys: ['A'], requiredPrefixes: [], rules: {} };

export const writesOn = (aws: () => TestAws) => ({
  put: (Value: string) =>
    aws().parameters.put({ Name: parameterName, Value, Type: 'SecureString', Overwrite: true }).Version,
  latest: () => aws().parameters.get(parameterName),
  write: async (text: string, part: Partial<GuardedWrite> = {}) =>
    writeEnvParameter(aws().ssm, steppedClock(), {
      name: parameterName,
      reader: 'dotenv',
      contract,
      madeFrom: (await readHistory(aws().ssm.reader, parameterName)).at(-1),
      text,
      kmsKeyId: undefined,
      ...part,
    }),
});
