import { catalogue, type ErrorName } from './errors.ts';

/**
 * What is kept of an SDK or network error. Its message is dropped on purpose: AWS quotes the request in some of them
 * (Lambda's "environment variables exceeded" has the whole environment).
 */
export interface SafeCause {
  readonly name: string;
  readonly code?: string;
  readonly httpStatus?: number;
  readonly requestId?: string;
}

interface Details {
  /** More exact than the catalogue's, for example with a command. */
  readonly remedy?: string | undefined;
  readonly cause?: SafeCause | undefined;
}

/**
 * A failure with a name from the catalogue. Its message says what was found and what to do, and holds no value.
 * Step Functions matches `ErrorEquals` against `name`, which Lambda reports as `errorType`.
 */
export class RecoveryError extends Error {
  override readonly name: ErrorName;
  override readonly cause?: SafeCause;

  /** @param found names the resource and what was found, in whole sentences. */
  constructor(name: ErrorName, found: string, { remedy, cause }: Details = {}) {
    super(`${found} ${remedy ?? catalogue[name].remedy}`);
    this.name = name;
    if (cause) this.cause = cause;
  }
}

/** Reduces anything that was thrown to what may be shown: names, codes, status and request id. */
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
