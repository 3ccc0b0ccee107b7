import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { Target } from '../workflow/target.ts';
import { readerConfig, writerConfig } from './call.ts';

/** Systems Manager, for Parameter Store and Run Command alike. */
export interface SsmClients {
  /** Repeats calls that may succeed the next time. */
  readonly reader: SSMClient;
  /** Sends each call once. */
  readonly writer: SSMClient;
}

/** @param config overrides the settings of both clients. */
export function openSsm(config: SSMClientConfig = {}): SsmClients {
  return {
    reader: new SSMClient({ ...readerConfig(), ...config }),
    writer: new SSMClient({ ...writerConfig(), ...config }),
  };
}

type BackupPlace = Pick<Target['restore'], 'backupRegion'>;

/**
 * Systems Manager of the region that keeps the backup parameter.
 *
 * @param ssm of the target's own region: it is the same one, unless the target names another.
 * @param config as for `openSsm`, but for the region.
 */
export function ssmOfBackup(
  ssm: SsmClients,
  { backupRegion }: BackupPlace,
  config: SSMClientConfig = {},
): SsmClients {
  return backupRegion === undefined ? ssm : openSsm({ ...config, region: backupRegion });
}

/** Does something with the backup parameter; a failure says in which region, if that is another one. */
export async function atBackup<T>({ backupRegion }: BackupPlace, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (backupRegion === undefined || !(error instanceof RecoveryError)) throw error;
    const { name, message, cause } = error;
    throw new RecoveryError(name, `The backup parameter is in ${backupRegion}.`, { remedy: message, cause });
  }
}
