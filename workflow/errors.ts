/** What can be wrong with the answer of the internal endpoint. */
export const endpointFaults = [
  'InternalKeyMissing',
  'HostRejected',
  'InternalKeyRejected',
  'EndpointNotFound',
  'EndpointRedirected',
  'EndpointUnhealthy',
  'EndpointUnreachable',
  'EndpointNameNotResolved',
  'EndpointTlsFailed',
  'EndpointTooSlow',
  'EndpointTooLarge',
  'BacklogNotNumeric',
] as const;
export type EndpointFault = (typeof endpointFaults)[number];

/**
 * Every failure this workflow can end with. The list is closed: the state machine's `ErrorEquals` names,
 * the runbook and the tests are all held against it.
 */
export const errorNames = [
  'InvalidInput',
  'InvalidSettings',
  'AccessDenied',
  'CredentialsExpired',
  'AwsThrottled',
  'AwsUnavailable',
  'AwsRejected',
  'LeaseLost',
  'EnvInvalid',
  'EnvTooLarge',
  'EnvRestoreFailed',
  'EnvWouldShrink',
  'EnvHistoryFull',
  'EnvWriteConflict',
  'EnvStale',
  'EnvReplaced',
  'PlanOutdated',
  'NoInstances',
  'TooManyInstances',
  'InstanceUnavailable',
  'DeployInProgress',
  'DeployFailed',
  'DeployTimedOut',
  'DeployCancelled',
  ...endpointFaults,
  'FunctionNotFound',
  'FunctionEnvUnreadable',
  'FunctionEnvTooLarge',
  'FunctionUpdateConflict',
  'FunctionUpdateFailed',
  'MetricFunctionFailed',
  'DatapointMissing',
] as const;

export type ErrorName = (typeof errorNames)[number];

/** Failures that a second try can cure; the state machine retries exactly these, with backoff and jitter. */
export const transientErrorNames = [
  'AwsThrottled',
  'AwsUnavailable',
  'EnvWriteConflict',
  'EnvStale',
  'FunctionUpdateConflict',
] as const satisfies readonly ErrorName[];

/**
 * What is kept of an SDK or network error. Its message is left behind on purpose: AWS prints request
 * content in some of them (Lambda's "environment variables exceeded" quotes the whole environment).
 */
export interface SafeCause {
  readonly name: string;
  readonly code?: string;
  readonly httpStatus?: number;
  readonly requestId?: string;
}

/**
 * A failure with a name from the closed list. The message names the resource and the remedy and never a value.
 * Step Functions matches `ErrorEquals` against `name`, which Lambda reports as `errorType`.
 */
export class RecoveryError extends Error {
  override readonly name: ErrorName;
  override readonly cause?: SafeCause;

  constructor(name: ErrorName, message: string, cause?: SafeCause) {
    super(message);
    this.name = name;
    if (cause) this.cause = cause;
  }
}

/** Reduces any thrown thing to what may be shown: names, codes, status and request id. */
export function safeCause(error: unknown): SafeCause {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const metadata =
    '$metadata' in error && typeof error.$metadata === 'object' && error.$metadata !== null
      ? error.$metadata
      : {};
  const httpStatus =
    'httpStatusCode' in metadata && typeof metadata.httpStatusCode === 'number'
      ? metadata.httpStatusCode
      : undefined;
  const requestId =
    'requestId' in metadata && typeof metadata.requestId === 'string' ? metadata.requestId : undefined;
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}
