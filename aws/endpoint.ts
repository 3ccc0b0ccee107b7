import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { canBeHeader, type EndpointFault, faultOfStatus } from '../workflow/endpoint-fault.ts';
import { numberAt } from '../workflow/number-at.ts';
import { safeCause } from '../workflow/recovery-error.ts';

export interface EndpointRequest {
  readonly url: string;
  /** The Host header; the URL's own host if undefined. */
  readonly host: string | undefined;
  /** Sent as `X-Internal-Key`. A secret. */
  readonly internalKey: string;
  /** Where the number is in the JSON answer, as keys joined by dots. */
  readonly backlogPath: string;
  /** For name look-up, connection, headers and body together. */
  readonly timeoutSeconds: number;
}

export type EndpointAnswer =
  | { readonly fault: undefined; readonly httpStatus: 200; readonly backlog: number }
  | {
      readonly fault: EndpointFault;
      readonly httpStatus: number | null;
      readonly detail: string;
      /** For how long the API asks to be left alone. */
      readonly retryAfterSeconds?: number | undefined;
    };

/** A count is a few bytes; a longer answer is not one. */
const maxBodyBytes = 64 * 1024;

/**
 * Asks the internal endpoint for its backlog, once. Never throws: a fault is an answer too.
 * Redirects are not followed, since the key would be sent along.
 */
export async function askEndpoint(request: EndpointRequest): Promise<EndpointAnswer> {
  if (!canBeHeader(request.internalKey)) {
    const detail = 'the internal key holds a character that no header can carry';
    return { fault: 'InternalKeyUnusable', httpStatus: null, detail };
  }
  const received = await receive(request);
  if ('fault' in received) return { ...received, httpStatus: null };
  const { httpStatus, body, retryAfterSeconds } = received;
  const fault = faultOfStatus(httpStatus, retryAfterSeconds !== undefined);
  if (fault) {
    const wish = retryAfterSeconds === undefined ? '' : `, Retry-After ${retryAfterSeconds} s`;
    return { fault, httpStatus, detail: `HTTP ${httpStatus}${wish}`, retryAfterSeconds };
  }
  const backlog = numberAt(body, request.backlogPath);
  if (backlog === undefined) {
    return {
      fault: 'BacklogNotNumeric',
      httpStatus,
      detail: `HTTP ${httpStatus}, but no number ≥ 0 at "${request.backlogPath}"`,
    };
  }
  return { fault: undefined, httpStatus: 200, backlog };
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function secondsOf(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  const seconds = /^\d+$/.test(retryAfter)
    ? Number(retryAfter)
    : Math.ceil((Date.parse(retryAfter) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

type Received =
  | {
      readonly httpStatus: number;
      readonly body: string;
      readonly retryAfterSeconds: number | undefined;
    }
  | { readonly fault: EndpointFault; readonly detail: string };

function receive({ url, host, internalKey, timeoutSeconds }: EndpointRequest): Promise<Received> {
  return new Promise((resolve) => {
    const target = new URL(url);
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    let connected = false;
    let outgoing: ClientRequest;
    try {
      outgoing = send(target, {
        agent: false,
        headers: {
          Accept: 'application/json',
          'X-Internal-Key': internalKey,
          ...(host === undefined ? {} : { Host: host }),
        },
      });
    } catch (error) {
      // A protocol other than HTTP, or a Host with a character that no header can carry.
      return resolve(faultOfNetwork(error));
    }
    const end = (received: Received) => {
      clearTimeout(deadline);
      resolve(received);
      outgoing.destroy();
    };
    const deadline = setTimeout(
      () =>
        end({
          fault: connected ? 'EndpointTooSlow' : 'EndpointUnreachable',
          detail: `${connected ? 'no whole answer' : 'no connection'} within ${timeoutSeconds} s`,
        }),
      timeoutSeconds * 1000,
    );
    outgoing.on('socket', (socket) => {
      socket.once('connect', () => {
        connected = true;
      });
    });
    outgoing.on('error', (error) => end(faultOfNetwork(error)));
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        sizeBytes += chunk.length;
        if (sizeBytes > maxBodyBytes)
          end({ fault: 'EndpointTooLarge', detail: `an answer of more than ${maxBodyBytes} bytes` });
      });
      response.on('error', (error) => end(faultOfNetwork(error)));
      response.on('end', () =>
        end({
          httpStatus: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString('utf8'),
          retryAfterSeconds: secondsOf(response.headers['retry-after']),
        }),
      );
    });
    outgoing.end();
  });
}

function faultOfNetwork(error: unknown): { fault: EndpointFault; detail: string } {
  const { name, code = name } = safeCause(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { fault: 'EndpointNameNotResolved', detail: code };
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_MISMATCH)/.test(
    code,
  );
  return { fault: isTls ? 'EndpointTlsFailed' : 'EndpointUnreachable', detail: code };
}
