/** The metric function of a target whose stack brings none, in the sandbox: a stand-in, or a bundle of its owner. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { close, listen } from '../../sandbox/endpoint.ts';
import { addMetricFunction, type FunctionBundle } from '../../sandbox/metric-function.ts';
import { appTarget } from '../support/app-target.ts';
import { openAws, type TestAws } from '../support/aws.ts';

let aws: TestAws;
let api: Server;
let origin: string;
let asked: IncomingHttpHeaders[];
let answer: { status: number; body: string };
const directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));

beforeEach(async () => {
  asked = [];
  answer = { status: 200, body: '{"data":{"waiting":7}}' };
  api = createServer((request, response) => {
    asked.push(request.headers);
    response.writeHead(answer.status).end(answer.body);
  });
  origin = await listen(api);
  aws = await openAws();
});
afterEach(async () => {
  await Promise.all([close(api), aws.close()]);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function add(variables: Record<string, string>, part: { alias?: string; bundle?: FunctionBundle } = {}) {
  const url = `${origin}/count/`;
  const target = appTarget({
    endpoint: {
      url,
      host: 'api.example.com',
      internalKey: 'INTERNAL_KEY',
      backlogPath: 'data.waiting',
      headers: { 'X-Tenant': 'shop' },
      headersFromEnv: { Authorization: 'Bearer TOKEN' },
      requestTimeoutSeconds: 5,
    },
    metricFunction: {
      name: 'own',
      answerPath: 'count.waiting',
      set: { COUNT_URL: url, COUNT_HOST: 'api.example.com' },
      setFromEnv: { COUNT_KEY: 'INTERNAL_KEY', COUNT_TOKEN: 'TOKEN' },
      remove: ['OLD_HOST'],
      alias: part.alias,
    },
    metric: { namespace: 'App', name: 'Waiting', dimensions: { Kind: 'Video' }, periodSeconds: 60 },
  });
  addMetricFunction(aws.functions, {
    target,
    metricFunction: target.metricFunction,
    variables: {
      COUNT_URL: url,
      COUNT_HOST: 'api.example.com',
      COUNT_KEY: 'the-key',
      COUNT_TOKEN: 'the-token',
      ...variables,
    },
    directory: mkdtempSync(join(directory, 'function-')),
    bundle: part.bundle,
  });
}
const published = () =>
  aws.metrics.read(
    { Namespace: 'App', MetricName: 'Waiting', Dimensions: [{ Name: 'Kind', Value: 'Video' }] },
    { startMs: 0, endMs: Date.now() + 60_000, periodSeconds: 60, statistic: 'Maximum' },
  );

describe('the stand-in', () => {
  it('asks with the variables that the target sets, publishes the number, and answers with it', async () => {
    add({});
    expect(await aws.functions.invoke('own', {})).toEqual({ result: { count: { waiting: 7 } } });
    expect(asked).toMatchObject([
      {
        host: 'api.example.com',
        'x-internal-key': 'the-key',
        'x-tenant': 'shop',
        authorization: 'Bearer the-token',
      },
    ]);
    expect(published()).toMatchObject([{ value: 7 }]);
  });

  it('sends the Host of a variable that the target removes, as long as it is there', async () => {
    add({ OLD_HOST: 'old.example.com' });
    await aws.functions.invoke('own', {});
    expect(asked).toMatchObject([{ host: 'old.example.com' }]);
  });

  it.each([
    ['another status than 200', 500, '{"data":{"waiting":7}}'],
    ['no JSON', 200, 'waiting'],
    ['no number', 200, '{"data":{"waiting":"7"}}'],
  ])('publishes nothing and answers null after %s', async (_what, status, body) => {
    add({});
    answer = { status, body };
    expect(await aws.functions.invoke('own', {})).toEqual({ result: { count: { waiting: null } } });
    expect(published()).toEqual([]);
  });

  it('is found by the alias that the target names', async () => {
    add({}, { alias: 'live' });
    expect(aws.functions.versionsOf('own').alias('live')).toMatchObject({ FunctionVersion: '1' });
    expect(await aws.functions.invoke('own:live', {})).toMatchObject({ result: expect.anything() });
  });
});

describe('a bundle', () => {
  const bundle = (files: Record<string, string>, handler = 'index.handler'): FunctionBundle => {
    const zip = join(mkdtempSync(join(directory, 'zip-')), 'function.zip');
    writeFileSync(
      zip,
      zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))),
    );
    return { zip, handler };
  };

  it.each([
    ['index.js', 'exports.handler = async () => process.env.COUNT_KEY;', 'index.handler'],
    ['src/count.mjs', 'export const run = async () => process.env.COUNT_KEY;', 'src/count.run'],
  ])('runs in its place: %s', async (name, code, handler) => {
    add({}, { bundle: bundle({ [name]: code }, handler) });
    expect(await aws.functions.invoke('own', {})).toEqual({ result: 'the-key' });
    expect(asked).toEqual([]);
  });

  it('is refused if it is none of Node, with the way on', () => {
    expect(() => add({}, { bundle: bundle({ 'index.py': '' }) })).toThrow(
      /holds no index\.js or index\.mjs or index\.cjs, .*; without --function-zip, a stand-in counts/,
    );
  });
});
