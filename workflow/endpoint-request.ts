/** The request to the endpoint, which the workflow and the metric function make alike. */
import { canBeHeader } from './http-header.ts';
import type { Endpoint } from './target/endpoint.ts';

/** All that is asked of an API, once. */
export type EndpointRequest = Pick<
  Endpoint,
  'url' | 'host' | 'method' | 'expectStatus' | 'backlogPath' | 'requestTimeoutSeconds' | 'caCertificates'
> & {
  /** Besides Host. Secret values are among them. */
  readonly headers: Readonly<Record<string, string>>;
};

/** Why the headers can't be made: the key is named, and its value never. */
export interface HeaderFault {
  readonly fault: 'InternalKeyMissing' | 'InternalKeyUnusable';
  readonly detail: string;
}

export type HeaderKeyState = 'Usable' | 'Missing' | 'Unusable';

type Headers = Pick<Endpoint, 'headers' | 'headersFromEnv' | 'internalKey' | 'internalKeyHeader'>;

/** Where the value of a header comes from: a key of the env, and what stands before it, such as `Bearer `. */
interface SecretHeader {
  readonly name: string;
  readonly scheme: string;
  readonly key: string;
}

export function secretHeadersOf({ headersFromEnv, internalKey, internalKeyHeader }: Headers): SecretHeader[] {
  const ofKey = internalKey === undefined ? {} : { [internalKeyHeader]: internalKey };
  return Object.entries({ ...ofKey, ...headersFromEnv }).map(([name, source]) => {
    const at = source.lastIndexOf(' ') + 1;
    return { name, scheme: source.slice(0, at), key: source.slice(at) };
  });
}

/** The keys of the env whose values are sent, each once. */
export const headerKeysOf = (endpoint: Headers): string[] => [
  ...new Set(secretHeadersOf(endpoint).map(({ key }) => key)),
];

export const stateOfHeaderKey = (value: string | undefined): HeaderKeyState =>
  value === undefined ? 'Missing' : canBeHeader(value) ? 'Usable' : 'Unusable';

/**
 * The headers of the request.
 *
 * @param read the value of a key of the env; `undefined` if there is none.
 * @param source who should have it, for the message.
 */
export function headersFrom(
  endpoint: Headers,
  read: (key: string) => string | undefined,
  source: string,
): { readonly headers: EndpointRequest['headers'] } | HeaderFault {
  const headers: Record<string, string> = { ...endpoint.headers };
  for (const { name, scheme, key } of secretHeadersOf(endpoint)) {
    const value = read(key);
    if (value === undefined)
      return { fault: 'InternalKeyMissing', detail: `${source} has no value for ${key}` };
    if (!canBeHeader(value)) {
      const detail = `the value of ${key} holds a character that no header can carry`;
      return { fault: 'InternalKeyUnusable', detail };
    }
    headers[name] = scheme + value;
  }
  return { headers };
}
