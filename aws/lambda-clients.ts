import { LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { invokerConfig, readerConfig, writerConfig } from './call.ts';

export interface LambdaClients {
  /** Repeats calls that may succeed the next time. */
  readonly reader: LambdaClient;
  /** Sends each call once. */
  readonly writer: LambdaClient;
  /** Sends each call once, and waits while a function runs. */
  readonly invoker: LambdaClient;
}

/** @param config overrides the settings of all clients. */
export function openLambda(config: LambdaClientConfig = {}): LambdaClients {
  return {
    reader: new LambdaClient({ ...readerConfig(), ...config }),
    writer: new LambdaClient({ ...writerConfig(), ...config }),
    invoker: new LambdaClient({ ...invokerConfig(), ...config }),
  };
}
