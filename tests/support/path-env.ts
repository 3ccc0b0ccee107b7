/** An env of one parameter for each key, with the states that read and write it. */
import { ssmOfBackup } from '../../aws/ssm-clients.ts';
import { markKnownGood } from '../../functions/mark-known-good.ts';
import { validateEnv } from '../../functions/validate-env.ts';
import type { ValidateEnvInput } from '../../workflow/chain.ts';
import type { EnvFinding } from '../../workflow/results.ts';
import type { TargetPart } from './app-target.ts';
import { envFinding, type TestAws } from './aws.ts';
import { giveLease } from './execution.ts';
import { executionRef, provenBy } from './execution-facts.ts';
import { servicesOf, steppedClock } from './services.ts';
import { contract, uploadOn } from './upload-env.ts';

export const path = '/app/prod/';
export const copyPath = '/app/prod-copy/';
/** A target with the contract of `upload-env.ts`. */
export const onPath: TargetPart = {
  parameter: { ...contract, name: path, reader: 'path' },
  restore: { backupParameter: copyPath },
};
export const complete = { DB_HOST: 'db', DB_PASSWORD: 'p', R2_KEY: 'r' };

/** @param part the target, by default one with an env below a path. */
export const pathEnvOn = (aws: () => TestAws, part: TargetPart = onPath) => {
  const valuesBelow = (root: string): Record<string, string> =>
    Object.fromEntries(
      aws()
        .parameters.names()
        .filter((name) => name.startsWith(root))
        .map((name) => [name.slice(root.length), aws().parameters.get(name).Value]),
    );
  const find = (input: Omit<ValidateEnvInput, 'execution'> = {}): Promise<EnvFinding> =>
    validateEnv(
      { execution: executionRef(), ...input },
      { ...servicesOf(aws(), part), ssm: aws().ssm.reader },
    );
  const upload = uploadOn(aws);
  return {
    put: (
      values: Readonly<Record<string, string>>,
      root = path,
      Type: 'SecureString' | 'String' = 'SecureString',
    ) => {
      for (const [key, Value] of Object.entries(values))
        aws().parameters.put({ Name: `${root}${key}`, Value, Type, Overwrite: true });
    },
    remove: (key: string) => aws().parameters.delete(`${path}${key}`),
    values: () => valuesBelow(path),
    copied: () => valuesBelow(copyPath),
    find,
    /** Looks at the env, and restores it. */
    restore: async (env?: EnvFinding) => upload(env ?? (await find()), part),
    /** Marks the env that is there, in an execution that has deployed it. */
    mark: async (version: number, isDeployed = true) => {
      const startedAt = new Date(Date.now() + 1).toISOString();
      const execution = executionRef({ startedAt });
      await giveLease(aws(), execution);
      const services = servicesOf(aws(), part, { ...steppedClock(), now: () => Date.now() });
      return markKnownGood(
        {
          execution,
          ...provenBy(isDeployed ? startedAt : undefined),
          env: envFinding({ version }),
        },
        { ...services, ssm: aws().ssm, backupSsm: ssmOfBackup(aws().ssm, services.target.restore) },
      );
    },
  };
};
