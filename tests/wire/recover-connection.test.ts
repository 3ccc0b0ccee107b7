/** How the CLI gets to AWS from a company's network: by its proxy, and with its certificates. */
import { writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConnection } from '../../cli/connection.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { accountId } from '../../sandbox/template.ts';
import { type CliOptions, recover } from '../support/cli.ts';
import { complete, useOperator } from '../support/operator.ts';
import { type CompanyNetwork, openCompanyNetwork } from '../support/proxy.ts';

const { aws, directory, file, put } = useOperator();

let network: CompanyNetwork;
let saved: NodeJS.ProcessEnv;
beforeEach(async () => {
  network = await openCompanyNetwork(aws().endpoint.url);
  put(complete());
  saved = { ...process.env };
  // The SDK reads it from there.
  process.env.AWS_CONFIG_FILE = join(directory(), 'config');
});
afterEach(async () => {
  process.env = saved;
  await network.close();
});

/** `recover env check` of the parameter, at AWS itself unless another endpoint is given. */
const check = (environment: CliOptions['environment'] = {}, ...options: readonly string[]) =>
  recover(undefined, ['env', 'check', ...options], { environment });
const bundle = () => file(network.certificate, 'ca.pem');
const viaTunnel = 'CONNECT ssm.ap-northeast-2.amazonaws.com:443';

it('goes by the proxy, and trusts the certificates in AWS_CA_BUNDLE', async () => {
  const { exitCode, stderr } = await check({ HTTPS_PROXY: network.proxyUrl, AWS_CA_BUNDLE: bundle() });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(new Set(network.asked)).toContain(viaTunnel);
});

it('takes a proxy without a scheme, in small letters, and ca_bundle of the profile', async () => {
  writeFileSync(join(directory(), 'config'), `[profile office]\nca_bundle = ${bundle()}\n`);
  const { exitCode } = await check({
    https_proxy: network.proxyUrl.replace('http://', ''),
    AWS_PROFILE: 'office',
  });
  expect(exitCode).toBe(0);
  expect(network.asked).toContain(viaTunnel);
});

it.each(['~/no-such.pem', '~\\no-such.pem'])('looks for the bundle %s in the home folder', (path) => {
  const missing = expect.objectContaining({ code: 'ENOENT', path: join(homedir(), 'no-such.pem') });
  expect(() => openConnection({ AWS_CA_BUNDLE: path }, undefined)).toThrow(missing);
});

it('trusts nobody whose certificate it does not know, and says where to name it', async () => {
  const { exitCode, stderr } = await check({ HTTPS_PROXY: network.proxyUrl });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /^AwsRejected: .*the TLS certificate is not trusted .*for `recover` in AWS_CA_BUNDLE/,
  );
  expect(aws().endpoint.calls).toEqual([]);
});

it('says that the proxy refuses, and what to check', async () => {
  network.refusal = 407;
  const { exitCode, stderr } = await check({ HTTPS_PROXY: network.proxyUrl, AWS_CA_BUNDLE: bundle() });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /^AwsRejected: .*the proxy refused the connection \(ERR_PROXY_TUNNEL\)\. Check HTTPS_PROXY/,
  );
});

it('goes by the proxy to an endpoint without TLS, except for what NO_PROXY names', async () => {
  const [HTTP_PROXY, url] = [network.proxyUrl, 'http://aws.invalid'];
  expect(await check({ HTTP_PROXY }, '--endpoint-url', url)).toMatchObject({ exitCode: 0 });
  expect(network.asked).toContain('POST http://aws.invalid/');
  network.asked.length = 0;
  expect(await check({ HTTP_PROXY, NO_PROXY: 'aws.invalid' }, '--endpoint-url', url)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('AwsUnavailable'),
  });
  expect(network.asked).toEqual([]);
});

it('never asks a proxy for what is on this machine', async () => {
  const { proxyUrl } = network;
  const environment = { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl, NO_PROXY: 'example.com' };
  expect(await check(environment, '--endpoint-url', aws().endpoint.url)).toMatchObject({ exitCode: 0 });
  expect(network.asked).toEqual([]);
});

it('asks by the proxy for the account, too, and names it in an error', async () => {
  aws().fail('GetParameterHistory', ...new Array(2).fill(new AwsError('AccessDeniedException', '', 403)));
  const { stderr } = await check({ HTTPS_PROXY: network.proxyUrl, AWS_CA_BUNDLE: bundle() });
  expect(stderr).toMatch(
    new RegExp(` This was in ${accountId}, ap-northeast-2 \\(keys of the environment\\)\\.\n$`),
  );
  expect(network.asked).toContain('CONNECT sts.ap-northeast-2.amazonaws.com:443');
});

it.each<[string, Record<string, string>, string]>([
  [
    'a proxy that is no URL',
    { HTTPS_PROXY: 'http://dev:canary@' },
    'UsageError: HTTPS_PROXY: expected the URL',
  ],
  [
    'a proxy of another kind',
    { HTTP_PROXY: 'socks5://127.0.0.1:1' },
    'UsageError: HTTP_PROXY: expected the URL',
  ],
  [
    'a bundle that is not there',
    { AWS_CA_BUNDLE: join(tmpdir(), 'no.pem') },
    'no.pem: there is no such file',
  ],
])('ends with 2 on %s', async (_what, environment, told) => {
  const { exitCode, stderr } = await check(environment);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(told);
  expect(stderr).not.toContain('canary');
});

it('ends with 2 on a bundle that holds no certificate', async () => {
  const { exitCode, stderr } = await check({ AWS_CA_BUNDLE: file('DB_HOST=canary\n') });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^UsageError: .* holds no certificate in PEM\n$/);
});

it('says so where Node is too old to go by a proxy', () => {
  const environment = { HTTPS_PROXY: 'http://127.0.0.1:1' };
  expect(openConnection(environment, undefined, '24.4.1').warning).toMatch(/takes Node 24\.5 or newer/);
  expect(openConnection(environment, undefined, '24.5.0').warning).toBeUndefined();
  expect(openConnection({}, undefined, '24.4.1')).toEqual({ agents: {} });
});
