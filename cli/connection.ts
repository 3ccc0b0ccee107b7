/** How a command gets to AWS: by the proxy, and with the certificates, that the AWS CLI would take. */
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './failure.ts';
import type { Surroundings } from './terminal.ts';

/** None, where the SDK's own are right. */
export interface Connection {
  readonly httpAgent?: HttpAgent;
  readonly httpsAgent?: HttpsAgent;
}

/** As the SDK has them by default. */
const pool = { keepAlive: true, maxSockets: 50 };

/** The first Node whose agents know proxies: https://nodejs.org/docs/latest-v24.x/api/http.html#new-agentoptions. */
const [oldestMajor, oldestMinor] = [24, 5];

/**
 * @param caBundle of the profile; AWS_CA_BUNDLE comes first. As with the AWS CLI, no other certificates are trusted then.
 * @param nodeVersion such as `24.5.0`.
 * @throws UsageError if a proxy is no URL, or the bundle no certificate; the errors of the file system as they are.
 */
export function openConnection(
  environment: Surroundings['environment'],
  caBundle: string | undefined,
  nodeVersion: string = process.versions.node,
): { readonly agents: Connection; readonly warning?: string } {
  const proxyEnv = proxiesOf(environment);
  const bundle = environment.AWS_CA_BUNDLE || caBundle;
  const ca = bundle ? readBundle(bundle) : undefined;
  if (proxyEnv === undefined && ca === undefined) return { agents: {} };
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const knowsProxies = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  const proxy = proxyEnv && knowsProxies ? { proxyEnv } : {};
  return {
    agents: {
      httpAgent: new HttpAgent({ ...pool, ...proxy }),
      httpsAgent: new HttpsAgent({ ...pool, ...proxy, ...(ca === undefined ? {} : { ca }) }),
    },
    ...(proxyEnv && !knowsProxies
      ? {
          warning: `The proxy in HTTPS_PROXY or HTTP_PROXY is not used: that takes Node ${oldestMajor}.${oldestMinor} or newer, and this is ${nodeVersion}.`,
        }
      : {}),
  };
}

/** The sandbox is on this machine, where no proxy finds it. */
const loopback = 'localhost,127.0.0.1,[::1]';

function proxiesOf(environment: Surroundings['environment']) {
  // Of the two spellings, the small one counts, as for curl and the AWS CLI.
  const find = (name: string) => environment[name.toLowerCase()] || environment[name] || undefined;
  const [http, https] = ['HTTP_PROXY', 'HTTPS_PROXY'].map((name) => urlOf(name, find(name)));
  if (http === undefined && https === undefined) return undefined;
  const others = find('NO_PROXY');
  return {
    ...(http === undefined ? {} : { HTTP_PROXY: http }),
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    NO_PROXY: others === undefined ? loopback : `${others},${loopback}`,
  };
}

/** It may hold a password, so it is not quoted. */
function urlOf(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = value.includes('://') ? value : `http://${value}`;
  if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) return url;
  throw new UsageError(`${name}: expected the URL of a proxy, such as http://proxy.example.com:3128`);
}

function readBundle(bundle: string): string {
  const path = /^~[/\\]/.test(bundle) ? join(homedir(), bundle.slice(2)) : bundle;
  const text = readFileSync(path, 'latin1');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new UsageError(`${path}, named by AWS_CA_BUNDLE or ca_bundle, holds no certificate in PEM`);
}
