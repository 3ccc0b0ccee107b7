/** The target's instances, each with a host of its own, and where the address of its endpoint leads. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { destinationOf } from '../workflow/network/destination.ts';
import { type DeployedTarget, splitTag } from '../workflow/target.ts';
import { certify } from './certificate.ts';
import { close, listen } from './endpoint.ts';
import { type Backend, hostOf } from './host/api.ts';
import { type Host, openHost } from './host/host.ts';
import type { Instance } from './services/command-invocation.ts';

export interface Fleet {
  /** One for each instance, in the same order. */
  readonly hosts: readonly Host[];
  readonly instances: readonly Instance[];
  readonly backend: Backend;
  /** The port on loopback where the endpoint is. */
  readonly port: number;
  /** As PEM, if the endpoint's URL is one of https. */
  readonly certificate: string | undefined;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly target: DeployedTarget;
  readonly directory: string;
  /** What each API runs with before anything is deployed. */
  readonly env: string;
  readonly backend: Backend;
  /** Of the processes on a host. It may be completed later. */
  readonly environment: Record<string, string>;
  /** The target's own commands are run, instead of stand-ins. */
  readonly runCommands: boolean;
}

/** Those of a tag; SSM knows them by it. */
const taggedIds = ['i-0123456789abcdef0', 'i-0123456789abcdef1', 'i-0123456789abcdef2'];

/** What runs in place of the target's commands: it reads the parameter, writes the .env, and restarts the API. */
export const standInCommands: readonly string[] = ['node deploy-api.cjs', 'node verify-api.cjs'];

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const { target, directory, env, backend } = options;
  const ids = target.instances.ids ?? taggedIds;
  const hosts = await Promise.all(
    ids.map((id) => openHost({ directory: join(directory, 'hosts', id), target, env, backend })),
  );
  const front = await openFront(target, hosts);
  return {
    hosts,
    instances: hosts.map((host, index) => instanceOf(ids[index] ?? '', host, options)),
    backend,
    port: Number(new URL(front?.origin ?? hosts[0]?.origin ?? '').port),
    certificate: front?.certificate,
    close: async () => {
      await Promise.all([...hosts.map((host) => host.close()), ...(front ? [close(front.server)] : [])]);
    },
  };
}

function instanceOf(id: string, host: Host, options: FleetOptions): Instance {
  const { target, environment, runCommands } = options;
  const { tag } = target.instances;
  const { key, value } = splitTag(tag);
  const { pathname, search } = new URL(target.endpoint.url);
  return {
    id,
    tags: tag === undefined ? { Name: `${target.name}-api` } : { [key]: value },
    online: true,
    workingDirectory: runCommands ? host.directory : join(import.meta.dirname, 'host'),
    environment: {
      ...(runCommands ? ownEnvironment() : {}),
      ...environment,
      HOST_DIRECTORY: host.directory,
      PARAMETER_NAME: target.parameter.name,
      SERVICE_MANAGER_URL: host.serviceManagerUrl,
      API_URL: `${host.origin}${pathname}${search}`,
    },
    ...(runCommands
      ? { bash: { onSuccess: () => host.restart() } }
      : { standIns: { from: target.deploy.commands, to: standInCommands } }),
  };
}

/** What commands of a real host need of this machine, without anything that leads them to a real account. */
function ownEnvironment(): Record<string, string> {
  const nowhere = join(import.meta.dirname, 'no-such-file');
  const own = Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith('AWS_') || value === undefined ? [] : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(own),
    AWS_CONFIG_FILE: nowhere,
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

interface Front {
  readonly server: Server;
  readonly origin: string;
  readonly certificate: string | undefined;
}

/** A balancer: each host in its turn answers. None for a single host without TLS, which is asked itself. */
async function openFront(target: DeployedTarget, hosts: readonly Host[]): Promise<Front | undefined> {
  const isTls = target.endpoint.url.startsWith('https:');
  if (!isTls && hosts.length === 1) return undefined;
  let turn = 0;
  const answer: RequestListener = (request, response) => {
    hosts[turn % hosts.length]?.answer(request, response);
    turn += 1;
  };
  if (!isTls) {
    const server = createServer(answer);
    return { server, origin: await listen(server), certificate: undefined };
  }
  // Node checks it against the Host header, if the target has one.
  const names = [...new Set([destinationOf(target.endpoint.url).host, hostOf(target)])];
  const { key, cert } = certify({ name: 'env-recovery sandbox', hosts: names });
  const server = createTlsServer({ key, cert }, answer);
  return { server, origin: await listen(server), certificate: cert };
}
