import type { SSMClient } from '@aws-sdk/client-ssm';
import type { RestoreRules } from '../workflow/restore.ts';
import { inNamesOf } from '../workflow/spread-env.ts';
import type { ParameterVersion } from '../workflow/versions.ts';
import { readEnv } from './env-store.ts';
import { atBackup } from './ssm-clients.ts';

/** The backup as it is now; `undefined` if there is none. */
export async function readBackup(
  backupSsm: SSMClient,
  rules: Pick<RestoreRules, 'parameterName' | 'backupParameterName' | 'backupRegion'>,
): Promise<ParameterVersion | undefined> {
  const { parameterName, backupParameterName } = rules;
  if (backupParameterName === undefined) return undefined;
  const copy = await atBackup(rules, () => readEnv(backupSsm, backupParameterName));
  return copy && { ...copy, text: inNamesOf(copy.text, backupParameterName, parameterName) };
}
