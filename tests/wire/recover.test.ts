import { AwsError } from '../../sandbox/endpoint.ts';
import { complete, useOperator } from '../support/operator.ts';

const { aws, latest, put, run, start } = useOperator();

describe('recover env', () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['an unknown command', ['wipe'], {}, /unknown command/],
    ['a missing file name', ['push'], {}, /missing required argument/],
    ['a file that is not there', ['check', 'nowhere.env'], {}, /nowhere\.env: there is no such file/],
    ['an unknown target', ['check', '--target', 'nobody'], {}, /targets\/nobody\.yml.*sandbox/],
    ['no target', ['check'], { RECOVER_TARGET: '' }, /--target <name>.*There are: .*sandbox/],
    ['an endpoint that is no URL', ['check', '--endpoint-url', 'localhost:4566'], {}, /expected a URL/],
    ['two versions to restore', ['restore', '--version', '1', '--known-good'], {}, /either/],
    ['a version that is no number', ['restore', '--version', 'last'], {}, /number of a version/],
  ])('ends with 2 on %s, and says so in one line', async (_what, commandLine, environment, message) => {
    const { exitCode, stdout, stderr } = await run(commandLine, { environment });
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('gives machines a mistake in the command line as an object, too', async () => {
    const { exitCode, stdout } = await run(['push', '--json']);
    expect({ exitCode, ...JSON.parse(stdout) }).toEqual({
      exitCode: 2,
      error: 'UsageError',
      message: "missing required argument 'file'",
    });
  });

  it('ends with 2 where access is denied, and gives machines the error by name', async () => {
    const denied = new AwsError('AccessDeniedException', 'canary');
    // Without decryption, it is asked for as well.
    aws().fail('GetParameterHistory', denied, denied);
    const { exitCode, stdout } = await run(['check', '--json']);
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({ exitCode: 2, error: 'AccessDenied' });
  });

  it('helps, and ends with 0', async () => {
    expect(await run(['push', '--help'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('--drop'),
      stderr: '',
    });
  });
});

describe('the program recover', () => {
  it('takes a value from standard input, and ends with the exit code', async () => {
    put(complete());
    expect(await start(['env', 'set', 'ADDED'], { input: 'canary\n' })).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toContain('ADDED=canary\n');
    expect(await start(['env', 'set', 'DB_PORT'], { input: 'canary' })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('DB_PORT is not an integer'),
    });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['region', { AWS_DEFAULT_REGION: '' }, /which region: --region <region>/],
    ['credentials', { AWS_ACCESS_KEY_ID: '' }, /credentials are missing.*aws sso login.*--profile <name>/],
  ])('ends with 2 without %s, and says in one line what to do', async (_what, environment, message) => {
    const { exitCode, stderr } = await start(['env', 'check'], { environment });
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(message) });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('is quiet when nobody reads on', async () => {
    put(complete());
    expect(await start(['env', 'history'], { closesOutput: true })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
  });
});
