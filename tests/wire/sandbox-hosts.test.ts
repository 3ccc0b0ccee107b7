/** The sandbox's hosts: how their API answers, where the endpoint's address leads, and what runs a deploy's commands. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askEndpoint } from '../../aws/endpoint.ts';
import { type Fleet, openFleet } from '../../sandbox/fleet.ts';
import { configurationOf, endIdleThreads, FunctionRuntime } from '../../sandbox/function-runtime.ts';
import { Metrics } from '../../sandbox/services/cloudwatch.ts';
import { newInvocation, runOn } from '../../sandbox/services/command-invocation.ts';
import { Functions } from '../../sandbox/services/lambda.ts';
import { countBacklog } from '../../sandbox/workers.ts';
import { appTarget, type TargetPart } from '../support/app-target.ts';
import { certificateAuthority } from '../support/certificates.ts';

const directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
let fleet: Fleet;
afterEach(() => fleet.close());
afterAll(async () => {
  await endIdleThreads();
  rmSync(directory, { recursive: true, force: true });
});

const env = { INTERNAL_KEY: 'key-of-the-api', DB_PASSWORD: 'right' };
const textOf = (values: Record<string, string>) =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

async function open(part: TargetPart = {}, values: Record<string, string> = env, runCommands = false) {
  const requiredKeys = ['INTERNAL_KEY', 'DB_PASSWORD'];
  const target = appTarget({ ...part, parameter: { requiredKeys, ...part.parameter } });
  fleet = await openFleet({
    target,
    directory: mkdtempSync(join(directory, 'run-')),
    env: textOf(values),
    backend: { backlog: 7, values: new Map([['DB_PASSWORD', 'right']]) },
    environment: { AWS_REGION: 'ap-northeast-2' },
    runCommands,
  });
  return target;
}

const endpoint = {
  url: 'http://10.0.0.10:8000/jobs?state=waiting',
  host: 'api.example.com',
  internalKey: 'INTERNAL_KEY',
  backlogPath: 'data.waiting',
  requestTimeoutSeconds: 5,
  healthyWithinSeconds: 5,
};

/** Asks the first host, or whoever is at an origin. */
const ask = (
  part: { origin?: string; path?: string; host?: string; key?: string; method?: 'GET' | 'POST' } = {},
) =>
  askEndpoint({
    url: `${part.origin ?? fleet.hosts[0]?.origin}${part.path ?? '/jobs?state=waiting'}`,
    method: part.method ?? 'GET',
    host: part.host ?? 'api.example.com',
    headers: { 'X-Internal-Key': part.key ?? env.INTERNAL_KEY, 'X-Tenant': 'academy' },
    expectStatus: [200],
    backlogPath: 'data.waiting',
    requestTimeoutSeconds: 5,
  });

describe('the API on a host', () => {
  it('answers with the number where the target has it', async () => {
    await open({ endpoint });
    expect(await ask()).toEqual({ fault: undefined, httpStatus: 200, backlog: 7 });
  });

  it.each([
    ['another Host', { host: 'internal.example.com' }, 'HostRejected'],
    ['another key', { key: 'another' }, 'InternalKeyRejected'],
    ['no key', { key: '' }, 'InternalKeyRejected'],
    ['another method', { method: 'POST' as const }, 'EndpointUnhealthy'],
    ['another path', { path: '/jobs' }, 'EndpointNotFound'],
  ])('refuses a request with %s', async (_what, part, fault) => {
    await open({ endpoint });
    expect(await ask(part)).toMatchObject({ fault });
  });

  it.each([
    ['a required key is missing', { INTERNAL_KEY: env.INTERNAL_KEY }],
    ['a value is not the one that its database knows', { ...env, DB_PASSWORD: 'wrong' }],
  ])('can not count while %s, until it is started again with the right env', async (_what, values) => {
    await open({ endpoint }, values);
    expect(await ask()).toMatchObject({ fault: 'EndpointUnhealthy', httpStatus: 500 });
    const [host] = fleet.hosts;
    writeFileSync(join(host?.directory ?? '', '.env'), textOf(env));
    expect(await ask()).toMatchObject({ httpStatus: 500 });
    host?.restart();
    expect(await ask()).toMatchObject({ httpStatus: 200 });
  });

  it('can not count while a prefix that its contract asks for is missing', async () => {
    await open({ endpoint, parameter: { requiredPrefixes: ['R2_'] } });
    expect(await ask()).toMatchObject({ fault: 'EndpointUnhealthy', httpStatus: 500 });
  });

  it('allows the Hosts of ALLOWED_HOSTS where the env has that key, and then no other', async () => {
    await open({ endpoint }, { ...env, ALLOWED_HOSTS: 'one.example.com,other.example.com' });
    expect(await ask({ host: 'other.example.com:8000' })).toMatchObject({ httpStatus: 200 });
    expect(await ask()).toMatchObject({ fault: 'HostRejected' });
  });

  it('wants all headers that the target names, from the keys of its own env', async () => {
    const headersFromEnv = { Authorization: 'Bearer DB_PASSWORD' };
    await open({ endpoint: { ...endpoint, headers: { 'X-Tenant': 'academy' }, headersFromEnv } });
    expect(await ask()).toMatchObject({ httpStatus: 403 });
    await fleet.close();
    await open({ endpoint: { ...endpoint, headers: { 'X-Tenant': 'other' } } });
    expect(await ask()).toMatchObject({ httpStatus: 403 });
    await fleet.close();
    await open({ endpoint: { ...endpoint, headers: { 'X-Tenant': 'academy' }, expectStatus: [202, 200] } });
    expect(await ask()).toMatchObject({ httpStatus: 202 });
  });

  it('reads the env as its reader does', async () => {
    await open({ endpoint, parameter: { reader: 'docker' } }, { ...env, DB_PASSWORD: '"right"' });
    expect(await ask()).toMatchObject({ httpStatus: 500 });
  });
});

describe('a metric without a function', () => {
  it('is published as long as the API on each host can count, and not after that', async () => {
    const { metric } = await open({ endpoint });
    const metrics = new Metrics(() => undefined);
    const functions = new Functions({ platform: {} });
    const count = () => countBacklog({ metric, metricFunction: undefined }, { functions, metrics, fleet });
    await count();
    expect(metrics.metrics()).toMatchObject([{ Namespace: 'App', MetricName: 'BacklogCount' }]);
    const [host] = fleet.hosts;
    writeFileSync(join(host?.directory ?? '', '.env'), textOf({ INTERNAL_KEY: env.INTERNAL_KEY }));
    host?.restart();
    const published = jest.spyOn(metrics, 'put');
    await count();
    expect(published).not.toHaveBeenCalled();
    await functions.stop();
  });
});

describe('the address of the endpoint', () => {
  // Node checks the certificate against the Host header, if there is one.
  const askByName = (
    url: string,
    certificate: string | undefined,
    { Host = 'api.example.com', ca }: { Host?: string; ca?: string } = {},
  ) => {
    const codeDirectory = mkdtempSync(join(directory, 'function-'));
    writeFileSync(
      join(codeDirectory, 'index.js'),
      `const https = require('node:https');
       exports.handler = ([url, headers, ca]) => new Promise((resolve) => https.get(url, { agent: false, headers, ca }, (response) => {
         response.setEncoding('utf8').on('data', (text) => resolve(text));
       }).on('error', (error) => resolve(error.code)));`,
    );
    const runtime = new FunctionRuntime({
      network: { [`${new URL(url).hostname}:443`]: fleet.port },
      certificate,
    });
    const asking = configurationOf({
      name: 'asking',
      codeDirectory,
      handler: 'index.handler',
      memoryMegabytes: 128,
      timeoutSeconds: 5,
      environment: () => ({}),
      onLog: () => undefined,
    });
    return runtime
      .invoke(asking, [url, { Host, 'X-Internal-Key': env.INTERNAL_KEY }, ca])
      .finally(() => runtime.close());
  };

  it.each(['https://api.internal/jobs', 'https://10.0.0.10/jobs'])(
    'is %s with a certificate that functions trust, and that nobody else does',
    async (url) => {
      await open({ endpoint: { ...endpoint, url } });
      expect(await askByName(url, fleet.certificate)).toEqual({ result: '{"data":{"waiting":7}}' });
      // Also where the target has a CA of its own, of which this certificate is not.
      const ca = certificateAuthority().certificate;
      expect(await askByName(url, fleet.certificate, { ca })).toEqual({ result: '{"data":{"waiting":7}}' });
      expect(await askByName(url, undefined)).toEqual({ result: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    },
  );

  it('vouches for no other name', async () => {
    await open({ endpoint: { ...endpoint, url: 'https://api.internal/jobs' } });
    expect(
      await askByName('https://other.internal/jobs', fleet.certificate, { Host: 'other.internal' }),
    ).toEqual({
      result: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('leads to the hosts of a tag by turns', async () => {
    await open({ endpoint, instances: { tag: 'Role=api=v2' } });
    expect(fleet.instances.map(({ tags }) => tags)).toEqual(new Array(3).fill({ Role: 'api=v2' }));
    // Two of three work with the old env.
    for (const { directory } of fleet.hosts.slice(1)) writeFileSync(join(directory, '.env'), textOf({}));
    for (const host of fleet.hosts.slice(1)) host.restart();
    const statuses: (number | null)[] = [];
    for (let turn = 0; turn < 6; turn += 1)
      statuses.push((await ask({ origin: `http://127.0.0.1:${fleet.port}` })).httpStatus);
    expect(statuses).toEqual([200, 403, 403, 200, 403, 403]);
  });
});

describe('a deploy on a host', () => {
  const deploy = async (commands: string[]) => {
    const [instance] = fleet.instances;
    if (!instance) throw new Error('no instance');
    const invocation = newInvocation(instance.id);
    const runCommand = ['#!/bin/bash', 'set -euo pipefail', "export ENV_VERSION='4'", ...commands];
    const inputs = { timeoutSeconds: '20', runCommand };
    await runOn(
      instance,
      { parameters: {}, mainSteps: [{ action: 'aws:runShellScript', inputs }] },
      invocation,
    );
    return invocation;
  };
  const commands = ['printf "INTERNAL_KEY=%s\\n" "$ENV_VERSION" > .env', 'echo done | cat > done.txt'];

  it('runs stand-ins in place of the commands', async () => {
    await open({ deploy: { commands } });
    const { Status, stderr } = await deploy(commands);
    // There is no Parameter Store here.
    expect([Status, stderr]).toEqual(['Failed', expect.stringContaining('deploy-api.cjs')]);
    expect(existsSync(join(fleet.hosts[0]?.directory ?? '', 'done.txt'))).toBe(false);
  });

  // Windows has no bash.
  if (process.platform !== 'win32') {
    it('runs the commands by bash in the folder of the host when told to, and starts the API again', async () => {
      await open({ deploy: { commands } }, env, true);
      const [host] = fleet.hosts;
      expect(await deploy(commands)).toMatchObject({ Status: 'Success', stderr: '' });
      expect(readFileSync(join(host?.directory ?? '', '.env'), 'utf8')).toBe('INTERNAL_KEY=4\n');
      expect(readFileSync(join(host?.directory ?? '', 'done.txt'), 'utf8')).toBe('done\n');
      expect(host?.starts()).toBe(2);
    });

    it('ends at the first command that fails, and leaves the API alone', async () => {
      await open({ deploy: { commands } }, env, true);
      expect(await deploy(['false | true', 'touch later.txt'])).toMatchObject({ Status: 'Failed' });
      expect(existsSync(join(fleet.hosts[0]?.directory ?? '', 'later.txt'))).toBe(false);
      expect(fleet.hosts[0]?.starts()).toBe(1);
    });

    it('gives the commands no credentials of a real account', async () => {
      const home = mkdtempSync(join(directory, 'home-'));
      mkdirSync(join(home, '.aws'));
      Object.assign(process.env, { AWS_PROFILE: 'real', AWS_SESSION_TOKEN: 'real' });
      await open({ deploy: { commands } }, env, true);
      for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN']) delete process.env[name];
      const { environment } = fleet.instances[0] ?? {};
      const { stdout } = await deploy(['env']);
      expect(stdout).not.toContain('=real');
      expect(existsSync(environment?.AWS_CONFIG_FILE ?? directory)).toBe(false);
      expect(existsSync(environment?.AWS_SHARED_CREDENTIALS_FILE ?? directory)).toBe(false);
    });
  }
});
