/** An env of one parameter for each key, with the states that read and write it. */
import { ssmOfBackup } from '../../aws/ssm-clients.ts';
import { markKnownGood } from '../../functions/mark-known-good.ts';
import { validateEnv } from '../../functions/validate-env.ts';
import type { ValidateEnvInput } from '../../workflow/chain.ts';
import type { EnvFinding } from '../../workflow/results.ts';
import { envFinding, type TestAws } from './aws.ts';
import { executionRef, giveLease } from './execution.ts';
import { servicesOf, steppedClock, type TargetPart } from './services.ts';
import { contract, uploadOn } from './upload-env.ts';

export const path = '/app/prod/';
export const copyPath = '/app/prod-copy/';
/** A target with the contract of `upload-env.ts`. */
export const onPath: TargetPart = {
  parameter: { ...contract, name: path, reader: 'path' },
  restore: { backupParameter: copyPath },
};
export const complete = { DB_HOST: 'db', DB_PASSWORD: 'p', R2_KEY: 'r' };

const timestamp = '2026-01-01T00:00:00.000Z';
const deployment = {
  outcome: 'Success' as const,
  commandId: '00000000-0000-0000-0000-000000000000',
  documentName: 'deploy',
  instanceIds: ['i-00000001'],
  resumed: false,
  redriveCount: 0,
  deadline: timestamp,
  finishedAt: timestamp,
};

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
          ...(isDeployed ? { deployment: { ...deployment, startedAt } } : {}),
          env: envFinding({ version }),
          check: { finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null },
          endpoint: { httpStatus: 200, backlog: 7, attempts: 1, verifiedAt: timestamp },
          backlog: { backlog: 7, metric: 'N/M', datapoint: { value: 7, timestamp } },
        },
        { ...services, ssm: aws().ssm, backupSsm: ssmOfBackup(aws().ssm, services.target.restore) },
      );
    },
  };
};
