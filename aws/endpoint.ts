import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { type EndpointFault, faultOfStatus } from '../workflow/endpoint-fault.ts';
import type { EndpointRequest } from '../workflow/endpoint-request.ts';
import { numberAt } from '../workflow/number-at.ts';
import { safeCause } from '../workflow/recovery-error.ts';

export type EndpointAnswer =
  | {
      readonly fault: undefined;
      readonly httpStatus: number;
      /** `null` if none was asked for. */
      readonly backlog: number | null;
    }
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
/**
 * Asks the internal endpoint, once, and for its backlog if it counts one. Never throws: a fault is an answer too.
 * Redirects are not followed, since the key would be sent along. No header is in any answer.
 */
export async function askEndpoint(request: EndpointRequest): Promise<EndpointAnswer> {
  const received = await receive(request);
  if ('fault' in received) return { ...received, httpStatus: null };
  const { httpStatus, body, retryAfterSeconds } = received;
  const fault = faultOfStatus(httpStatus, request.expectStatus, retryAfterSeconds !== undefined);
  if (fault) {
    const wish = retryAfterSeconds === undefined ? '' : `, Retry-After ${retryAfterSeconds} s`;
    return { fault, httpStatus, detail: `HTTP ${httpStatus}${wish}`, retryAfterSeconds };
  }
  if (request.backlogPath === undefined) return { fault: undefined, httpStatus, backlog: null };
  const backlog = numberAt(body, request.backlogPath);
  if (backlog === undefined) {
    return {
      fault: 'BacklogNotNumeric',
      httpStatus,
      detail: `HTTP ${httpStatus}, but no number ≥ 0 at "${request.backlogPath}"`,
    };
  }
  return { fault: undefined, httpStatus, backlog };
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

function receive(request: EndpointRequest): Promise<Received> {
  // For name look-up, connection, headers and body together.
  const { url, requestTimeoutSeconds: timeoutSeconds } = request;
  return new Promise((resolve) => {
    const target = new URL(url);
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    let connected = false;
    let outgoing: ClientRequest;
    try {
      outgoing = send(target, optionsOf(request));
    } catch (error) {
      // A protocol other than HTTP, or a header with a character that none can carry.
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

/** Of headers with the same name, in capitals or not, the last one is sent. */
function optionsOf({ method, headers, host, caCertificates }: EndpointRequest): RequestOptions {
  return {
    agent: false,
    method,
    headers: { Accept: 'application/json', ...headers, ...(host === undefined ? {} : { Host: host }) },
    // In place of the CAs that Node trusts, and not besides them.
    ...(caCertificates === undefined ? {} : { ca: caCertificates }),
  };
}

/** OpenSSL's words for a certificate of a CA that nobody here knows: X509_verify_cert_error_string(3). */
const isOfUnknownCa =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_UNTRUSTED)$/;

function faultOfNetwork(error: unknown): { fault: EndpointFault; detail: string } {
  const { name, code = name } = safeCause(error);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { fault: 'EndpointNameNotResolved', detail: code };
  if (isOfUnknownCa.test(code)) {
    const detail = `${code}, so its certificate is of no CA that is trusted here (see endpoint.caFile)`;
    return { fault: 'EndpointTlsFailed', detail };
  }
  const isTls = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|INVALID_CA|INVALID_PURPOSE|EPROTO|HOSTNAME_MISMATCH)/.test(
    code,
  );
  return { fault: isTls ? 'EndpointTlsFailed' : 'EndpointUnreachable', detail: code };
}
