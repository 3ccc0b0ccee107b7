import { createServer, type Server } from 'node:http';
import { checkEndpoint } from '../../functions/check-endpoint.ts';
import { verifyEndpoint } from '../../functions/verify-endpoint.ts';
import { close, listen, urlOf } from '../../sandbox/endpoint.ts';
import type { VerifyEndpointInput } from '../../workflow/chain.ts';
import { parameterName } from '../support/app-names.ts';
import type { TargetPart } from '../support/app-target.ts';
import { envFinding, openAws, secret, type TestAws } from '../support/aws.ts';
import { executionRef } from '../support/execution-facts.ts';
import { repairedRun } from '../support/reported-run.ts';
import { servicesOf, steppedClock } from '../support/services.ts';
import { stopTimers } from '../support/timers.ts';

let aws: TestAws;
let api: Server;
let statuses: number[];
let retryAfter: string | undefined;
let body: string | undefined;
let onSilence: () => void;
const seenKeys: unknown[] = [];
const key = secret();

beforeEach(async () => {
  aws = await openAws();
  statuses = [];
  retryAfter = undefined;
  body = '{"backlog":7}';
  onSilence = () => undefined;
  api = createServer((request, response) => {
    seenKeys.push(request.headers['x-internal-key']);
    if (retryAfter !== undefined) response.setHeader('Retry-After', retryAfter);
    response.writeHead(statuses.length > 1 ? (statuses.shift() ?? 200) : (statuses[0] ?? 200));
    // Without a body, the answer never ends.
    if (body !== undefined) response.end(body);
    else {
      response.flushHeaders();
      onSilence();
    }
  });
  await listen(api);
  aws.parameters.put({ Name: parameterName, Value: `INTERNAL_KEY="${key}"\n`, Type: 'SecureString' });
});
afterEach(async () => {
  jest.useRealTimers();
  await close(api);
  await aws.close();
});

const services = (endpoint: TargetPart['endpoint'] = {}) => ({
  ...servicesOf(
    aws,
    {
      endpoint: {
        url: urlOf(api),
        host: 'api.example.com',
        requestTimeoutSeconds: 60,
        healthyWithinSeconds: 60,
        ...endpoint,
      },
    },
    steppedClock(),
  ),
  ssm: aws.ssm.reader,
});
const check = (deploy: 'auto' | 'always' = 'auto', complete = true, endpoint: TargetPart['endpoint'] = {}) =>
  checkEndpoint(
    {
      execution: executionRef(),
      request: { mode: 'recover', deploy, force: false, reason: null, trigger: 'operator' },
      env: envFinding({ complete }),
    },
    services(endpoint),
  );

describe('VerifyEndpoint', () => {
  it('answers with the proof, and shows the key as the parameter has it', async () => {
    const proof = await verifyEndpoint({ execution: executionRef(), env: envFinding({}) }, services());
    expect(proof).toMatchObject({ httpStatus: 200, backlog: 7, attempts: 1 });
    expect(seenKeys.at(-1)).toBe(key);
    expect(JSON.stringify(proof)).not.toContain(key);
  });

  it('asks an endpoint that needs no key without one, and reads no env for that', async () => {
    const proof = await verifyEndpoint(
      { execution: executionRef(), env: envFinding({}) },
      services({ internalKey: undefined }),
    );
    expect(proof).toMatchObject({ httpStatus: 200, backlog: 7 });
    expect(await check('auto', true, { internalKey: undefined })).toMatchObject({ finding: 'Healthy' });
    expect(seenKeys.slice(-2)).toEqual([undefined, undefined]);
    expect(aws.endpoint.calls).toEqual([]);
  });

  it('takes the status alone for proof where the target names no number', async () => {
    body = 'OK';
    const proof = await verifyEndpoint(
      { execution: executionRef(), env: envFinding({}) },
      services({ backlogPath: undefined }),
    );
    expect(proof).toMatchObject({ httpStatus: 200, backlog: null });
    const found = await check('auto', true, { backlogPath: undefined });
    expect(found).toMatchObject({ finding: 'Healthy', proof: { backlog: null } });
    expect(await check()).toMatchObject({ finding: 'BacklogNotNumeric' });
  });

  it('tries an endpoint that comes up again', async () => {
    statuses = [503, 502, 500, 404, 200];
    expect(
      await verifyEndpoint({ execution: executionRef(), env: envFinding({}) }, services()),
    ).toMatchObject({ attempts: 5 });
  });

  it.each([
    [400, 'HostRejected', 1],
    [403, 'InternalKeyRejected', 1],
    [302, 'EndpointRedirected', 1],
    [404, 'EndpointNotFound', 6],
    [500, 'EndpointUnhealthy', 31],
  ])('fails on HTTP %d as %s, after the tries that its time allows (%d)', async (status, name, tries) => {
    statuses = [status];
    const before = seenKeys.length;
    await expect(
      verifyEndpoint({ execution: executionRef(), env: envFinding({}) }, services()),
    ).rejects.toMatchObject({
      name,
      message: expect.stringContaining('with Host api.example.com'),
    });
    expect(seenKeys.length - before).toBe(tries);
  });

  it('tries an endpoint again that takes no connection, or that is slow, as long as its time allows', async () => {
    const verify = (endpoint: TargetPart['endpoint']) =>
      verifyEndpoint({ execution: executionRef(), env: envFinding({}) }, services(endpoint));
    await expect(verify({ url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({
      name: 'EndpointUnreachable',
      message: expect.stringContaining('after 31 tries'),
    });
    body = undefined;
    const pass = stopTimers();
    onSilence = () => pass(30);
    await expect(verify({ requestTimeoutSeconds: 30, healthyWithinSeconds: 2 })).rejects.toMatchObject({
      name: 'EndpointTooSlow',
      message: expect.stringContaining('after 2 tries'),
    });
  });

  it('says what the name of an endpoint means here that takes no connection, or that it means nothing', async () => {
    const verify = (url: string) =>
      verifyEndpoint(
        { execution: executionRef(), env: envFinding({}) },
        services({ url, healthyWithinSeconds: 2 }),
      );
    await expect(verify('http://localhost:1/')).rejects.toMatchObject({
      name: 'EndpointUnreachable',
      message: expect.stringMatching(
        /ECONNREFUSED \(localhost is [\d.:, ]*(127\.0\.0\.1|::1)[\d.:, ]*\) after/,
      ),
    });
    await expect(verify('http://127.0.0.1:1/')).rejects.toMatchObject({
      message: expect.stringContaining('ECONNREFUSED after'),
    });
  });

  it('does not try an endpoint again that answers without a number', async () => {
    body = '{"backlog":null}';
    await expect(
      verifyEndpoint({ execution: executionRef(), env: envFinding({}) }, services()),
    ).rejects.toMatchObject({
      name: 'BacklogNotNumeric',
      message: expect.stringContaining('after one try'),
    });
  });

  it.each(['a\u200Bb', '\u201Ckey\u201D', 'two\nlines', '\uC5F4\uC1E0', 'nbsp\u00A0', ' blank '])(
    'fails at once as InternalKeyUnusable on a key that no header can carry (%j)',
    async (spoilt) => {
      aws.parameters.put({ Name: parameterName, Value: `INTERNAL_KEY="${spoilt}"\n`, Overwrite: true });
      const before = seenKeys.length;
      const failure = verifyEndpoint({ execution: executionRef(), env: envFinding({}) }, services());
      await expect(failure).rejects.toMatchObject({ name: 'InternalKeyUnusable' });
      await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining(spoilt.trim()) });
      expect(await check()).toMatchObject({ finding: 'InternalKeyUnusable', needsDeploy: false });
      expect(seenKeys.length).toBe(before);
    },
  );

  it('waits for as long as an API asks for that is throttled, if there is time, and does not deploy it', async () => {
    statuses = [429, 503, 200];
    retryAfter = '20';
    expect(
      await verifyEndpoint({ execution: executionRef(), env: envFinding({}) }, services()),
    ).toMatchObject({ attempts: 3 });
    statuses = [429];
    retryAfter = '3600';
    const before = seenKeys.length;
    await expect(
      verifyEndpoint({ execution: executionRef(), env: envFinding({}) }, services()),
    ).rejects.toMatchObject({
      name: 'EndpointThrottled',
      message: expect.stringContaining('HTTP 429, Retry-After 3600 s after one try'),
    });
    expect(await check()).toMatchObject({ finding: 'EndpointThrottled', needsDeploy: false });
    expect(seenKeys.length - before).toBe(2);
    retryAfter = new Date(Date.now() + 3_600_000).toUTCString();
    expect(await check()).toMatchObject({ finding: 'EndpointThrottled' });
    expect(seenKeys.length - before).toBe(3);
  });

  it('blames the env where that was wiped, whatever the endpoint answers, and nobody if it was before the run', async () => {
    const verify = (startedAt: number, state: Partial<VerifyEndpointInput> = {}) =>
      verifyEndpoint(
        {
          execution: executionRef({ startedAt: new Date(startedAt).toISOString() }),
          env: envFinding({}),
          ...state,
        },
        services(),
      );
    const [before, now] = [Date.now() - 60_000, Date.now() + 60_000];
    for (const Value of ['INTERNAL_KEY=\n', 'OTHER=1\n']) {
      aws.parameters.put({ Name: parameterName, Value, Overwrite: true });
      await expect(verify(before)).rejects.toMatchObject({
        name: 'EnvReplaced',
        message: expect.stringContaining('The endpoint is not healthy.'),
      });
      await expect(verify(now)).rejects.toMatchObject({ name: 'EnvOverlooked' });
    }
    const { deployment } = repairedRun();
    if (!deployment) throw new Error('expected a run that has deployed');
    await expect(verify(now, { deployment })).rejects.toMatchObject({ name: 'EnvReplaced' });
    expect(await check()).toMatchObject({ finding: 'InternalKeyMissing', needsDeploy: true });
  });
});

describe('CheckEndpoint', () => {
  it('finds what a name means in its network, also where it asks nothing; an address needs no look', async () => {
    for (const found of [
      check('always', true, { url: 'http://localhost:1/' }),
      check('auto', true, { url: 'http://localhost:1/' }),
    ])
      expect((await found).addresses?.join()).toMatch(/127\.0\.0\.1|::1/);
    expect(await check()).not.toHaveProperty('addresses');
    expect(await check('always', true, { url: 'http://api.invalid/' })).not.toHaveProperty('addresses');
  });

  it('takes a healthy endpoint for a finding', async () => {
    expect(await check()).toMatchObject({
      needsDeploy: false,
      finding: 'Healthy',
      httpStatus: 200,
      proof: { httpStatus: 200, backlog: 7, attempts: 1 },
    });
  });

  it('is not asked where a deploy follows anyway', async () => {
    const before = seenKeys.length;
    for (const finding of [await check('always'), await check('auto', false)])
      expect(finding).toEqual({ finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null });
    expect(seenKeys.length).toBe(before);
  });

  it('asks again before it takes an endpoint for unhealthy', async () => {
    statuses = [500, 200];
    expect(await check()).toMatchObject({
      needsDeploy: false,
      finding: 'Healthy',
    });
    statuses = [500];
    const before = seenKeys.length;
    expect(await check()).toEqual({
      needsDeploy: true,
      finding: 'EndpointUnhealthy',
      httpStatus: 500,
      proof: null,
    });
    expect(seenKeys.length - before).toBe(3);
  });

  it('takes a failed TLS handshake for nothing that a deploy cures', async () => {
    const url = urlOf(api).replace('http:', 'https:');
    expect(await check('auto', true, { url })).toMatchObject({
      finding: 'EndpointTlsFailed',
      needsDeploy: false,
    });
  });

  it.each([
    [400, 'HostRejected', true],
    [403, 'InternalKeyRejected', true],
    [302, 'EndpointRedirected', false],
  ])('takes HTTP %d for %s, and a deploy for a cure: %j', async (status, finding, needsDeploy) => {
    statuses = [status];
    expect(await check()).toEqual({
      needsDeploy,
      finding,
      httpStatus: status,
      proof: null,
    });
  });
});
