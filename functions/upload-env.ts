import type * as v from 'valibot';
import { writeEnv } from '../aws/env-store.ts';
import { readMarkedHistory } from '../aws/known-good-env.ts';
import { fenceOf, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { requireGoodEnv } from '../aws/restore-source.ts';
import { openSsm, type SsmClients, ssmOfBackup } from '../aws/ssm-clients.ts';
import { UploadEnvInput } from '../workflow/chain.ts';
import { isOfPlan, withReplaced } from '../workflow/earlier-try.ts';
import { refuseUnapproved } from '../workflow/plan.ts';
import { describeRestore, restoreRules, restoreText } from '../workflow/restore.ts';
import type { EnvUpload } from '../workflow/results.ts';
import { knownAs } from '../workflow/versions.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { LeaseResources } from './runtime/resources.ts';

type UploadEnvServices = Services<v.InferOutput<typeof LeaseResources>> &
  LeaseClients & {
    readonly ssm: SsmClients;
    /** Of the region of the backup. */
    readonly backupSsm: SsmClients;
    /** Of this function: a try recognises by it what an earlier one wrote. */
    readonly functionName: string | undefined;
  };

/**
 * Restores an incomplete env parameter: to the union of what it holds now and the known-good version, or else the
 * newest complete one, or else the backup parameter. Writes nothing if the parameter is complete by now, unless an
 * earlier try of this state replaced something that it had not seen: that is merged in.
 *
 * @throws RecoveryError EnvStale; EnvRestoreFailed if no source is complete (nothing is written); PlanOutdated;
 *   LeaseLost; and what `writeEnv` throws.
 */
export async function uploadEnv(
  { execution, env, plan }: UploadEnvInput,
  services: UploadEnvServices,
): Promise<EnvUpload> {
  if (!plan.restore) return { outcome: 'NotPlanned' };
  const { target, clock, ssm, backupSsm, functionName } = services;
  const { name, reader, kmsKeyArn } = target.parameter;
  const contract = target.parameter;
  const rules = restoreRules(target);
  const since = { clock, known: env };
  const history = await readMarkedHistory(ssm.reader, backupSsm.reader, rules, since);
  const current = history.at(-1);
  const found = withReplaced(history, {
    seenVersion: env.version,
    seenAt: env.modifiedAt,
    functionName,
    reader,
    contract,
  });
  await refuseUnapproved(plan, `the version of parameter ${name} is`, () =>
    isOfPlan(history, plan.parameter.version, functionName, found),
  );
  const good = await requireGoodEnv(
    backupSsm.reader,
    current ? found : undefined,
    history,
    rules,
    clock.now(),
  );
  const text = restoreText(found, good, rules);
  const report = (written: string) => ({
    previousVersion: env.version,
    sizeBytes: Buffer.byteLength(written),
    ...describeRestore(written, env, good, history, rules),
  });
  if (current && text === current.text) {
    return { outcome: 'AlreadyComplete', ...knownAs(current), source: null, ...report(text) };
  }
  const written = await writeEnv(ssm, clock, {
    name,
    reader,
    contract,
    isRestore: true,
    madeFrom: current,
    text,
    fence: fenceOf(leaseDoor(services), execution),
    kmsKeyId: kmsKeyArn,
  });
  return {
    outcome: 'Restored',
    ...knownAs(written),
    source: good?.source ?? null,
    ...report(written.text),
  };
}

export const handler = stateHandler(
  UploadEnvInput,
  LeaseResources,
  ({ restore }) => {
    const ssm = openSsm();
    const functionName = process.env.AWS_LAMBDA_FUNCTION_NAME;
    return { ssm, backupSsm: ssmOfBackup(ssm, restore), ...openLease(), functionName };
  },
  uploadEnv,
);
