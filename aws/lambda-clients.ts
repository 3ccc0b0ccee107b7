import { LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { invokerConfig, readerConfig, writerConfig } from './call.ts';

export interface LambdaClients {
  /** Repeats a call that may pass. */
  readonly reader: LambdaClient;
  /** Sends each call once. */
  readonly writer: LambdaClient;
  /** Sends each call once, and waits for as long as a function runs. */
  readonly invoker: LambdaClient;
}

/** @param config is put over the settings of all clients. */
export function openLambda(config: LambdaClientConfig = {}): LambdaClients {
  return {
    reader: new LambdaClient({ ...readerConfig(), ...config }),
    writer: new LambdaClient({ ...writerConfig(), ...config }),
    invoker: new LambdaClient({ ...invokerConfig(), ...config }),
  };
}
