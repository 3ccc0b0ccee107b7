/** What the doctor sees of the endpoint from outside of its VPC. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { lookAtEndpoint, resolveHost } from '../../aws/endpoint-look.ts';
import { close, listen } from '../../sandbox/endpoint.ts';
import type { Target } from '../../workflow/target.ts';
import { appTarget } from '../support/app-target.ts';

type Endpoint = Target['endpoint'];
interface Asked {
  readonly body: string;
  readonly isPrivate: boolean;
}

/** Asks a server that answers with that status. */
async function answer(
  status: number,
  { body = '{"backlog":7}', isPrivate = true, ...part }: Partial<Endpoint & Asked> = {},
) {
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    response.writeHead(status).end(body);
  });
  const url = await listen(server);
  try {
    const { endpoint } = appTarget({ endpoint: { url: `${url}/count/`, host: 'api.example.com', ...part } });
    return { found: await lookAtEndpoint(endpoint, isPrivate), headers };
  } finally {
    await close(server);
  }
}

describe('a look at the endpoint', () => {
  it('sends the Host, and no key: the machine that has the address here may be anybody else', async () => {
    const part = { headers: { 'X-Env': 'prod' }, headersFromEnv: { Authorization: 'Bearer API_TOKEN' } };
    const { headers } = await answer(403, part);
    expect(headers).toMatchObject([{ host: 'api.example.com', 'x-env': 'prod' }]);
    for (const secret of ['x-internal-key', 'authorization']) expect(headers[0]).not.toHaveProperty(secret);
  });

  it('sends no POST to a private address, where it may do harm', async () => {
    expect(await answer(200, { method: 'POST' })).toEqual({ found: null, headers: [] });
    const { found, headers } = await answer(202, { method: 'POST', expectStatus: [202], isPrivate: false });
    expect(found).toEqual({ fault: undefined, detail: 'HTTP 202', isPrivate: false });
    expect(headers).toHaveLength(1);
  });

  it.each([
    [200, undefined, 'HTTP 200'],
    [401, undefined, 'HTTP 401'],
    [403, undefined, 'HTTP 403'],
    [400, 'HostRejected', 'HTTP 400'],
    [404, 'EndpointNotFound', 'HTTP 404'],
    [500, 'EndpointUnhealthy', 'HTTP 500'],
  ])('takes HTTP %i for %s', async (status, fault, detail) => {
    expect((await answer(status)).found).toEqual({ fault, detail, isPrivate: true });
  });

  it.each([
    [200, undefined],
    [403, 'InternalKeyRejected'],
    [500, 'EndpointUnhealthy'],
  ])('takes HTTP %i for what it is, if the endpoint needs no key', async (status, fault) => {
    const { found, headers } = await answer(status, { internalKey: undefined });
    expect(found).toMatchObject({ fault });
    expect(headers[0]).not.toHaveProperty('x-internal-key');
  });

  it('takes an answer without a number for one, since nobody gave the key', async () => {
    expect((await answer(200, { body: '{}' })).found).toMatchObject({ fault: undefined, detail: 'HTTP 200' });
  });
});

describe('the address of the endpoint', () => {
  it.each([
    ['http://10.0.0.10:8000/', true],
    ['http://172.31.255.1/', true],
    ['http://172.32.0.1/', false],
    ['http://192.168.1.1/', true],
    ['http://100.64.0.1/', true],
    ['http://127.0.0.1/', true],
    ['http://203.0.113.7/', false],
    ['http://[fd00::1]/', true],
    ['http://[2001:db8::1]/', false],
  ])('%s is private: %s', async (url, isPrivate) => {
    const { addresses, ...found } = await resolveHost(url);
    expect(found).toEqual({ isPrivate });
    expect(addresses).toHaveLength(1);
  });

  it('is not known where the name is one of another network', async () => {
    expect(await resolveHost('http://api.internal.invalid/')).toEqual({ addresses: [], isPrivate: true });
  });
});
