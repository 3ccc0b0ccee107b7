/**
 * The loopback endpoint: an HTTP server that speaks the AWS protocols that the SDKs and the `aws` CLI use for the
 * operations of the services here. Point any of them at it with AWS_ENDPOINT_URL.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Server as TcpServer } from 'node:net';
import * as v from 'valibot';
import { callerArnOf, regionOf, userArn } from './callers.ts';
import { readRequest } from './protocols.ts';

/** An error as a service answers it; `name` is the code that SDKs show. */
export class AwsError extends Error {
  override readonly name: string;
  readonly status: number;
  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/**
 * Answers one operation. Dates in the output are written as the protocol requires.
 *
 * @param callerArn of whoever signed the request; of the sandbox's user by default.
 */
export type Operation = (input: unknown, callerArn?: string) => unknown;

/** A request as it came in, and an answer as it goes out. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
export interface RawAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

interface NamedService {
  /**
   * As requests name it in `X-Amz-Target` or in their path, e.g. `AmazonSSM`; for Lambda and the services
   * of the Query protocol the name that is given to them there.
   */
  readonly targetPrefix: string;
}

/** A service that is imitated operation by operation, or one with a server of its own that answers itself. */
export type Service = NamedService &
  (
    | { readonly operations: Readonly<Record<string, Operation>> }
    | { readonly forward: (request: RawRequest) => Promise<RawAnswer> }
  );

/**
 * Makes an operation from a function that takes the parsed input.
 *
 * @param invalidInput how the service names the error of an input that doesn't parse.
 */
export function operation<Schema extends v.GenericSchema>(
  schema: Schema,
  run: (input: v.InferOutput<Schema>, callerArn: string) => unknown,
  invalidInput = 'ValidationException',
): Operation {
  return (input, callerArn = userArn) => {
    const parsed = v.safeParse(schema, input);
    if (parsed.success) return run(parsed.output, callerArn);
    const [issue] = parsed.issues;
    throw new AwsError(invalidInput, `${v.getDotPath(issue) ?? 'input'}: expected ${issue.expected}`);
  };
}

export interface Call {
  /** For which the request was signed. */
  readonly region: string;
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
}

/** An answer that no service gives, such as a proxy's page: instead of the call, or after it was carried out. */
export interface StrangeAnswer {
  readonly status: number;
  readonly body: string;
  readonly isCarriedOut: boolean;
}

/**
 * What a test can do to a call: an error, a dropped connection before or after it is carried out, no answer at all, or
 * nothing.
 */
export type Fault = AwsError | StrangeAnswer | 'drop-before' | 'drop-after' | 'hang' | undefined;

export interface Endpoint {
  readonly url: string;
  /** Every call, in order of arrival. */
  readonly calls: readonly Call[];
  /** Called for each call; for tests. */
  injectFault: (call: Call) => Fault;
  /** Answers what is no call of AWS: the paths below `ownPath`. Without it, nobody does. */
  answerOwn: ((request: RawRequest) => Promise<RawAnswer>) | undefined;
  close(): Promise<void>;
}

/** Where the sandbox itself answers: no service of AWS has such a path. */
export const ownPath = '/_sandbox';

/**
 * @param elsewhere the services of other regions, which have resources of their own; a request for any other region is
 *   answered by `services`.
 */
export async function openEndpoint(
  services: readonly Service[],
  elsewhere: Readonly<Record<string, readonly Service[]>> = {},
): Promise<Endpoint> {
  const calls: Call[] = [];
  const endpoint: Pick<Endpoint, 'injectFault' | 'answerOwn'> = {
    injectFault: () => undefined,
    answerOwn: undefined,
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const raw: RawRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '/',
      headers: incoming.headers,
      body: Buffer.concat(chunks),
    };
    if (endpoint.answerOwn && raw.path.startsWith(ownPath)) {
      const { status, headers, body } = await endpoint.answerOwn(raw);
      return response.writeHead(status, headers).end(body);
    }
    const request = readRequest(raw);
    const { service, operation, input } = request;
    const call: Call = { region: regionOf(raw.headers), service, operation, input };
    calls.push(call);
    const fault = endpoint.injectFault(call);
    if (fault === 'drop-before') return response.destroy();
    if (fault === 'hang') return;
    try {
      if (fault instanceof AwsError) throw fault;
      const isStrange = typeof fault === 'object';
      if (isStrange && !fault.isCarriedOut) return response.writeHead(fault.status).end(fault.body);
      const reply = await carryOut(serviceOf(call), request, raw);
      if (isStrange) return response.writeHead(fault.status).end(fault.body);
      return fault === 'drop-after' ? response.destroy() : reply(response);
    } catch (error) {
      if (error instanceof AwsError) return request.replyError(response, error);
      console.error(error);
      return request.replyError(response, new AwsError('InternalServerError', 'the sandbox failed', 500));
    }
  };

  const serviceOf = ({ region, service }: Call) =>
    (elsewhere[region] ?? services).find(({ targetPrefix }) => targetPrefix === service);

  const url = await listen(server);
  return Object.assign(endpoint, { url, calls, close: () => close(server) });
}

/** Does what a request asks for, and says how to answer it. */
async function carryOut(
  service: Service | undefined,
  request: ReturnType<typeof readRequest>,
  raw: RawRequest,
): Promise<(response: ServerResponse) => void> {
  if (service && 'forward' in service) {
    const { status, headers, body } = await service.forward(raw);
    return (response) => response.writeHead(status, headers).end(body);
  }
  const run = service?.operations[request.operation];
  if (!run) {
    throw new AwsError(
      'UnknownOperationException',
      `the sandbox has no operation ${request.operation} of ${request.service}`,
    );
  }
  const output = await run(request.input, callerArnOf(raw.headers));
  return (response) => request.reply(response, output);
}

/** Lets a server listen on loopback, and returns its address. */
export async function listen(server: TcpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return urlOf(server);
}

/** The address of a server that listens on loopback. */
export function urlOf(server: TcpServer): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server is not listening');
  return `http://127.0.0.1:${address.port}`;
}

export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
