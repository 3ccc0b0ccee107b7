import type { ErrorEntry } from './errors.ts';

/** What can be wrong with the answer of the internal endpoint: a part of the catalogue of errors. */
export const endpointErrors = {
  InternalKeyMissing: {
    meaning: 'The parameter has no value for the internal key, or for another one that is sent in a header.',
    remedy: 'Put it into the parameter with `recover env set <KEY>`.',
    next: 'StartWithDeploy',
  },
  InternalKeyUnusable: {
    meaning:
      'The internal key, or another one that is sent in a header, holds a character that no HTTP header can carry, such as a typographic quote or one that is invisible.',
    remedy: 'Set it again with `recover env set <KEY>`, typed or pasted without anything around it.',
    next: 'StartWithDeploy',
  },
  HostRejected: {
    meaning:
      'HTTP 400. Django answers so if ALLOWED_HOSTS lacks the Host that the message names, or if that Host has an underscore, which Django never allows. From another service it means that something else in the request is wrong.',
    remedy:
      'Add that Host, without its port, to ALLOWED_HOSTS in the parameter, or set endpoint.host in the target file to one that the API allows. Without Django, look at the log of the API, and at endpoint.url, method and headers in the target file.',
    next: 'StartWithDeploy',
  },
  InternalKeyRejected: {
    meaning: 'HTTP 401 or 403: the API runs with another internal key than the parameter holds.',
    remedy:
      'Deploy the API. If it was deployed just now, check in the deploy script that the API gets the env of the parameter, and in the target file the names of the headers in which it wants its keys: endpoint.internalKeyHeader and endpoint.headersFromEnv.',
    next: 'StartWithDeploy',
  },
  EndpointNotFound: {
    meaning: 'HTTP 404, for longer than a start of the API takes.',
    remedy: 'Check the path of endpoint.url in the target file.',
  },
  EndpointRedirected: {
    meaning: 'HTTP 3xx. Redirects are not followed, since the internal key would be sent along.',
    remedy: 'Set endpoint.url in the target file to the final address.',
  },
  EndpointThrottled: {
    meaning:
      'HTTP 429, or 503 with Retry-After: the API asks to be left alone for longer than is waited for here.',
    remedy: 'Wait for as long as the message says, and look for what calls the API so often.',
  },
  EndpointUnhealthy: {
    meaning: 'HTTP 5xx, or another status than endpoint.expectStatus has, until the time was over.',
    remedy:
      'Look at the log of the API, its database and its env. For HTTP 405, look at endpoint.method in the target file; for HTTP 2xx, at endpoint.expectStatus.',
    // It deploys again if the API needs that; a redrive would only ask it again.
    next: 'Start',
  },
  EndpointUnreachable: {
    meaning: 'No connection to the API.',
    remedy:
      'See with `recover doctor` what is blocked on the way to the API, and open it. If nothing is, make sure that the API listens.',
    next: 'Start',
  },
  EndpointNameNotResolved: {
    meaning: 'The VPC does not know the name in `endpoint.url`.',
    remedy: 'Check the name in endpoint.url in the target file, and the DNS of the VPC.',
  },
  EndpointTlsFailed: {
    meaning: 'The TLS handshake with the API failed.',
    remedy:
      'Check the certificate of the API: its name, who signed it, and whether it has expired. If a CA of your own signed it, name the file with the certificate of that CA as endpoint.caFile in the target file.',
  },
  EndpointTooSlow: {
    meaning: 'The API took the connection, but did not give its whole answer in time.',
    remedy:
      'Look at the load of the API and of its database, or raise endpoint.requestTimeoutSeconds in the target file.',
  },
  EndpointTooLarge: {
    meaning: 'The answer is longer than 64 KB, which no count is.',
    remedy: 'Check endpoint.url in the target file.',
  },
  BacklogNotNumeric: {
    meaning:
      'The API answered with the expected status, or the metric function answered, but without a number ≥ 0.',
    remedy:
      'Check endpoint.backlogPath and metricFunction.answerPath in the target file, and the log of the metric function.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type EndpointFault = keyof typeof endpointErrors;

export const endpointFaults: readonly EndpointFault[] = Object.keys(endpointErrors).filter(
  (name): name is EndpointFault => Object.hasOwn(endpointErrors, name),
);

/**
 * What an HTTP status says of the endpoint.
 *
 * @param expected those of an API that is healthy.
 * @param asksToWait whether the answer has a Retry-After.
 */
export function faultOfStatus(
  status: number,
  expected: readonly number[],
  asksToWait = false,
): EndpointFault | undefined {
  if (expected.includes(status)) return undefined;
  if (status === 429 || (status === 503 && asksToWait)) return 'EndpointThrottled';
  // Django answers a Host that is not in ALLOWED_HOSTS so before any view runs. Only the text would tell it from others.
  if (status === 400) return 'HostRejected';
  if (status === 401 || status === 403) return 'InternalKeyRejected';
  if (status === 404) return 'EndpointNotFound';
  if (status >= 300 && status < 400) return 'EndpointRedirected';
  return 'EndpointUnhealthy';
}

/** What waiting can cure. Everything else is final: the same request would get the same answer. */
export const passingFaults: ReadonlySet<EndpointFault> = new Set([
  'EndpointThrottled',
  'EndpointUnhealthy',
  'EndpointUnreachable',
  'EndpointNotFound',
  'EndpointNameNotResolved',
  'EndpointTooSlow',
]);

/**
 * The request fails before it reaches the API, so a deploy changes nothing. If the key is missing from an env that was
 * found complete, that env was wiped since: the last look before the deploy says so.
 */
export const notCuredByDeploy: ReadonlySet<EndpointFault> = new Set([
  'EndpointNameNotResolved',
  'EndpointTlsFailed',
  'EndpointRedirected',
  'EndpointThrottled',
  'InternalKeyUnusable',
]);
