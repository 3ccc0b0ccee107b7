import type { SSMClient } from '@aws-sdk/client-ssm';
import { type KnownGoodLook, knownGoodIn, labelledIn } from '../workflow/loss.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { RestoreRules } from '../workflow/restore.ts';
import type { LabelledVersion } from '../workflow/versions.ts';
import { readBackup } from './backup.ts';

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
  rules: Pick<RestoreRules, 'parameterName' | 'backupParameterName' | 'backupRegion'>,
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
