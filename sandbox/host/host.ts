/** One of the sandbox's hosts: an instance with a working directory, on which the API runs as a service. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import type { Target } from '../../workflow/target.ts';
import { close, listen } from '../endpoint.ts';
import { type Api, type Backend, createApi } from './api.ts';

export interface Host {
  readonly directory: string;
  /** Where the API listens; restarts keep the port. */
  readonly origin: string;
  /** Answers a request as the API does now. */
  readonly answer: RequestListener;
  /** `POST` here restarts the API, as `systemctl restart` would. */
  readonly serviceManagerUrl: string;
  restart(): void;
  /** How often the API was started. */
  readonly starts: () => number;
  /** Whether the API can count. */
  readonly isWell: () => boolean;
  close(): Promise<void>;
}

export interface HostOptions {
  readonly directory: string;
  readonly target: Pick<Target, 'parameter' | 'endpoint'>;
  /** What the API runs with before anything is deployed. */
  readonly env: string;
  readonly backend: Backend;
}

export async function openHost({ directory, target, env, backend }: HostOptions): Promise<Host> {
  mkdirSync(directory, { recursive: true });
  const envFile = join(directory, '.env');
  writeFileSync(envFile, env, { mode: 0o600 });

  let starts = 0;
  let api: Api = { answer: (_request, response) => response.destroy(), isWell: false };
  const answer: RequestListener = (request, response) => api.answer(request, response);
  // It holds the port, so that nobody else gets it during a restart.
  const server = createServer(answer);
  const restart = () => {
    starts += 1;
    server.closeAllConnections();
    api = createApi(readFileSync(envFile, 'utf8'), target, backend);
  };
  restart();
  const serviceManager = createServer((request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    restart();
    return response.writeHead(204).end();
  });
  const [origin, serviceManagerUrl] = await Promise.all([listen(server), listen(serviceManager)]);

  return {
    directory,
    origin,
    answer,
    serviceManagerUrl,
    restart,
    starts: () => starts,
    isWell: () => api.isWell,
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
