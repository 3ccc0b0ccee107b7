import type { SSMClient } from '@aws-sdk/client-ssm';
import { type KnownGoodLook, knownGoodIn, labelledIn } from '../workflow/loss.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { RestoreRules } from '../workflow/restore.ts';
import { isSpread } from '../workflow/spread-env.ts';
import { knownGoodLabel, type LabelledVersion, type ParameterRecord } from '../workflow/versions.ts';
import { readBackup } from './backup.ts';
import { readEnvHistory, readEnvHistorySince } from './env-store.ts';
import type { Since } from './parameter.ts';

type KnownGoodRules = Pick<RestoreRules, 'parameterName' | 'backupParameterName' | 'backupRegion'>;

/**
 * All versions, oldest first, with the label on the known-good one. The parameters of a spread env have no label, since
 * one that is deleted would take it along: what was copied is known-good there, and so is the state that is the same.
 *
 * @param backupSsm of the region of the backup.
 */
export async function readMarkedHistory(
  ssm: SSMClient,
  backupSsm: SSMClient,
  rules: KnownGoodRules,
  since?: Since,
): Promise<ParameterRecord[]> {
  const { parameterName } = rules;
  const history = await (since
    ? readEnvHistorySince(ssm, parameterName, since)
    : readEnvHistory(ssm, parameterName));
  if (!isSpread(parameterName)) return history;
  const copy = await readBackup(backupSsm, rules).catch((error: unknown) => {
    // Whoever looks for the known-good env is told.
    if (!(error instanceof RecoveryError)) throw error;
  });
  const same = copy ? history.findLastIndex(({ text }) => text === copy.text) : -1;
  return history.map((record, index) => (index === same ? { ...record, labels: [knownGoodLabel] } : record));
}

/**
 * Looks for the known-good env: the version that has the label, or else the backup, which is a copy of it. The backup
 * is read only if no version that can be read has the label; that it can't be read must stop nobody.
 *
 * @param backupSsm of the region of the backup.
 * @param history all versions, oldest first.
 */
export async function lookForKnownGood(
  backupSsm: SSMClient,
  history: readonly LabelledVersion[],
  rules: KnownGoodRules,
): Promise<KnownGoodLook> {
  const env = knownGoodIn(history);
  if (env) return { kind: 'Found', env };
  const { parameterName, backupParameterName: copyName } = rules;
  try {
    const copy = await readBackup(backupSsm, rules);
    if (copy && copyName !== undefined) {
      const source = { kind: 'backup' as const, parameterName: copyName, version: copy.version };
      return { kind: 'Found', env: { text: copy.text, source } };
    }
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return { kind: 'Unreadable', error };
  }
  const { version, unreadable } = labelledIn(history) ?? {};
  if (unreadable === undefined) return { kind: 'None' };
  const found = `parameter ${parameterName}: its known-good version ${version} can't be read (${unreadable}).`;
  return { kind: 'Unreadable', error: new RecoveryError('AwsRejected', found) };
}
