/** The sandbox's host: an instance with a working directory, on which one API runs as a service. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { close, listen } from '../endpoint.ts';
import { createApi } from './api.ts';

export interface Host {
  readonly directory: string;
  /** Where the API listens; restarts keep the port. */
  readonly origin: string;
  /** `POST` here restarts the API, as `systemctl restart` would. */
  readonly serviceManagerUrl: string;
  /** How often the API was started. */
  readonly starts: () => number;
  /** How many videos wait in the database. */
  readonly backlog: () => number;
  readonly setBacklog: (videos: number) => void;
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
  let backlog = database.videoBacklog;
  const setBacklog = (videos: number) => {
    backlog = videos;
    writeFileSync(
      join(directory, `${database.name}.json`),
      JSON.stringify({ password: database.password, videoBacklog: backlog }),
      { mode: 0o600 },
    );
  };
  setBacklog(backlog);

  let starts = 0;
  let api: RequestListener = (_request, response) => response.destroy();
  // It holds the port, so that nobody else gets it during a restart.
  const server = createServer((request, response) => api(request, response));
  const start = () => {
    starts += 1;
    server.closeAllConnections();
    // Node's own reader of such files, as for `node --env-file`.
    const environment = parseEnv(readFileSync(join(directory, '.env'), 'utf8'));
    api = createApi({ environment, directory });
  };
  start();
  const serviceManager = createServer((request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    start();
    return response.writeHead(204).end();
  });
  const [origin, serviceManagerUrl] = await Promise.all([listen(server), listen(serviceManager)]);

  return {
    directory,
    origin,
    serviceManagerUrl,
    starts: () => starts,
    backlog: () => backlog,
    setBacklog,
    close: async () => {
      await Promise.all([close(serviceManager), close(server)]);
    },
  };
}

/** The only variables that a process needs from the machine's own environment: without them Windows opens no socket. */
export function systemEnvironment(): Record<string, string> {
  const { SystemRoot } = process.env;
  return SystemRoot === undefined ? {} : { SystemRoot };
}
