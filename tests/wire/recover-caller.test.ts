/** As whom the CLI calls AWS: by IAM Identity Center, and what every error says of it. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { AwsError, close, listen } from '../../sandbox/endpoint.ts';
import { accountId, region } from '../../sandbox/template.ts';
import { recover } from '../support/cli.ts';
import { complete, useOperator } from '../support/operator.ts';

const { aws, directory, put, run } = useOperator();
const denied = () => new AwsError('AccessDeniedException', 'canary', 403);

describe('a profile of IAM Identity Center', () => {
  let saved: NodeJS.ProcessEnv;
  let portal: Server;
  let asked: { url: string | undefined; token: unknown }[];
  let status: number;
  beforeEach(async () => {
    asked = [];
    status = 200;
    // https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
    portal = createServer(({ url, headers }, response) => {
      asked.push({ url, token: headers['x-amz-sso_bearer_token'] });
      response.writeHead(status, { 'content-type': 'application/json' });
      const roleCredentials = {
        accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
        secretAccessKey: 'canary-secret',
        sessionToken: 'canary-session',
        expiration: Date.now() + 3_600_000,
      };
      response.end(
        JSON.stringify(status === 200 ? { roleCredentials } : { __type: 'UnauthorizedException' }),
      );
    });
    saved = { ...process.env };
    // The SDK reads them from there.
    Object.assign(process.env, {
      HOME: directory(),
      USERPROFILE: directory(),
      AWS_CONFIG_FILE: join(directory(), 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(directory(), 'credentials'),
      AWS_ENDPOINT_URL_SSO: await listen(portal),
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    writeFileSync(
      join(directory(), 'config'),
      `[profile dev]
region = eu-west-1
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Operator
[profile deploy]
region = eu-west-1
source_profile = dev
role_arn = arn:aws:iam::111122223333:role/deploy
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://corp.awsapps.com/start
sso_registration_scopes = sso:account:access
`,
    );
    put(complete());
  });
  afterEach(async () => {
    process.env = saved;
    await close(portal);
  });

  const signIn = (expiresAtMs: number) => {
    const cache = join(directory(), '.aws', 'sso', 'cache');
    mkdirSync(cache, { recursive: true });
    // As `aws sso login` keeps it.
    writeFileSync(
      join(cache, `${createHash('sha1').update('corp').digest('hex')}.json`),
      JSON.stringify({
        startUrl: 'https://corp.awsapps.com/start',
        region: 'eu-west-1',
        accessToken: 'canary-token',
        expiresAt: new Date(expiresAtMs).toISOString(),
      }),
    );
  };
  const environment = { AWS_DEFAULT_REGION: '' };
  const check = (profile: string) => run(['check', '--profile', profile], { environment });
  const wayOn = (profile: string) =>
    `CredentialsExpired: Profile ${profile}: the sign-in of IAM Identity Center has expired, or may not take this role. Run \`aws sso login --profile dev\`, and then this command again. This was in eu-west-1 (profile ${profile}) at ${aws().endpoint.url}.\n`;

  it('calls as the role that the sign-in gives', async () => {
    signIn(Date.now() + 3_600_000);
    expect(await check('dev')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(asked).toEqual([
      { url: '/federation/credentials?account_id=111122223333&role_name=Operator', token: 'canary-token' },
    ]);
  });

  it.each<[string, () => void]>([
    ['nobody has signed in', () => undefined],
    ['the sign-in has expired', () => signIn(Date.now() - 1000)],
    [
      'the sign-in is not taken any more',
      () => {
        signIn(Date.now() + 3_600_000);
        status = 401;
      },
    ],
  ])('says how to sign in again if %s', async (_what, prepare) => {
    prepare();
    const { exitCode, stderr } = await check('dev');
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: wayOn('dev') });
  });

  it('names the profile to sign in with, if another one takes its role from that', async () => {
    expect(await check('deploy')).toMatchObject({ exitCode: 2, stderr: wayOn('deploy') });
  });
});

describe('an error', () => {
  const where = () => `${accountId}, ${region} (keys of the environment) at ${aws().endpoint.url}`;

  it('says in which account and region it was, and whose keys they were', async () => {
    aws().fail('GetParameterHistory', denied(), denied());
    const { exitCode, stderr } = await run(['check']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^AccessDenied: [^\n]+\n$/);
    expect(stderr).toContain(` This was in ${where()}.\n`);
    expect(aws().countCalls('GetCallerIdentity')).toBe(1);
  });

  it('tells machines the same', async () => {
    aws().fail('GetParameterHistory', denied(), denied());
    const { stdout } = await run(['check', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      error: 'AccessDenied',
      message: expect.stringContaining(`This was in ${where()}.`),
    });
  });

  it.each(['drop-before' as const, denied()])('leaves the account out if nobody says: %p', async (fault) => {
    aws().fail('GetParameterHistory', denied(), denied());
    aws().fail('GetCallerIdentity', fault, fault, fault, fault);
    const { stderr } = await run(['check']);
    expect(stderr).toContain(` This was in ${where().replace(`${accountId}, `, '')}.\n`);
  });

  it.each([['check'], ['history'], ['pull', 'x.env'], ['set', 'NEW_KEY']])(
    'says where the parameter is missing: %s',
    async (...commandLine) => {
      const { exitCode, stdout, stderr } = await run(commandLine, { input: 'canary-value' });
      expect(exitCode).toBe(1);
      expect(stdout + stderr).toContain(`/sandbox/api/env: there is no such parameter in ${where()}. `);
    },
  );

  it('asks nobody for the account while all goes well, and where nothing is called', async () => {
    put(complete());
    expect(await run(['check'])).toMatchObject({ exitCode: 0 });
    await recover(aws().endpoint.url, ['env', 'check', 'missing.env']);
    expect(aws().countCalls('GetCallerIdentity')).toBe(0);
  });
});
