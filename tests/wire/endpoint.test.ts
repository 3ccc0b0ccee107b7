import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, Socket } from 'node:net';
import { askEndpoint } from '../../aws/endpoint.ts';
import { close, listen } from '../../sandbox/endpoint.ts';
import type { EndpointRequest } from '../../workflow/endpoint-request.ts';
import { numberAt } from '../../workflow/number-at.ts';
import { certificateAuthority } from '../support/certificates.ts';
import { stopTimers } from '../support/timers.ts';

let server: Server | undefined;

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  return listen(server);
}

afterEach(async () => {
  if (server) await close(server);
  server = undefined;
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const limitSeconds = 60;

const ask = (url: string, part: Partial<EndpointRequest> = {}) =>
  askEndpoint({
    url,
    method: 'GET',
    headers: { 'X-Internal-Key': 'key' },
    expectStatus: [200],
    backlogPath: 'backlog',
    requestTimeoutSeconds: limitSeconds,
    ...part,
  });
const answering = (status: number, body: string) =>
  serve((_request, response) => {
    response.writeHead(status, { location: 'http://127.0.0.1:1/' });
    response.end(body);
  });

describe('askEndpoint', () => {
  it('sends the key and the Host it is given, and takes the number', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers['x-internal-key'], request.headers.host, request.url);
      response.end('{"backlog": 7}');
    });
    expect(await ask(`${url}/count/`, { host: 'api.example.com' })).toEqual({
      fault: undefined,
      httpStatus: 200,
      backlog: 7,
    });
    expect(seen).toEqual(['key', 'api.example.com', '/count/']);
  });

  it.each([
    [200, 'OK', { fault: undefined, httpStatus: 200, backlog: null }],
    [200, '', { fault: undefined, httpStatus: 200, backlog: null }],
    [500, '{"backlog": 7}', { fault: 'EndpointUnhealthy' }],
    [401, '', { fault: 'InternalKeyRejected' }],
  ])('goes by the status alone where no number is asked for: HTTP %d with %j', async (status, body, told) => {
    expect(await ask(await answering(status, body), { backlogPath: undefined })).toMatchObject(told);
  });

  it.each([
    [400, 'HostRejected'],
    [401, 'InternalKeyRejected'],
    [403, 'InternalKeyRejected'],
    [404, 'EndpointNotFound'],
    [301, 'EndpointRedirected'],
    [307, 'EndpointRedirected'],
    [500, 'EndpointUnhealthy'],
    [502, 'EndpointUnhealthy'],
    [503, 'EndpointUnhealthy'],
    [429, 'EndpointThrottled'],
    [204, 'EndpointUnhealthy'],
  ])('calls HTTP %d %s', async (status, fault) => {
    expect(await ask(await answering(status, ''))).toMatchObject({ fault, httpStatus: status });
  });

  it.each([
    '',
    'OK',
    '{}',
    '{"backlog":null}',
    '{"backlog":"7"}',
    '{"backlog":-1}',
    '{"backlog":NaN}',
    '[7]',
    '7',
  ])('finds no number in %j', async (body) => {
    expect(await ask(await answering(200, body))).toMatchObject({
      fault: 'BacklogNotNumeric',
      httpStatus: 200,
    });
  });

  it('gives up on a body that never ends', async () => {
    const pass = stopTimers();
    const url = await serve((_request, response) => {
      response.write('{"backlog":');
      pass(limitSeconds);
    });
    expect(await ask(url)).toMatchObject({ fault: 'EndpointTooSlow' });
  });

  it('gives up on a body that drips', async () => {
    const pass = stopTimers();
    const url = await serve((_request, response) => {
      let drops = 0;
      const drip = () => {
        pass(limitSeconds / 10);
        drops += 1;
        if (drops < 10) response.write(' ', () => setImmediate(drip));
      };
      drip();
    });
    expect(await ask(url)).toMatchObject({ fault: 'EndpointTooSlow' });
  });

  it('does not take in a body of 100 MB', async () => {
    let sentBytes = 0;
    const url = await serve((_request, response) => {
      const send = () => {
        while (sentBytes < 100e6 && !response.destroyed) {
          sentBytes += 65536;
          if (!response.write(Buffer.alloc(65536, ' '))) return response.once('drain', send);
        }
        return response.end();
      };
      send();
    });
    expect(await ask(url)).toMatchObject({ fault: 'EndpointTooLarge' });
    expect(sentBytes).toBeLessThan(50e6);
  });

  it('tells a closed port, an unknown name and a failed TLS handshake apart', async () => {
    const url = await answering(200, '{"backlog":7}');
    expect(await ask(url.replace('http:', 'https:'))).toMatchObject({ fault: 'EndpointTlsFailed' });
    if (server) await close(server);
    expect(await ask(url)).toMatchObject({ fault: 'EndpointUnreachable', detail: 'ECONNREFUSED' });
    expect(await ask('http://no-such-name.invalid/')).toMatchObject({ fault: 'EndpointNameNotResolved' });
  });

  it('calls a connection that is cut an unreachable endpoint', async () => {
    const cutting = createTcpServer((socket) => socket.destroy());
    const url = await listen(cutting);
    expect(await ask(`${url}/`)).toMatchObject({ fault: 'EndpointUnreachable' });
    cutting.close();
  });

  it('answers instead of throwing where a header can not be sent, and does not show it', async () => {
    const answer = await ask('http://127.0.0.1:1/', { headers: { 'X-Key': 'two\nlines' } });
    expect(answer).toMatchObject({ fault: 'EndpointUnreachable', detail: 'ERR_INVALID_CHAR' });
    expect(JSON.stringify(answer)).not.toContain('two');
  });

  it.each(['GET', 'POST'] as const)('asks by %s, without a body, and with all headers', async (method) => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      const { accept, 'x-env': env, authorization, 'content-length': length } = request.headers;
      seen.push({ method: request.method, accept, env, authorization, length });
      response.end('{"backlog": 7}');
    });
    const headers = { 'X-Env': 'prod', Authorization: 'Bearer token' };
    expect(await ask(url, { method, headers })).toMatchObject({ backlog: 7 });
    expect(await ask(url, { method, headers: { ...headers, accept: 'text/plain' } })).toMatchObject({
      backlog: 7,
    });
    const sent = { method, env: 'prod', authorization: 'Bearer token' };
    const length = method === 'POST' ? '0' : undefined;
    expect(seen).toEqual([
      { ...sent, accept: 'application/json', length },
      { ...sent, accept: 'text/plain', length },
    ]);
  });

  it('takes the statuses that are expected, and no other one, not even 200', async () => {
    const expectStatus = [202, 203];
    expect(await ask(await answering(203, '{"backlog":7}'), { expectStatus })).toEqual({
      fault: undefined,
      httpStatus: 203,
      backlog: 7,
    });
    if (server) await close(server);
    expect(await ask(await answering(200, '{"backlog":7}'), { expectStatus })).toMatchObject({
      fault: 'EndpointUnhealthy',
      httpStatus: 200,
    });
  });

  it('calls an address that never takes the connection unreachable, and not slow', async () => {
    // Where packets are dropped on the way, nothing at all happens.
    jest.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket) {
      return Object.assign(this, { connecting: true });
    });
    const pass = stopTimers();
    const answer = ask('http://127.0.0.1:1/');
    pass(limitSeconds);
    expect(await answer).toMatchObject({
      fault: 'EndpointUnreachable',
      detail: expect.stringContaining('no connection within'),
    });
  });

  it('takes a name server that does not answer for a name that is not resolved', async () => {
    jest.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket) {
      setImmediate(() => this.destroy(Object.assign(new Error('try again'), { code: 'EAI_AGAIN' })));
      return Object.assign(this, { connecting: true });
    });
    expect(await ask('http://api.internal/')).toMatchObject({ fault: 'EndpointNameNotResolved' });
  });
});

describe('askEndpoint over HTTPS', () => {
  const [authority, other] = [certificateAuthority(), certificateAuthority('Other CA')];
  const { certificate: caCertificates } = authority;

  /** An API with a certificate of `authority`, at 127.0.0.1 or under that name. */
  async function serveHttps(name = 'api.example.com'): Promise<string> {
    server = createHttpsServer(authority.issue(name), (_request, response) => response.end('{"backlog":7}'));
    return (await listen(server)).replace('http:', 'https:');
  }

  it('takes a certificate of the CA in caFile, under the address and under the Host that is sent', async () => {
    const url = await serveHttps();
    expect(await ask(url, { caCertificates })).toMatchObject({ backlog: 7 });
    expect(await ask(url, { caCertificates, host: 'api.example.com' })).toMatchObject({ backlog: 7 });
    expect(await ask(url, { caCertificates: `${other.certificate}${caCertificates}` })).toMatchObject({
      backlog: 7,
    });
  });

  it('refuses one of another CA, and names the field in which that can be named', async () => {
    const url = await serveHttps();
    for (const trusted of [{}, { caCertificates: other.certificate }])
      expect(await ask(url, trusted)).toMatchObject({
        fault: 'EndpointTlsFailed',
        httpStatus: null,
        detail: expect.stringMatching(/^UNABLE_TO_VERIFY_LEAF_SIGNATURE, .*endpoint\.caFile/),
      });
  });

  it('refuses one for another name, which no CA cures', async () => {
    const url = await serveHttps();
    expect(await ask(url, { caCertificates, host: 'other.example.com' })).toMatchObject({
      fault: 'EndpointTlsFailed',
      detail: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });
});

describe('askEndpoint with an address that is none', () => {
  it.each(['ftp://127.0.0.1/', 'api.internal:8000/x'])('answers that %s can not be reached', async (url) => {
    expect(await ask(url)).toMatchObject({ fault: 'EndpointUnreachable', detail: 'ERR_INVALID_PROTOCOL' });
  });
});

describe('numberAt', () => {
  it('goes down a path', () => {
    expect(numberAt('{"data":{"video":{"backlog":0}}}', 'data.video.backlog')).toBe(0);
  });

  it.each([
    ['{"statusCode":200,"body":"{\\"backlog\\":3}"}', 'body.backlog'],
    [JSON.stringify({ body: JSON.stringify({ data: JSON.stringify({ backlog: 3 }) }) }), 'body.data.backlog'],
    // json.dumps in a handler of Python.
    [JSON.stringify(JSON.stringify({ backlog: 3 })), 'backlog'],
  ])('goes down a path into JSON that is in a string: %s', (json, path) => {
    expect(numberAt(json, path)).toBe(3);
  });

  it.each([
    ['{"body":"3"}', 'body'],
    ['{"body":"{\\"backlog\\":\\"3\\"}"}', 'body.backlog'],
    ['{"body":"backlog"}', 'body.backlog'],
    ['{"body":"3"}', 'body.0'],
    ['"abc"', 'length'],
  ])('takes no string for a number, and none for what it is not: %s', (json, path) => {
    expect(numberAt(json, path)).toBeUndefined();
  });

  it.each(['{"a":1e999}', '{"a":1e308}', '{"a":true}', '{"a":[1]}', 'null', '{'])(
    'finds no number in %s',
    (json) => {
      expect(numberAt(json, 'a')).toBeUndefined();
    },
  );
});
