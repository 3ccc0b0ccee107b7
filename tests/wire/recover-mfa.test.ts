/** A profile whose role wants a code of the person's device, as the AWS CLI knows it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyAll } from '../../sandbox/copy.ts';
import { type Endpoint, openEndpoint } from '../../sandbox/endpoint.ts';
import { recover } from '../support/cli.ts';
import { complete, useOperator } from '../support/operator.ts';
import { stsService } from '../support/sts.ts';

const { aws, directory, put, run, start } = useOperator();
const device = 'arn:aws:iam::111122223333:mfa/dev';

let sts: Endpoint;
let saved: NodeJS.ProcessEnv;
let environment: Record<string, string>;
beforeEach(async () => {
  sts = await openEndpoint([stsService()]);
  copyAll(join(import.meta.dirname, '..', 'support', 'cases', '17-mfa-profile'), directory());
  environment = {
    AWS_CONFIG_FILE: join(directory(), 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory(), 'credentials'),
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  saved = { ...process.env };
  // The SDK reads them from there.
  Object.assign(process.env, environment);
  put(complete());
});
afterEach(async () => {
  process.env = saved;
  await sts.close();
});

const check = ['check', '--profile', 'ops'];
/** Whom every error names. */
const asked = () => ` This was in ap-northeast-2 (profile ops) at ${aws().endpoint.url}.\n`;

it('is asked for the code once, which is not shown, and whatever the command calls is called as the role', async () => {
  const { exitCode, stderr } = await run(check, { typed: ['123456\n'] });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: `MFA code for ${device}: \n` });
  expect(sts.calls).toMatchObject([
    {
      operation: 'AssumeRole',
      region: 'ap-northeast-2',
      input: {
        RoleArn: 'arn:aws:iam::111122223333:role/ops',
        SerialNumber: device,
        TokenCode: '123456',
      },
    },
  ]);
  expect(aws().endpoint.calls.length).toBeGreaterThan(0);
});

it('asks for a value first, where a command does, and then for the code', async () => {
  const { exitCode } = await run(['set', 'NEW_KEY', '--profile', 'ops'], { typed: ['canary\n', '123456\n'] });
  expect(exitCode).toBe(0);
});

it('says that a code works once, and does not ask for another', async () => {
  await run(check, { typed: ['123456\n'] });
  const { exitCode, stderr } = await run(check, { typed: ['123456\n'] });
  expect(exitCode).toBe(2);
  expect(stderr).toBe(
    `MFA code for ${device}: \nCredentialsExpired: sts:AssumeRole for profile ops, with a code of ${device}: access denied. A code works once: run the command again with the next one. If that one is denied too, the role does not trust you.${asked()}`,
  );
});

it('asks no second time where STS has not answered, and many calls need the code', async () => {
  sts.injectFault = () => 'drop-before';
  const { stderr } = await recover(aws().endpoint.url, ['doctor', '--profile', 'ops'], {
    typed: ['123456\n', '234567\n'],
  });
  expect(stderr.split('MFA code for ').length - 1).toBe(1);
});

it.each(['\u0003', '12345\n', 'abcdef\n', '123456\n654321\n'])('takes %j for no code', async (typed) => {
  const { exitCode, stderr } = await run(check, { typed: [typed] });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: `MFA code for ${device}: \nCredentialsExpired: No code of ${device} was given. Run the command again, and type the six digits that the device shows.${asked()}`,
  });
  expect(sts.calls).toEqual([]);
});

it('refuses in one line where there is no terminal, and takes nothing from a pipe for the code', async () => {
  const { exitCode, stderr } = await run(['set', 'NEW_KEY', '--profile', 'ops'], { input: '123456' });
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: `CredentialsExpired: The role of profile ops wants a code of ${device}, and there is no terminal to ask for it on. Put temporary keys into the environment first, which \`aws configure export-credentials --profile ops --format env\` prints (or powershell, windows-cmd), and leave --profile out.${asked()}`,
  });
  expect([...sts.calls, ...aws().endpoint.calls]).toEqual([]);
});

it('says so if STS does not answer', async () => {
  sts.injectFault = () => 'drop-before';
  const { exitCode, stderr } = await run(check, { typed: ['123456\n'] });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('\nAwsUnavailable: sts:AssumeRole on the role of profile ops: ');
});

it('says in one line that the profile behind the role has no keys', async () => {
  writeFileSync(join(directory(), 'credentials'), '');
  const { exitCode, stderr } = await start(['env', ...check], { environment });
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^CredentialsExpired: [^\n]+\n$/);
});
