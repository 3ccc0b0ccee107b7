/** `recover sandbox` talks to a sandbox on this machine, and to nothing else. */
import { createServer, type Server } from 'node:http';
import { close, listen } from '../../sandbox/endpoint.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { recover } from '../support/cli.ts';

const played = (url: string, ...words: readonly string[]) => recover(url, ['sandbox', ...words]);

/** Answers every request in the same way, and keeps it. */
async function openOther(status: number, body: string, headers: Record<string, string> = {}) {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, headers).end(body);
  });
  return { asked, url: await listen(server), close: () => close(server) };
}

describe('where it looks', () => {
  it.each([
    'https://ssm.ap-northeast-2.amazonaws.com',
    'http://10.0.0.10:4566',
    'http://127.0.0.1.example.com:4566',
    'http://localhost.example.com',
    'https://127.0.0.1:4566',
    'http://127.0.0.1:4566@example.com/',
    'http://169.254.169.254',
  ])('is not %s, and says so', async (url) => {
    for (const words of [['list'], ['break', 'wipe'], ['mend', 'instance'], ['wait']]) {
      const { exitCode, stderr } = await played(url, ...words);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringMatching(/^UsageError: .* is not on this machine, .*npm run sandbox/),
      });
    }
  });

  it('is the endpoint of the environment, if none is given', async () => {
    const run = (AWS_ENDPOINT_URL: string) =>
      recover(undefined, ['sandbox', 'list'], { environment: { AWS_ENDPOINT_URL } });
    expect((await run('')).stderr).toMatch(
      /^UsageError: no sandbox is named\. Start it with `npm run sandbox`/,
    );
    expect((await run('http://10.0.0.10')).stderr).toMatch(
      /^UsageError: http:\/\/10\.0\.0\.10 is not on this/,
    );
  });

  it.each<[string, number, string, Record<string, string>]>([
    ['another AWS', 200, '{"services":{"ssm":"running"}}', {}],
    ['a page', 200, '<html></html>', {}],
    ['an error', 404, '{"why":"no"}', {}],
    ['a way to somewhere else', 302, '', { location: 'http://example.com/_sandbox' }],
  ])('is not what answers with %s: nothing is broken there', async (_what, status, body, headers) => {
    const other = await openOther(status, body, headers);
    const { exitCode, stderr } = await played(other.url, 'break', 'wipe');
    await other.close();
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('the sandbox') });
    expect(other.asked).toEqual(['GET /_sandbox']);
    expect((await played(other.url, 'list')).stderr).toContain('answers as the sandbox');
  });
});

describe('a sandbox that nobody plays with', () => {
  let aws: TestAws;
  beforeEach(async () => {
    aws = await openAws();
  });
  afterEach(() => aws.close());

  it('answers as any other AWS', async () => {
    const { exitCode, stderr } = await played(aws.endpoint.url, 'break', 'wipe');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining('is not the sandbox'),
    });
  });

  it('passes on why it refuses, and how to say it', async () => {
    aws.endpoint.answerOwn = async ({ path }) => {
      const isFirst = path === '/_sandbox';
      const body = isFirst
        ? { program: 'env-recovery sandbox', target: 'mine', breaks: [] }
        : { why: 'there is no flood; there are: wipe, host' };
      return { status: isFirst ? 200 : 404, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    };
    expect(await played(aws.endpoint.url, 'break', 'flood')).toMatchObject({
      exitCode: 2,
      stderr: 'UsageError: there is no flood; there are: wipe, host\n',
    });
    const { stdout } = await played(aws.endpoint.url, 'break', 'flood', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ error: 'UsageError' });
  });
});
