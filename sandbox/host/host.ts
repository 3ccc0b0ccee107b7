/** The sandbox's host: an instance with a working directory, on which one API runs as a service. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { close, urlOf } from '../endpoint.ts';
import { createApi } from './api.ts';

export interface Host {
  readonly directory: string;
  /** Where the API listens; the port stays the same over restarts. */
  readonly origin: string;
  /** `POST` here restarts the API, as `systemctl restart` would. */
  readonly serviceManagerUrl: string;
  /** How often the API was started. */
  readonly starts: () => number;
  close(): Promise<void>;
}

export interface HostOptions {
  readonly directory: string;
  /** What the API runs with before anything is deployed. */
  readonly env: string;
  readonly database: { readonly name: string; readonly password: string; readonly videoBacklog: number };
}

export async function openHost({ directory, env, database }: HostOptions): Promise<Host> {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, '.env'), env, { mode: 0o600 });
  writeFileSync(
    join(directory, `${database.name}.json`),
    JSON.stringify({ password: database.password, videoBacklog: database.videoBacklog }),
    { mode: 0o600 },
  );

  let starts = 0;
  let api: Server | undefined;
  let origin = 'http://127.0.0.1:0';
  const start = async () => {
    if (api) await close(api);
    starts += 1;
    // Node's own reader of such files, as for `node --env-file`.
    const environment = parseEnv(readFileSync(join(directory, '.env'), 'utf8'));
    const started = createApi({ environment, directory });
    await listen(started, Number(new URL(origin).port));
    api = started;
    origin = urlOf(started);
  };
  await start();

  // One restart at a time.
  let restarted: Promise<unknown> = Promise.resolve();
  const serviceManager = createServer((request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    restarted = restarted.then(start).then(
      () => response.writeHead(204).end(),
      () => response.writeHead(500).end(),
    );
    return restarted;
  });
  await listen(serviceManager, 0);

  return {
    directory,
    origin,
    serviceManagerUrl: urlOf(serviceManager),
    starts: () => starts,
    close: async () => {
      await close(serviceManager);
      await restarted;
      if (api) await close(api);
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

/** What a process needs of the machine's own environment, and no more: Windows can't open sockets without it. */
export function systemEnvironment(): Record<string, string> {
  const { SystemRoot } = process.env;
  return SystemRoot === undefined ? {} : { SystemRoot };
}
