/** The AWS protocols: how each names the operation and its input, and how it answers. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { cbor, dateToTag } from '@smithy/core/cbor';
import * as v from 'valibot';
import { readEc2Request } from './ec2-protocol.ts';
import type { AwsError, RawRequest } from './endpoint.ts';
import { readQueryRequest } from './query-protocol.ts';

/** A request as its protocol is understood. */
export interface Request {
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
  readonly reply: (response: ServerResponse, output: unknown) => void;
  readonly replyError: (response: ServerResponse, error: AwsError) => void;
}

const lambdaPath =
  /^\/2015-03-31\/functions\/([^/]+)\/(configuration|invocations|versions|aliases|policy)(?:\/([^/]+))?$/;
const schedulesPath = /^\/schedules(?:\/([^/]+))?$/;
const cborPath = /^\/service\/([^/]+)\/operation\/([^/]+)$/;

export function readRequest(raw: RawRequest): Request {
  const { pathname: path, searchParams } = new URL(raw.path, 'http://localhost');
  const lambda = lambdaPath.exec(path);
  if (lambda) {
    const [name = '', what = '', alias] = lambda.slice(1).map((part) => part && decodeURIComponent(part));
    return readLambdaRequest(raw, { name, what, alias, qualifier: searchParams.get('Qualifier') });
  }
  if (path === '/2015-03-31/functions/' || path === '/2015-03-31/functions')
    return readLambdaRequest(raw, { name: '', what: 'functions', alias: undefined, qualifier: null });
  const schedules = schedulesPath.exec(path);
  if (schedules)
    return readSchedulerRequest(raw, schedules[1] && decodeURIComponent(schedules[1]), searchParams);
  const rpc = cborPath.exec(path);
  if (rpc) return readCborRequest(raw.body, rpc[1] ?? '', rpc[2] ?? '');
  if (/^application\/x-www-form-urlencoded\b/.test(raw.headers['content-type'] ?? ''))
    return readEc2Request(raw.body) ?? readQueryRequest(raw.body);
  return readJsonRequest(raw, path);
}

function readJsonRequest({ method, headers, body }: RawRequest, path: string): Request {
  const [service = '', operation = ''] = String(headers['x-amz-target'] ?? '').split('.');
  const contentType = jsonType(headers);
  return {
    service: service || `${method} ${path}`,
    operation: operation || '(no X-Amz-Target)',
    input: parseJson(body),
    reply: (response, output) => sendJson(response, 200, output ?? {}, contentType),
    replyError: (response, error) =>
      sendJson(response, error.status, { __type: error.name, message: error.message }, contentType),
  };
}

/** JSON 1.0 is answered in JSON 1.0. */
function jsonType(headers: IncomingHttpHeaders): string {
  const given = headers['content-type'] ?? '';
  return given.startsWith('application/x-amz-json-') ? given : 'application/x-amz-json-1.1';
}

function readCborRequest(body: Buffer, service: string, operation: string): Request {
  return {
    service,
    operation,
    input: body.length > 0 ? cbor.deserialize(body) : {},
    reply: (response, output) => sendCbor(response, 200, output ?? {}),
    replyError: (response, error) =>
      sendCbor(response, error.status, { __type: error.name, message: error.message }),
  };
}

interface LambdaPath {
  readonly name: string;
  readonly what: string;
  readonly alias: string | undefined;
  readonly qualifier: string | null;
}

const lambdaOperations: Readonly<Record<string, string>> = {
  'GET functions': 'ListFunctions',
  'GET configuration': 'GetFunctionConfiguration',
  'PUT configuration': 'UpdateFunctionConfiguration',
  'POST invocations': 'Invoke',
  'POST versions': 'PublishVersion',
  'GET aliases': 'ListAliases',
  'POST aliases': 'CreateAlias',
  'GET aliases/name': 'GetAlias',
  'PUT aliases/name': 'UpdateAlias',
  'DELETE aliases/name': 'DeleteAlias',
  'POST policy': 'AddPermission',
  'DELETE policy/name': 'RemovePermission',
};

function readLambdaRequest({ method, headers, body }: RawRequest, path: LambdaPath): Request {
  const { name, what, alias, qualifier } = path;
  // The CLI and the SDKs send a name, a partial ARN or a whole ARN here, with a qualifier or without.
  const bare = name.replace(/^(arn:.*:|\d{12}:)function:/, '');
  const FunctionName = qualifier === null || bare.includes(':') ? bare : `${bare}:${qualifier}`;
  const called = `${method} ${what}${alias === undefined ? '' : '/name'}`;
  const operation = lambdaOperations[called] ?? called;
  const parsed = parseJson(body);
  const InvocationType = headers['x-amz-invocation-type'];
  return {
    service: 'Lambda',
    operation,
    input:
      operation === 'Invoke'
        ? { FunctionName, ...(InvocationType === undefined ? {} : { InvocationType }), Payload: parsed }
        : {
            ...(typeof parsed === 'object' ? parsed : {}),
            FunctionName,
            ...(alias === undefined ? {} : { Name: alias }),
          },
    reply: (response, output) => {
      const invocation = v.safeParse(Invocation, output);
      if (operation !== 'Invoke' || !invocation.success) return sendJson(response, 200, output);
      const { StatusCode, Payload, FunctionError, ExecutedVersion } = invocation.output;
      response.statusCode = StatusCode;
      if (ExecutedVersion !== undefined) response.setHeader('x-amz-executed-version', ExecutedVersion);
      if (FunctionError !== undefined) response.setHeader('x-amz-function-error', FunctionError);
      response.end(Payload);
    },
    replyError: (response, error) => {
      response.setHeader('x-amzn-errortype', error.name);
      sendJson(response, error.status, { Type: 'User', Message: error.message, message: error.message });
    },
  };
}

/** EventBridge Scheduler names the schedule in the path, and what is wanted in the query. */
function readSchedulerRequest(
  { method, body }: RawRequest,
  name: string | undefined,
  query: URLSearchParams,
): Request {
  const operations: Readonly<Record<string, string>> = { GET: 'GetSchedule', PUT: 'UpdateSchedule' };
  const operation = name === undefined ? 'ListSchedules' : operations[method];
  const parsed = parseJson(body);
  return {
    service: 'Scheduler',
    operation: operation ?? `${method} schedule`,
    input: {
      ...(typeof parsed === 'object' ? parsed : {}),
      ...Object.fromEntries(query),
      ...(name === undefined ? {} : { Name: name }),
    },
    reply: (response, output) => sendJson(response, 200, output, 'application/json'),
    replyError: (response, error) => {
      response.setHeader('x-amzn-errortype', error.name);
      sendJson(response, error.status, { Message: error.message }, 'application/json');
    },
  };
}

const Invocation = v.object({
  StatusCode: v.optional(v.number(), 200),
  Payload: v.string(),
  FunctionError: v.optional(v.string()),
  ExecutedVersion: v.optional(v.string()),
});

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The JSON protocols write a time as seconds since the epoch. */
function sendJson(
  response: ServerResponse,
  status: number,
  output: unknown,
  contentType = 'application/x-amz-json-1.1',
): void {
  response.statusCode = status;
  response.setHeader('content-type', contentType);
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
