import { createServer, type Server } from 'node:http';
import { checkEndpoint } from '../../functions/check-endpoint.ts';
import { verifyEndpoint } from '../../functions/verify-endpoint.ts';
import { close, urlOf } from '../../sandbox/endpoint.ts';
import { fastClock, openAws, parameterName, secret, type TestAws } from '../support/aws.ts';
import { executionRef } from '../support/execution.ts';

let aws: TestAws;
let api: Server;
let statuses: number[];
const seenKeys: unknown[] = [];
const key = secret();

beforeEach(async () => {
  aws = await openAws();
  statuses = [];
  api = createServer((request, response) => {
    seenKeys.push(request.headers['x-internal-key']);
    response.writeHead(statuses.length > 1 ? (statuses.shift() ?? 200) : (statuses[0] ?? 200));
    response.end('{"backlog":7}');
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  aws.parameters.put({ Name: parameterName, Value: `INTERNAL_KEY="${key}"\n`, Type: 'SecureString' });
});
afterEach(async () => {
  await close(api);
  await aws.close();
});

const settings = () => ({
  ENV_PARAMETER: parameterName,
  ENV_READER: 'dotenv' as const,
  ENDPOINT_URL: urlOf(api),
  ENDPOINT_HOST: 'api.example.com',
  INTERNAL_KEY: 'INTERNAL_KEY',
  BACKLOG_PATH: 'backlog',
  REQUEST_TIMEOUT_SECONDS: 2,
  HEALTHY_WITHIN_SECONDS: 60,
});
const services = () => ({ settings: settings(), clock: fastClock(50), ssm: aws.ssm.reader });

describe('VerifyEndpoint', () => {
  it('answers with the proof, and shows the key as the parameter has it', async () => {
    const proof = await verifyEndpoint({ execution: executionRef() }, services());
    expect(proof).toMatchObject({ httpStatus: 200, backlog: 7, attempts: 1 });
    expect(seenKeys.at(-1)).toBe(key);
    expect(JSON.stringify(proof)).not.toContain(key);
  });

  it('tries an endpoint that comes up again', async () => {
    statuses = [503, 502, 500, 404, 200];
    expect(await verifyEndpoint({ execution: executionRef() }, services())).toMatchObject({ attempts: 5 });
  });

  it.each([
    [400, 'HostRejected', 1],
    [403, 'InternalKeyRejected', 1],
    [302, 'EndpointRedirected', 1],
    [404, 'EndpointNotFound', 4],
    [500, 'EndpointUnhealthy', 20],
  ])('fails on HTTP %d as %s, after at least %d tries', async (status, name, tries) => {
    statuses = [status];
    const before = seenKeys.length;
    await expect(verifyEndpoint({ execution: executionRef() }, services())).rejects.toMatchObject({
      name,
      message: expect.stringContaining('with Host api.example.com'),
    });
    const made = seenKeys.length - before;
    if (tries === 1) expect(made).toBe(1);
    else expect(made).toBeGreaterThanOrEqual(tries);
    if (status === 404) expect(made).toBeLessThan(10);
  });

  it('fails as InternalKeyMissing when the parameter does not have the key', async () => {
    aws.parameters.put({ Name: parameterName, Value: 'INTERNAL_KEY=\n', Overwrite: true });
    await expect(verifyEndpoint({ execution: executionRef() }, services())).rejects.toMatchObject({
      name: 'InternalKeyMissing',
    });
  });
});

describe('CheckEndpoint', () => {
  it('takes a healthy endpoint for a finding', async () => {
    expect(await checkEndpoint({ execution: executionRef() }, services())).toEqual({
      needsDeploy: false,
      finding: 'Healthy',
      httpStatus: 200,
    });
  });

  it('asks again before it takes an endpoint for unhealthy', async () => {
    statuses = [500, 200];
    expect(await checkEndpoint({ execution: executionRef() }, services())).toMatchObject({
      needsDeploy: false,
      finding: 'Healthy',
    });
    statuses = [500];
    const before = seenKeys.length;
    expect(await checkEndpoint({ execution: executionRef() }, services())).toEqual({
      needsDeploy: true,
      finding: 'EndpointUnhealthy',
      httpStatus: 500,
    });
    expect(seenKeys.length - before).toBe(3);
  });

  it.each([
    [400, 'HostRejected', true],
    [403, 'InternalKeyRejected', true],
    [302, 'EndpointRedirected', false],
  ])('takes HTTP %d for %s, and a deploy for a cure: %j', async (status, finding, needsDeploy) => {
    statuses = [status];
    expect(await checkEndpoint({ execution: executionRef() }, services())).toEqual({
      needsDeploy,
      finding,
      httpStatus: status,
    });
  });
});
