import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
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
