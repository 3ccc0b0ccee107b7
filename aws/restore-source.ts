/** Which text to go back to, and how. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import { isComplete } from '../env/contract.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { findGoodVersion, type GoodEnv, type RestoreSettings } from '../workflow/restore.ts';
import type { ParameterRecord } from '../workflow/versions.ts';
import { readParameter } from './parameter.ts';

/**
 * What to restore from: a version of the parameter itself, or else the backup; `undefined` if neither satisfies the
 * contract. The backup is read only if it is needed.
 *
 * @param history all versions, oldest first.
 */
export async function findGoodEnv(
  ssm: SSMClient,
  history: readonly ParameterRecord[],
  { reader, contract, backupParameterName }: RestoreSettings,
  nowMs: number,
): Promise<GoodEnv | undefined> {
  const good = findGoodVersion(history, reader, contract, nowMs);
  if (good || backupParameterName === undefined) return good;
  const backup = await readParameter(ssm, backupParameterName);
  if (!backup || !isComplete(backup.text, reader, contract)) return undefined;
  return {
    origin: { kind: 'backup', parameterName: backupParameterName, version: backup.version },
    text: backup.text,
    supersededKeys: [],
  };
}

/**
 * What an incomplete text lacks, and from where it gets it; `undefined` if the newest version is complete.
 *
 * @param history all versions, oldest first.
 * @throws RecoveryError EnvRestoreFailed if no source is complete.
 */
export async function findSource(
  ssm: SSMClient,
  name: string,
  history: readonly ParameterRecord[],
  settings: RestoreSettings,
  nowMs: number,
): Promise<GoodEnv | undefined> {
  const current = history.at(-1);
  if (current && isComplete(current.text, settings.reader, settings.contract)) return undefined;
  const source = await findGoodEnv(ssm, history, settings, nowMs);
  if (source) return source;
  throw new RecoveryError(
    'EnvRestoreFailed',
    `parameter ${name}: no version of it (${history.length} are kept) is a complete env, nor is the backup parameter (${settings.backupParameterName ?? 'none is set'}). Nothing was written.`,
  );
}
