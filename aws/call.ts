import { isThrottlingError, isTransientError } from '@smithy/core/retry';
import type { ErrorName } from '../workflow/errors.ts';
import { RecoveryError, type SafeCause, safeCause } from '../workflow/recovery-error.ts';
import type { Clock } from './clock.ts';

/** Without the last field, the SDK only warns about a call that takes too long, and goes on waiting. */
const requestHandler = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** Settings of a client that only reads: the SDK repeats throttled, reset and 5xx calls with backoff and jitter. */
export const readerConfig = () => ({ maxAttempts: 4, requestHandler: requestHandler });

/**
 * Settings of a client that changes something: no blind repeats, since the call may have been carried out even if its
 * answer was lost. The caller looks before it writes again.
 */
export const writerConfig = () => ({ maxAttempts: 1, requestHandler: requestHandler });

/** Settings of the client that invokes the metric function, which answers only when it is done. */
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
  'NotAuthorized',
]);
const expired = new Set([
  // There are none, or those of the profile could not be obtained.
  'CredentialsProviderError',
  'TokenProviderError',
  // EC2's name for credentials that could not be validated.
  'AuthFailure',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidSignatureException',
  'RequestExpired',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
]);
/** Names of throttling errors that the SDK's list does not have. */
const throttled = new Set(['TooManyUpdates', 'LimitExceeded']);

/** Network errors that the SDK's lists do not have; those of Node's HTTP parser begin with `HPE_`. */
const networkCodes = new Set(['ECONNABORTED', 'EADDRNOTAVAIL', 'EPROTO']);

/**
 * What the name of an error says of a KMS key. Each service writes these names in another way: `KMSDisabledException`
 * (Lambda), `KMSDisabled` (SNS), `KmsInvalidStateException` (Step Functions). SSM has one name for all of them.
 */
const keyFaults: Readonly<Record<string, string>> = {
  invalidkeyid: "the KMS key is disabled, is being deleted, or doesn't exist",
  kmsdisabled: 'the KMS key is disabled',
  kmsinvalidstate: "the KMS key can't be used in the state that it is in, such as pending deletion",
  kmsnotfound: "the KMS key doesn't exist",
};

const certificateCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** What an AWS call is about, for the message of its failure. */
export interface AwsCall {
  /** The IAM action, e.g. `ssm:GetParameter`. */
  readonly action: string;
  readonly resource: string;
}

/**
 * Sends one AWS call and turns its failures into the closed list, by error name, status and code, never by text.
 *
 * @param expected answers for those error names that are an outcome of this call and not a failure.
 * @throws RecoveryError AccessDenied, CredentialsExpired, KmsKeyUnusable, AwsThrottled, AwsUnavailable or
 *   AwsRejected.
 */
export async function callAws<T>(
  { action, resource }: AwsCall,
  send: () => Promise<T>,
  expected: Readonly<Record<string, () => T>> = {},
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof RecoveryError) throw error;
    const cause = safeCause(error);
    if (isOwnMistake(cause)) throw error;
    const answer = expected[cause.name];
    if (answer) return answer();
    const [name, found, remedy] = classify(error, cause);
    throw new RecoveryError(name, `${action} on ${resource}: ${found}.`, { remedy, cause });
  }
}

/**
 * A field that the service's model promises. An answer without it doesn't count: to read it as empty could drop what
 * exists, or repeat what was done.
 *
 * @throws RecoveryError AwsUnavailable
 */
export function required<T>({ action, resource }: AwsCall, field: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new RecoveryError('AwsUnavailable', `${action} on ${resource}: the answer has no ${field}.`);
}

/**
 * Repeats a call that changes something while it is throttled: a throttled call was not carried out, so there is no
 * need to look for its effect. Three more tries within about seven seconds.
 */
export async function retryThrottled<T>(clock: Clock, send: () => Promise<T>): Promise<T> {
  for (let seconds = 1; ; seconds *= 2) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof RecoveryError && error.name === 'AwsThrottled') || seconds > 4) throw error;
      await clock.sleep(seconds * 1000);
    }
  }
}

const mistakes = new Set(['TypeError', 'RangeError', 'ReferenceError']);

/** A mistake in the code around a call, for which AWS is not to be blamed: what the SDK makes of an answer has a status. */
const isOwnMistake = ({ name, code, httpStatus }: SafeCause): boolean =>
  mistakes.has(name) && code === undefined && httpStatus === undefined;

/**
 * Sends a call that answers page by page.
 *
 * @param pages one of the SDK's paginators.
 * @param field of each page, with its items.
 * @param expected as for `callAws`.
 * @throws RecoveryError as `callAws`, and AwsUnavailable if a page lacks the field: that is not the same as no items.
 */
export async function callPages<Field extends string, Item>(
  call: AwsCall,
  pages: AsyncIterable<{ readonly [Name in Field]?: Item[] | undefined }>,
  field: Field,
  expected: Readonly<Record<string, () => Item[]>> = {},
): Promise<Item[]> {
  return callAws(
    call,
    async () => {
      const items: Item[] = [];
      for await (const page of pages) {
        const found: Item[] | undefined = page[field];
        items.push(...required(call, field, found));
      }
      return items;
    },
    expected,
  );
}

type Classified = readonly [name: ErrorName, found: string, remedy?: string];

function classify(error: unknown, cause: SafeCause): Classified {
  if (denied.has(cause.name)) return ['AccessDenied', 'access denied'];
  const kmsName = cause.name.toLowerCase().replace(/exception$/, '');
  if (kmsName === 'kmsaccessdenied') return ['AccessDenied', 'the use of the KMS key is denied'];
  const keyFault = keyFaults[kmsName];
  if (keyFault !== undefined) return ['KmsKeyUnusable', keyFault];
  if (expired.has(cause.name))
    return ['CredentialsExpired', 'the credentials are missing, expired or not valid'];
  const known = forSdk(cause);
  if (throttled.has(cause.name) || isThrottlingError(known)) return ['AwsThrottled', 'throttled by AWS'];
  if (isTransientError(known) || isUnreadable(error, cause))
    return ['AwsUnavailable', `no usable answer from AWS (${cause.httpStatus ?? cause.code ?? cause.name})`];
  if (certificateCodes.has(cause.code ?? ''))
    return [
      'AwsRejected',
      `the TLS certificate is not trusted (${cause.code})`,
      'If a proxy stands in between, name its certificate: for `recover` in AWS_CA_BUNDLE, for a function in NODE_EXTRA_CA_CERTS.',
    ];
  if (cause.code?.startsWith('ERR_PROXY_'))
    return [
      'AwsRejected',
      `the proxy refused the connection (${cause.code})`,
      'Check HTTPS_PROXY and NO_PROXY.',
    ];
  return ['AwsRejected', `refused by AWS as ${cause.name}`];
}

/** An error in the form that the SDK's own rules take: they go by name, code and status. */
function forSdk({ name, code, httpStatus }: SafeCause) {
  const $metadata = httpStatus === undefined ? {} : { httpStatusCode: httpStatus };
  return { name, message: '', ...(code === undefined ? {} : { code }), $metadata };
}

/**
 * Whether the answer is not the service's own: truncated JSON, a proxy's page, an error without a name, a broken
 * connection. The SDK gives a `$fault` to the errors that the service has named, and to no others.
 */
function isUnreadable(error: unknown, { name, code = '', httpStatus }: SafeCause): boolean {
  if (networkCodes.has(code) || code.startsWith('HPE_')) return true;
  if (httpStatus === undefined) return false;
  const isOfService = error instanceof Error && '$fault' in error;
  return !isOfService || name === 'Unknown' || name === 'UnknownError';
}
