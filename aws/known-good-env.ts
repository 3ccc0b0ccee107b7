import type { SSMClient } from '@aws-sdk/client-ssm';
import { passesByItself } from '../workflow/errors.ts';
import { type KnownGoodLook, knownGoodIn } from '../workflow/loss.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { ParameterRecord } from '../workflow/versions.ts';
import { readBackup } from './backup.ts';
import type { RestoreRules } from './restore-source.ts';

/**
 * Looks for the known-good env: the version that has the label, or else the backup, which is a copy of it. The backup
 * is read only if no version has the label.
 *
 * @param backupSsm of the region of the backup.
 * @param history all versions, oldest first.
 * @throws RecoveryError what passes by itself.
 */
export async function lookForKnownGood(
  backupSsm: SSMClient,
  history: readonly ParameterRecord[],
  rules: Pick<RestoreRules, 'backupParameterName' | 'backupRegion'>,
): Promise<KnownGoodLook> {
  const env = knownGoodIn(history);
  if (env) return { kind: 'Found', env };
  const { backupParameterName } = rules;
  if (backupParameterName === undefined) return { kind: 'None' };
  try {
    const backup = await readBackup(backupSsm, rules);
    if (!backup) return { kind: 'None' };
    const { text, version } = backup;
    return {
      kind: 'Found',
      env: { text, source: { kind: 'backup', parameterName: backupParameterName, version } },
    };
  } catch (error) {
    if (!(error instanceof RecoveryError) || passesByItself(error.name)) throw error;
    return { kind: 'Unreadable', error };
  }
}
