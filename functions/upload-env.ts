import { writeEnvParameter } from '../aws/guarded-write.ts';
import { fenceOf, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { readHistory } from '../aws/parameter.ts';
import { findGoodEnv, findSource } from '../aws/restore-source.ts';
import { openSsm, type SsmClients } from '../aws/ssm-clients.ts';
import { isComplete } from '../env/contract.ts';
import { withOthers } from '../workflow/guard.ts';
import { refuseUnapproved } from '../workflow/plan.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { describeRestore, fillGaps, type RestoreSettings, restoreText } from '../workflow/restore.ts';
import { type EnvUpload, UploadEnvInput } from '../workflow/states.ts';
import type { ParameterRecord } from '../workflow/versions.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { UploadSettings } from './runtime/settings.ts';

type UploadEnvServices = Services<UploadSettings> & LeaseClients & { readonly ssm: SsmClients };

/**
 * Restores an incomplete env parameter: the union of what is there now and the known-good version, or else the newest
 * complete one, or else the backup parameter. Writes nothing if the parameter is complete by now.
 *
 * @throws RecoveryError EnvRestoreFailed if no source is complete (nothing is written); PlanOutdated; LeaseLost; and
 *   what `writeEnvParameter` throws.
 */
export async function uploadEnv(
  { execution, env, plan }: UploadEnvInput,
  services: UploadEnvServices,
): Promise<EnvUpload> {
  const { settings, clock, ssm } = services;
  const { ENV_PARAMETER: name, ENV_READER: reader, ENV_CONTRACT: contract } = settings;
  const history = await readHistory(ssm.reader, name);
  const current = history.at(-1);
  if ((current?.version ?? 0) < env.version) {
    throw new RecoveryError(
      'EnvStale',
      `parameter ${name}: version ${env.version} is not in its history yet.`,
    );
  }
  const restore = { reader, contract, backupParameterName: settings.BACKUP_PARAMETER };
  const source = await findSource(ssm.reader, name, history, restore, clock.now());
  const found = source
    ? (current?.text ?? '')
    : await withReplaced(ssm, history, env.version, restore, clock.now());
  const text = restoreText(found, source, reader);
  const report = (written: string) => ({
    previousVersion: env.version,
    sizeBytes: Buffer.byteLength(written),
    ...describeRestore(written, env, source, restore),
  });
  await refuseUnapproved(
    plan,
    `the version of parameter ${name} is`,
    () =>
      (current?.version ?? 0) === plan.parameter.version ||
      hasOwnWrite(ssm, history, plan.parameter.version, restore, clock.now()),
  );
  if (current && text === current.text) {
    return { outcome: 'AlreadyComplete', version: current.version, source: null, ...report(text) };
  }
  const written = await writeEnvParameter(ssm, clock, {
    name,
    reader,
    contract,
    madeFrom: current,
    text,
    fence: fenceOf(services, execution),
    kmsKeyId: settings.KMS_KEY_ID,
  });
  return {
    outcome: 'Restored',
    version: written.version,
    source: source?.origin ?? null,
    ...report(written.text),
  };
}

/** Whether an earlier try of this state has written what was planned: known by its text, which is the same each time. */
async function hasOwnWrite(
  ssm: SsmClients,
  history: readonly ParameterRecord[],
  plannedVersion: number,
  restore: RestoreSettings,
  nowMs: number,
): Promise<boolean> {
  const seen = history.filter(({ version }) => version <= plannedVersion);
  const found = seen.at(-1)?.text ?? '';
  const source = isComplete(found, restore.reader, restore.contract)
    ? undefined
    : await findGoodEnv(ssm.reader, seen, restore, nowMs);
  const text = restoreText(found, source, restore.reader);
  return history.some((record) => record.version > plannedVersion && record.text === text);
}

/**
 * The newest text, with what somebody had written in the moment in which an earlier try of this state wrote: that try
 * can have ended before the merge. What it wrote is known by its text, which is the same each time.
 */
async function withReplaced(
  ssm: SsmClients,
  history: readonly ParameterRecord[],
  readVersion: number,
  restore: RestoreSettings,
  nowMs: number,
): Promise<string> {
  const { reader } = restore;
  const [newest, ...older] = history.toReversed();
  // Where nothing was written since, there is nothing to look for.
  for (const madeFrom of older.filter(({ version }) => version >= readVersion)) {
    const seen = history.filter(({ version }) => version <= madeFrom.version);
    const source = await findGoodEnv(ssm.reader, seen, restore, nowMs);
    const text = source && fillGaps(madeFrom.text, source.text, reader);
    // Right behind the version it was made from, it has replaced nothing unseen, whoever wrote it.
    const own = history.find((record) => record.version > madeFrom.version + 1 && record.text === text);
    if (own && text !== undefined) {
      const write = { madeFrom, text, reader };
      return withOthers(write, history, ownVersions(write, own.version, history));
    }
  }
  return newest?.text ?? '';
}

/** The versions that a write has made, of which the first is known: each holds what was there before it, merged. */
function ownVersions(
  write: Parameters<typeof withOthers>[0],
  first: number,
  history: readonly ParameterRecord[],
): ReadonlySet<number> {
  const own = new Set([first]);
  for (const { version, text } of history.filter((record) => record.version > first)) {
    const isOwn = history
      .filter((record) => record.version >= first && record.version < version)
      .some((last) => {
        const seen = history.filter((record) => record.version <= last.version);
        return withOthers(write, seen, own) === text;
      });
    if (isOwn) own.add(version);
  }
  return own;
}

export const handler = stateHandler(
  UploadEnvInput,
  UploadSettings,
  () => ({ ssm: openSsm(), ...openLease() }),
  uploadEnv,
);
