import type { ErrorName } from '../workflow/errors.ts';
import { RecoveryError, type SafeCause, safeCause } from '../workflow/recovery-error.ts';

/** Without the last field the SDK only warns of a call that takes too long, and goes on waiting. */
const requestHandler = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** Settings of a client that only reads: the SDK repeats throttled, reset and 5xx calls with backoff and jitter. */
export const readerConfig = () => ({ maxAttempts: 4, requestHandler: requestHandler });

/**
 * Settings of a client that changes something: no blind repeats, since an answer that got lost may stand for
 * a call that was carried out. The caller looks before it writes again.
 */
export const writerConfig = () => ({ maxAttempts: 1, requestHandler: requestHandler });

/** Settings of the client that invokes the metric function, which answers when it is done. */
export const invokerConfig = () => ({
  maxAttempts: 1,
  requestHandler: { ...requestHandler, requestTimeout: 60_000 },
});

const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'AuthorizationErrorException',
  'UnauthorizedOperation',
  'KMSAccessDeniedException',
  'NotAuthorized',
]);
const expired = new Set([
  // There are none, or the profile's could not be had.
  'CredentialsProviderError',
  'TokenProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'RequestExpired',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
]);
const throttled = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'TooManyUpdates',
  'RequestLimitExceeded',
  'LimitExceeded',
  'RequestThrottled',
]);
const networkCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const certificateCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** What an AWS call was about, for the message of its failure. */
export interface AwsCall {
  /** The IAM action, e.g. `ssm:GetParameter`. */
  readonly action: string;
  readonly resource: string;
}

/**
 * Sends one AWS call and turns its failures into the closed list, by error name, status and code, never by text.
 *
 * @param expected answers for error names that are an outcome of this call and not a failure.
 * @throws RecoveryError AccessDenied, CredentialsExpired, AwsThrottled, AwsUnavailable or AwsRejected.
 */
export async function callAws<T>(
  { action, resource }: AwsCall,
  send: () => Promise<T>,
  expected: Readonly<Record<string, () => T>> = {},
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    const cause = safeCause(error);
    const answer = expected[cause.name];
    if (answer) return answer();
    const [name, found, remedy] = classify(cause);
    throw new RecoveryError(name, `${action} on ${resource}: ${found}.`, { remedy, cause });
  }
}

function classify(cause: SafeCause): readonly [name: ErrorName, found: string, remedy?: string] {
  if (denied.has(cause.name)) return ['AccessDenied', 'access denied'];
  if (expired.has(cause.name))
    return ['CredentialsExpired', 'the credentials are missing, expired or not valid'];
  if (throttled.has(cause.name) || cause.httpStatus === 429) return ['AwsThrottled', 'throttled by AWS'];
  const network = cause.name === 'TimeoutError' || networkCodes.has(cause.code ?? '');
  if (network || (cause.httpStatus ?? 0) >= 500)
    return ['AwsUnavailable', `no usable answer from AWS (${cause.httpStatus ?? cause.code ?? cause.name})`];
  if (certificateCodes.has(cause.code ?? ''))
    return [
      'AwsRejected',
      `the TLS certificate is not trusted (${cause.code})`,
      'If there is a proxy, name its certificate in NODE_EXTRA_CA_CERTS.',
    ];
  return ['AwsRejected', `refused by AWS as ${cause.name}`];
}
