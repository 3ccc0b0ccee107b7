import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { readerConfig, writerConfig } from './aws.ts';

/** The door to SSM for whoever both reads and writes. */
export interface SsmClients {
  readonly reader: SSMClient;
  readonly writer: SSMClient;
}

/** @param config goes before the settings of each kind of client. */
export function openSsm(config: SSMClientConfig = {}): SsmClients {
  return {
    reader: new SSMClient({ ...readerConfig(), ...config }),
    writer: new SSMClient({ ...writerConfig(), ...config }),
  };
}
