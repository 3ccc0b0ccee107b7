/** The headers of a target's own, fixed or from the env, as VerifyEndpoint sends them. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { inspect } from 'node:util';
import { verifyEndpoint } from '../../functions/verify-endpoint.ts';
import { close, listen, urlOf } from '../../sandbox/endpoint.ts';
import { parameterName } from '../support/app-names.ts';
import { envFinding, openAws, secret, type TestAws } from '../support/aws.ts';
import { executionRef } from '../support/execution-facts.ts';
import { servicesOf, steppedClock } from '../support/services.ts';

let aws: TestAws;
let api: Server;
let status: number;
const seen: IncomingHttpHeaders[] = [];
const [key, token] = [secret(), secret()];

beforeEach(async () => {
  aws = await openAws();
  status = 200;
  seen.length = 0;
  api = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(status).end('{"backlog":7}');
  });
  await listen(api);
});
afterEach(async () => {
  await close(api);
  await aws.close();
});

function verifyWith(apiToken: string) {
  const Value = `INTERNAL_KEY="${key}"\nAPI_TOKEN="${apiToken}"\n`;
  aws.parameters.put({ Name: parameterName, Value, Type: 'SecureString' });
  const endpoint = {
    url: urlOf(api),
    headers: { 'X-Env': 'prod' },
    headersFromEnv: { Authorization: 'Bearer API_TOKEN', 'X-Tenant-Key': 'API_TOKEN' },
    internalKeyHeader: 'X-Api-Key',
    healthyWithinSeconds: 3,
  };
  const services = { ...servicesOf(aws, { endpoint }, steppedClock()), ssm: aws.ssm.reader };
  return verifyEndpoint({ execution: executionRef(), env: envFinding({}) }, services);
}

describe('the headers of a target', () => {
  it('are sent with the values that their keys have in the env, after the scheme if there is one', async () => {
    const proof = await verifyWith(token);
    expect(seen).toMatchObject([
      { 'x-env': 'prod', authorization: `Bearer ${token}`, 'x-tenant-key': token, 'x-api-key': key },
    ]);
    expect(seen[0]).not.toHaveProperty('x-internal-key');
    expect(JSON.stringify(proof)).not.toContain(token);
  });

  it.each([400, 403, 500])('are not shown in the error of HTTP %d', async (answered) => {
    status = answered;
    const error: unknown = await verifyWith(token).catch((thrown: unknown) => thrown);
    const shown = inspect(error, { depth: 9 });
    expect(shown).toContain(`HTTP ${answered}`);
    for (const hidden of [token, key]) expect(shown).not.toContain(hidden);
  });

  it('stop everything at once where a key has no value, and that key is named', async () => {
    await expect(verifyWith('')).rejects.toMatchObject({
      name: 'InternalKeyMissing',
      message: expect.stringContaining(`parameter ${parameterName} has no value for API_TOKEN after one try`),
    });
    expect(seen).toEqual([]);
  });

  it.each(['\u201Ctoken\u201D', 'two\nlines', '\uC5F4\uC1E0', ' blank '])(
    'stop everything at once where none can carry the value (%j), and its key is named',
    async (spoilt) => {
      const error: unknown = await verifyWith(spoilt).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        name: 'InternalKeyUnusable',
        message: expect.stringContaining('the value of API_TOKEN holds a character'),
      });
      expect(inspect(error, { depth: 9 })).not.toContain(spoilt.trim());
      expect(seen).toEqual([]);
    },
  );
});
