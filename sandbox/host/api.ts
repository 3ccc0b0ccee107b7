/**
 * The API on one of the sandbox's hosts, in place of the target's own. It answers as the target says that its API does:
 * with the number at `backlogPath`, if there is one, if it was started with a complete env, and if the request has a Host that it allows
 * and the right headers.
 */
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { inspectEnv } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { valuesOf } from '../../env/entries.ts';
import { headersFrom } from '../../workflow/endpoint-request.ts';
import type { Target } from '../../workflow/target.ts';

/** What the API works on and connects to; it is the same for all hosts. */
export interface Backend {
  /** How many jobs wait. */
  backlog: number;
  /** By key of the env, the values with which the API gets there, such as the password of the database. */
  readonly values: ReadonlyMap<string, string>;
}

/** The key of the env that lists the Hosts that the API allows; without it, it allows the one that the target sends. */
export const hostsKey = 'ALLOWED_HOSTS';

/** What is asked elsewhere by a metric function of a target without `endpoint.backlogPath`. */
export const backlogHeader = 'x-sandbox-backlog';

/** The Host of requests to the target's endpoint, without a port. */
export const hostOf = ({ endpoint: { url, host } }: Pick<Target, 'endpoint'>): string =>
  (host ?? new URL(url).host).replace(/:\d+$/, '');

export interface Api {
  readonly answer: RequestListener;
  /** Whether it can count. */
  readonly isWell: boolean;
}

/** The API between one start and the next. */
export function createApi(
  text: string,
  target: Pick<Target, 'parameter' | 'endpoint'>,
  backend: Backend,
): Api {
  const { parameter, endpoint } = target;
  const environment = valuesOf(text, parameter.reader);
  const { pathname, search } = new URL(endpoint.url);
  const allowedHosts = (environment.get(hostsKey) ?? hostOf(target)).split(',');
  const wanted = headersFrom(endpoint, (key) => environment.get(key), 'the env');
  const isComplete = inspectEnv(readEnvText(text, parameter.reader), parameter).complete;
  const isConnected = [...backend.values].every(([key, value]) => environment.get(key) === value);
  const isWell = isComplete && isConnected;
  const answer: RequestListener = (request, response) => {
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (!allowedHosts.includes(host)) return reply(400, { detail: 'DisallowedHost' });
    if (request.url !== `${pathname}${search}`) return reply(404, { detail: 'Not found.' });
    if (request.method !== endpoint.method) return reply(405, { detail: 'Method not allowed.' });
    const isAllowed = 'headers' in wanted && hasHeaders(request.headers, wanted.headers);
    if (!isAllowed) return reply(403, { detail: 'Invalid internal key.' });
    if (!isWell) return reply(500, { detail: 'Internal Server Error' });
    // Where the target takes no number from here, its metric function has one from elsewhere.
    response.setHeader(backlogHeader, backend.backlog);
    const { expectStatus, backlogPath } = endpoint;
    return reply(
      expectStatus[0] ?? 200,
      backlogPath === undefined ? { ok: true } : atPath(backlogPath, backend.backlog),
    );
  };
  return { answer, isWell };
}

/** All that the target sends, with the keys that the API knows itself. */
const hasHeaders = (given: IncomingHttpHeaders, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([name, value]) => given[name.toLowerCase()] === value);

/** The JSON that has a value at a path. */
export const atPath = (path: string, value: unknown): unknown =>
  path.split('.').reduceRight((inner, name) => ({ [name]: inner }), value);
