import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { type CommonOptions, openSession } from '../../cli/session.ts';

const directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
const saved = { ...process.env };
beforeAll(() => {
  writeFileSync(
    join(directory, 'config'),
    '[default]\nregion = eu-west-1\n[profile night]\nregion = ap-northeast-2\n',
  );
  writeFileSync(
    join(directory, 'credentials'),
    '[default]\naws_access_key_id = of-default\naws_secret_access_key = x\n[night]\naws_access_key_id = of-night\naws_secret_access_key = x\n',
  );
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env.AWS_CONFIG_FILE = join(directory, 'config');
  process.env.AWS_SHARED_CREDENTIALS_FILE = join(directory, 'credentials');
});
afterEach(() => {
  for (const name of ['AWS_PROFILE', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
    delete process.env[name];
});
afterAll(() => {
  process.env = saved;
  rmSync(directory, { recursive: true });
});

/** Region and access key with which a session calls. */
async function find(options: CommonOptions, environment: Record<string, string>) {
  Object.assign(process.env, environment);
  const { ssm } = await openSession({ target: 'sandbox', ...options }, surroundings(process.env));
  const { accessKeyId } = await ssm.writer.config.credentials();
  return [await ssm.reader.config.region(), accessKeyId];
}
const surroundings = (environment: NodeJS.ProcessEnv) => ({
  environment,
  input: Readable.from([]),
  output: new Writable(),
  errorOutput: new Writable(),
});
const keys = { AWS_ACCESS_KEY_ID: 'of-environment', AWS_SECRET_ACCESS_KEY: 'x' };

describe('openSession', () => {
  it.each<[string, CommonOptions, Record<string, string>, string[]]>([
    ['the default profile', {}, {}, ['eu-west-1', 'of-default']],
    ['--profile', { profile: 'night' }, {}, ['ap-northeast-2', 'of-night']],
    ['AWS_PROFILE', {}, { AWS_PROFILE: 'night' }, ['ap-northeast-2', 'of-night']],
    ['--region before the profile', { profile: 'night', region: 'us-east-1' }, {}, ['us-east-1', 'of-night']],
    [
      'AWS_REGION before the profile',
      { profile: 'night' },
      { AWS_REGION: 'us-east-1' },
      ['us-east-1', 'of-night'],
    ],
    [
      'keys in the environment before AWS_PROFILE',
      {},
      { ...keys, AWS_PROFILE: 'night' },
      ['ap-northeast-2', 'of-environment'],
    ],
    ['--profile before keys in the environment', { profile: 'night' }, keys, ['ap-northeast-2', 'of-night']],
  ])('takes %s, as the AWS CLI does', async (_what, options, environment, expected) => {
    expect(await find(options, environment)).toEqual(expected);
  });

  it('takes the target from RECOVER_TARGET, and asks for one otherwise', async () => {
    expect(await openSession({}, surroundings({ RECOVER_TARGET: 'sandbox' }))).toMatchObject({
      targetFile: 'targets/sandbox.yml',
      parameterName: '/sandbox/api/env',
    });
    await expect(openSession({}, surroundings({}))).rejects.toThrow(/--target <name>/);
  });

  it("takes the target's folder from --targets or RECOVER_TARGETS, and names the file by its path", async () => {
    const file = join(directory, 'mine.yml');
    copyFileSync(join(import.meta.dirname, '..', '..', 'targets', 'academy-api.yml'), file);
    const expected = { targetFile: file, parameterName: '/academy/api/env' };
    expect(await openSession({ target: 'mine', targets: directory }, surroundings({}))).toMatchObject(
      expected,
    );
    const environment = { RECOVER_TARGET: 'mine', RECOVER_TARGETS: directory };
    expect(await openSession({}, surroundings(environment))).toMatchObject(expected);
    await expect(openSession({}, surroundings({ RECOVER_TARGETS: directory }))).rejects.toThrow(
      /There are: mine$/,
    );
  });
});
