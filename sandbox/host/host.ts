/** The sandbox's host: an instance with a working directory, on which one API runs as a service. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import * as v from 'valibot';
import { close, urlOf } from '../endpoint.ts';

const Ready = v.object({ port: v.number() });

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
  let api: ChildProcess | undefined;
  let port = 0;
  const start = async () => {
    const previous = api;
    if (previous && previous.exitCode === null && previous.signalCode === null) {
      const exited = new Promise((resolve) => previous.once('exit', resolve));
      previous.kill('SIGKILL');
      await exited;
    }
    starts += 1;
    const child = fork(join(import.meta.dirname, 'api.ts'), [String(port)], {
      cwd: directory,
      env: systemEnvironment(),
      // Node itself reads the .env, as a service manager would.
      execArgv: [`--env-file=${join(directory, '.env')}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    api = child;
    port = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve(v.parse(Ready, message).port));
      child.once('exit', (code) => reject(new Error(`the API ended with ${code} while starting`)));
    });
  };
  await start();

  const serviceManager = createServer((request, response) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    return start().then(
      () => response.writeHead(204).end(),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => serviceManager.listen(0, '127.0.0.1', resolve));

  return {
    directory,
    origin: `http://127.0.0.1:${port}`,
    serviceManagerUrl: urlOf(serviceManager),
    starts: () => starts,
    close: async () => {
      api?.kill('SIGKILL');
      await close(serviceManager);
    },
  };
}

/** What a process needs of the machine's own environment, and no more: Windows can't open sockets without it. */
export function systemEnvironment(): Record<string, string> {
  const { SystemRoot } = process.env;
  return SystemRoot === undefined ? {} : { SystemRoot };
}
