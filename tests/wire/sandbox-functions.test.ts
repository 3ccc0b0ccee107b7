/** How the sandbox runs functions: the environment, network, time and memory that they have, and how they end. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as v from 'valibot';
import { close, listen } from '../../sandbox/endpoint.ts';
import { configurationOf, endIdleThreads, FunctionRuntime } from '../../sandbox/function-runtime.ts';
import type { FunctionConfiguration, Surroundings } from '../../sandbox/function-thread.ts';
import { stopTimers } from '../support/timers.ts';
import { until } from '../support/until.ts';

const directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
let runtime: FunctionRuntime;
const servers: Server[] = [];
afterEach(async () => {
  await runtime.close();
  for (const server of servers.splice(0)) server.close();
});
afterAll(async () => {
  await endIdleThreads();
  rmSync(directory, { recursive: true, force: true });
});

const open = (surroundings?: Surroundings) => {
  runtime = new FunctionRuntime(surroundings);
};

const logs: string[] = [];
let count = 0;
/** @param code what stands around the handler, with its body at the end. */
function configure(
  code: string,
  part: Partial<FunctionConfiguration> & { variables?: Record<string, string> } = {},
) {
  count += 1;
  const name = `function-${count}`;
  const codeDirectory = join(directory, name);
  mkdirSync(codeDirectory);
  writeFileSync(join(codeDirectory, 'index.js'), code);
  return configurationOf({
    name,
    codeDirectory,
    handler: 'index.handler',
    memoryMegabytes: 128,
    timeoutSeconds: 60,
    environment: () => part.variables ?? {},
    onLog: (line) => logs.push(line),
    ...part,
  });
}
const handler = (body: string) => `exports.handler = async (event) => { ${body} };`;
const errorOf = (errorType: string) => ({ error: expect.objectContaining({ errorType }) });

/** Lets a server listen until the end of the test. */
async function portOf(server: Server): Promise<number> {
  servers.push(server);
  return Number(new URL(await listen(server)).port);
}

describe('a function', () => {
  it('has its own environment and nothing else, whichever ran before it', async () => {
    open();
    const show = handler('return process.env');
    const one = configure(show, { variables: { ONE: '1' } });
    const other = configure(show, { variables: { OTHER: '2' } });
    for (let round = 0; round < 2; round += 1) {
      expect(await runtime.invoke(one, {})).toEqual({ result: { ONE: '1' } });
      expect(await runtime.invoke(other, {})).toEqual({ result: { OTHER: '2' } });
    }
  });

  it('is loaded again for another configuration, and only then', async () => {
    open();
    const code = `const loaded = process.env.MODE; let calls = 0; ${handler('return [loaded, calls += 1]')}`;
    const before = configure(code, { variables: { MODE: 'old' } });
    const after = { ...before, environment: () => ({ MODE: 'new' }) };
    expect(await runtime.invoke(before, {})).toEqual({ result: ['old', 1] });
    expect(await runtime.invoke(before, {})).toEqual({ result: ['old', 2] });
    expect(await runtime.invoke(after, {})).toEqual({ result: ['new', 1] });
  });

  it('answers null for nothing, and with name, message and trace for an error', async () => {
    open();
    expect(await runtime.invoke(configure(handler('')), {})).toEqual({ result: null });
    const failed = configure(handler(`console.log('first'); throw new RangeError('too far')`));
    expect(await runtime.invoke(failed, {})).toEqual({
      error: {
        errorType: 'RangeError',
        errorMessage: 'too far',
        trace: expect.arrayContaining(['RangeError: too far']),
      },
    });
    expect(logs.slice(-2)).toEqual(['first', expect.stringContaining('"level":"ERROR"')]);
  });

  it('is ended when its time is over', async () => {
    open();
    const endless = configure(handler('for (;;);'), { timeoutSeconds: 0.1 });
    expect(await runtime.invoke(endless, {})).toEqual({
      error: { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 0.1 seconds' },
    });
    expect(await runtime.invoke(configure(handler('return event')), 1)).toEqual({ result: 1 });
  });

  it('has its time from when it is loaded, however long that takes', async () => {
    open();
    const gate = join(directory, 'gate');
    const code = `const { existsSync } = require('node:fs'); while (!existsSync(${JSON.stringify(gate)}));`;
    const slow = configure(`${code} ${handler('return event')}`, { timeoutSeconds: 5 });
    const pass = stopTimers();
    try {
      const answer = runtime.invoke(slow, 1);
      await setImmediate();
      pass(6);
      writeFileSync(gate, '');
      expect(await answer).toEqual({ result: 1 });
    } finally {
      jest.useRealTimers();
    }
  });

  it('waits while four others load, however many are called at the same moment', async () => {
    open();
    const log = join(directory, 'loads');
    const code = `const { appendFileSync } = require('node:fs'); appendFileSync(${JSON.stringify(log)}, '+');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50); appendFileSync(${JSON.stringify(log)}, '-');`;
    const all = Array.from({ length: 20 }, () => configure(`${code} ${handler('return event')}`));
    const answers = await Promise.all(all.map((one, index) => runtime.invoke(one, index)));
    expect(answers).toEqual(all.map((_, index) => ({ result: index })));
    let [loading, most] = [0, 0];
    for (const sign of readFileSync(log, 'utf8')) {
      loading += sign === '+' ? 1 : -1;
      most = Math.max(most, loading);
    }
    expect(most).toBeLessThanOrEqual(4);
  });

  it.each([
    ['exits', 'process.exit(0)'],
    [
      'throws where nobody catches it',
      'setTimeout(() => { throw new Error("late") }); await new Promise(() => {})',
    ],
    [
      'needs more memory than it has',
      'const all = []; for (;;) all.push(new Array(1e6).fill(Math.random()))',
    ],
  ])('that %s before it has answered fails as Runtime.ExitError, alone', async (_what, body) => {
    open();
    const other = runtime.invoke(configure(handler('return new Promise((r) => setTimeout(r, 100, 1))')), {});
    expect(await runtime.invoke(configure(handler(body), { memoryMegabytes: 16 }), {})).toEqual(
      errorOf('Runtime.ExitError'),
    );
    expect(await other).toEqual({ result: 1 });
  });

  it('that can not be loaded fails as Runtime.ExitError, and says why in its log', async () => {
    open();
    expect(await runtime.invoke(configure('throw new Error("not set up")'), {})).toEqual(
      errorOf('Runtime.ExitError'),
    );
    expect(logs.at(-1)).toContain('not set up');
  });

  it('crashes when it is told to, and no other one does', async () => {
    open();
    const waiting = handler('console.log("begun"); return new Promise((r) => setTimeout(r, event, "done"))');
    const long = configure(waiting);
    logs.length = 0;
    const crashed = runtime.invoke(long, 60_000);
    const other = runtime.invoke(configure(waiting), 200);
    await until(() => logs.length >= 2);
    runtime.crash(long.name);
    expect(await crashed).toEqual(errorOf('Runtime.ExitError'));
    expect(await other).toEqual({ result: 'done' });
  });

  it('waits a hundredth of the time where time is a hundred times faster; clock and timers stay', async () => {
    open({ speedUp: 100 });
    const body = `const { setTimeout: wait } = require('node:timers/promises');
      const begun = Date.now(); await wait(5_000, 'value'); const waited = Date.now() - begun;
      await new Promise((resolve) => setTimeout(resolve, 60)); return [waited, Date.now() - begun - waited];`;
    const outcome = await runtime.invoke(configure(handler(body)), {});
    const [waited, timer] = v.parse(v.object({ result: v.array(v.number()) }), outcome).result;
    expect(waited).toBeGreaterThanOrEqual(49);
    expect(waited).toBeLessThan(5_000);
    expect(timer).toBeGreaterThanOrEqual(59);
  });
});

describe('the network', () => {
  const get = (module: string) =>
    configure(
      handler(`return new Promise((resolve) => require('node:${module}').get(event, { agent: false }, (response) => {
        response.setEncoding('utf8').on('data', resolve);
      }).on('error', (error) => resolve(error.code)))`),
    );

  it('leads to the port of an address, by HTTP and by fetch', async () => {
    const api = createHttpServer((request, response) => response.end(`for ${request.headers.host}`));
    const port = await portOf(api);
    open({ network: { '10.0.0.10:8000': port, 'api.internal:80': port } });
    for (const url of ['http://10.0.0.10:8000/path', 'http://api.internal/path']) {
      const answer = { result: `for ${new URL(url).host}` };
      expect(await runtime.invoke(get('http'), url)).toEqual(answer);
      expect(await runtime.invoke(configure(handler('return (await fetch(event)).text()')), url)).toEqual(
        answer,
      );
    }
    await runtime.close();
    await close(api);
  });

  it('leads there by TLS as well, with the name that was asked for', async () => {
    const hello = Promise.withResolvers<Buffer>();
    const api = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (data) => {
        hello.resolve(data);
        socket.destroy();
      });
    });
    open({ network: { 'api.internal:443': await portOf(api) } });
    expect(await runtime.invoke(get('https'), 'https://api.internal/')).toEqual({ result: 'ECONNRESET' });
    expect((await hello.promise).toString('latin1')).toContain('api.internal');
  });

  it('leaves every other address alone', async () => {
    const api = createHttpServer((_request, response) => response.end('itself'));
    const port = await portOf(api);
    open({ network: { '10.0.0.10:8000': 1 } });
    expect(await runtime.invoke(get('http'), `http://127.0.0.1:${port}/`)).toEqual({ result: 'itself' });
  });
});
