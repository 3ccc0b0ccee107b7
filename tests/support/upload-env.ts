/** UploadEnv for its tests: a target with three keys, and the function as AWS sees it. */
import { openSsm, ssmOfBackup } from '../../aws/ssm-clients.ts';
import type { EnvContract } from '../../env/contract.ts';
import { uploadEnv } from '../../functions/upload-env.ts';
import { accessKeyIdOf } from '../../sandbox/callers.ts';
import { region } from '../../sandbox/template.ts';
import type { EnvFinding, EnvUpload } from '../../workflow/results.ts';
import { parameterName } from './app-names.ts';
import type { TargetPart } from './app-target.ts';
import { envFinding, type TestAws } from './aws.ts';
import { giveLease } from './execution.ts';
import { executionRef, recoveryPlan } from './execution-facts.ts';
import { servicesOf } from './services.ts';

export const functionName = 'app-uploadEnv';
export const backupName = '/app/env-backup';
export const contract: EnvContract = {
  requiredKeys: ['DB_HOST', 'DB_PASSWORD'],
  requiredPrefixes: ['R2_'],
  rules: {},
};
/** Which keys, the function finds out again. */
const restore = {
  source: null,
  restoredKeys: [],
  revertedKeys: [],
  leftOutLines: [],
  sourceNotes: [],
  keyCount: 1,
};

/** A text that satisfies the contract. */
export const complete = (host: string) => `# the database\nDB_HOST=${host}\nDB_PASSWORD=p\nR2_KEY=r\n`;

/** What ValidateEnv has found in a parameter that is incomplete. */
export const finding = (part: Partial<EnvFinding> = {}): EnvFinding =>
  envFinding({ complete: false, finding: 'Incomplete', version: 0, sizeBytes: 0, ...part });

/** A plan that a person has approved, for a version of the parameter. */
export const approvedPlan = (version: number) =>
  recoveryPlan({
    restore,
    needsApproval: true,
    parameter: { parameterName, finding: 'Incomplete', version, modifiedAt: null },
  });

/** Runs the state in an execution that has the lease, unless `owner` is another one. */
export const uploadOn =
  (aws: () => TestAws) =>
  async (
    env = finding(),
    part: TargetPart = {},
    plan = recoveryPlan({ restore }),
    owner = 'run-1',
  ): Promise<EnvUpload> => {
    const { endpoint } = aws();
    await giveLease(aws(), executionRef({ name: owner }));
    const config = {
      region,
      endpoint: endpoint.url,
      credentials: { accessKeyId: accessKeyIdOf(functionName), secretAccessKey: 'test' },
    };
    const ssm = openSsm(config);
    const services = servicesOf(aws(), {
      restore: { backupParameter: backupName },
      ...part,
      parameter: { ...contract, ...part.parameter },
    });
    const backupSsm = ssmOfBackup(ssm, services.target.restore, config);
    return uploadEnv({ execution: executionRef(), env, plan }, { ...services, ssm, backupSsm, functionName });
  };
