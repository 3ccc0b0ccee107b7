/**
 * The loopback endpoint: an HTTP server that speaks the AWS protocols the SDKs and the `aws` CLI use for the
 * operations the services here have. Point any of them at it with AWS_ENDPOINT_URL.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { cbor, dateToTag } from '@smithy/core/cbor';
import * as v from 'valibot';

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

/** Answers one operation. Dates in the output are written as the protocol wants them. */
export type Operation = (input: unknown) => unknown;

export interface Service {
  /** As it stands in `X-Amz-Target`, e.g. `AmazonSSM`; for Lambda, which is REST, any name. */
  readonly targetPrefix: string;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** Makes an operation of a function, with the input parsed. What doesn't parse is a ValidationException. */
export function operation<Schema extends v.GenericSchema>(
  schema: Schema,
  run: (input: v.InferOutput<Schema>) => unknown,
): Operation {
  return (input) => {
    const parsed = v.safeParse(schema, input);
    if (parsed.success) return run(parsed.output);
    const [issue] = parsed.issues;
    throw new AwsError(
      'ValidationException',
      `${v.getDotPath(issue) ?? 'input'}: expected ${issue.expected}`,
    );
  };
}

export interface Call {
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
}

/** What a test can make of a call: an error, a dropped connection before or after it is carried out, or nothing. */
export type Fault = AwsError | 'drop-before' | 'drop-after' | undefined;

export interface Endpoint {
  readonly url: string;
  /** Every call, in order of arrival. */
  readonly calls: readonly Call[];
  /** Called for each call; for tests. */
  injectFault: (call: Call) => Fault;
  close(): Promise<void>;
}

const lambdaPath = /^\/2015-03-31\/functions\/([^/]+)\/(configuration|invocations)$/;
const cborPath = /^\/service\/([^/]+)\/operation\/([^/]+)$/;

interface Request {
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
  readonly reply: (response: ServerResponse, output: unknown) => void;
  readonly replyError: (response: ServerResponse, error: AwsError) => void;
}

export async function openEndpoint(services: readonly Service[]): Promise<Endpoint> {
  const byPrefix = new Map(services.map((service) => [service.targetPrefix, service]));
  const calls: Call[] = [];
  const endpoint = { injectFault: (_call: Call): Fault => undefined };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const request = readRequest(incoming, Buffer.concat(chunks));
    const call: Call = { service: request.service, operation: request.operation, input: request.input };
    calls.push(call);
    const fault = endpoint.injectFault(call);
    if (fault === 'drop-before') return response.destroy();
    try {
      if (fault instanceof AwsError) throw fault;
      const run = byPrefix.get(request.service)?.operations[request.operation];
      if (!run) {
        throw new AwsError(
          'UnknownOperationException',
          `the sandbox has no operation ${request.operation} of ${request.service}`,
        );
      }
      const output = await run(request.input);
      if (fault === 'drop-after') return response.destroy();
      return request.reply(response, output);
    } catch (error) {
      if (error instanceof AwsError) return request.replyError(response, error);
      console.error(error);
      return request.replyError(response, new AwsError('InternalServerError', 'the sandbox failed', 500));
    }
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(endpoint, { url: urlOf(server), calls, close: () => close(server) });
}

/** The address of a server that listens on loopback. */
export function urlOf(server: Server): string {
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

function readRequest(incoming: IncomingMessage, body: Buffer): Request {
  const path = new URL(incoming.url ?? '/', 'http://localhost').pathname;
  const lambda = lambdaPath.exec(path);
  if (lambda)
    return readLambdaRequest(incoming.method ?? '', decodeURIComponent(lambda[1] ?? ''), lambda[2], body);
  const rpc = cborPath.exec(path);
  if (rpc) {
    return {
      service: rpc[1] ?? '',
      operation: rpc[2] ?? '',
      input: body.length > 0 ? cbor.deserialize(body) : {},
      reply: (response, output) => sendCbor(response, 200, output ?? {}),
      replyError: (response, error) =>
        sendCbor(response, error.status, { __type: error.name, message: error.message }),
    };
  }
  const [service = '', name = ''] = String(incoming.headers['x-amz-target'] ?? '').split('.');
  return {
    service: service || `${incoming.method} ${path}`,
    operation: name || '(no X-Amz-Target)',
    input: parseJson(body),
    reply: (response, output) => sendJson(response, 200, output ?? {}),
    replyError: (response, error) =>
      sendJson(response, error.status, { __type: error.name, message: error.message }),
  };
}

function readLambdaRequest(method: string, name: string, what: string | undefined, body: Buffer): Request {
  // The CLI and the SDKs send a name, a partial or a whole ARN here.
  const FunctionName = name.split(':').at(-1) ?? name;
  const operations: Record<string, string> = {
    'GET configuration': 'GetFunctionConfiguration',
    'PUT configuration': 'UpdateFunctionConfiguration',
    'POST invocations': 'Invoke',
  };
  const operationName = operations[`${method} ${what}`] ?? `${method} ${what}`;
  const parsed = parseJson(body);
  return {
    service: 'Lambda',
    operation: operationName,
    input:
      operationName === 'Invoke'
        ? { FunctionName, Payload: parsed }
        : { ...(typeof parsed === 'object' ? parsed : {}), FunctionName },
    reply: (response, output) => {
      const invocation = v.safeParse(
        v.object({ Payload: v.string(), FunctionError: v.optional(v.string()) }),
        output,
      );
      if (operationName !== 'Invoke' || !invocation.success) return sendJson(response, 200, output);
      const { Payload, FunctionError } = invocation.output;
      if (FunctionError !== undefined) response.setHeader('x-amz-function-error', FunctionError);
      response.end(Payload);
    },
    replyError: (response, error) => {
      response.setHeader('x-amzn-errortype', error.name);
      sendJson(response, error.status, { Type: 'User', Message: error.message, message: error.message });
    },
  };
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The JSON protocols write a time as seconds since the epoch. */
function sendJson(response: ServerResponse, status: number, output: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/x-amz-json-1.1');
  response.end(JSON.stringify(convertDates(output, (date) => date.getTime() / 1000)));
}

function sendCbor(response: ServerResponse, status: number, output: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/cbor');
  response.setHeader('smithy-protocol', 'rpc-v2-cbor');
  response.end(Buffer.from(cbor.serialize(convertDates(output, dateToTag))));
}

function convertDates(value: unknown, convert: (date: Date) => unknown): unknown {
  if (value instanceof Date) return convert(value);
  if (Array.isArray(value)) return value.map((item) => convertDates(item, convert));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, convertDates(item, convert)]),
  );
}
