/** An env of one parameter for each key: how it is deployed, and copied as known-good. */
import { AwsError } from '../../sandbox/endpoint.ts';
import { aws, contract, deploy, open } from '../support/deploy-api.ts';
import { complete, copyPath, onPath, path, pathEnvOn } from '../support/path-env.ts';

const { put, remove, copied, mark } = pathEnvOn(() => aws);
const denied = () => new AwsError('AccessDeniedException', '');

describe('DeployApi of an env below a path', () => {
  it('hands on what the versions add up to, by which the host sees that it reads no older env', async () => {
    put(complete);
    put({ DB_HOST: 'db2' });
    await deploy({}, onPath);
    const sent = aws.endpoint.calls.find(({ operation }) => operation === 'SendCommand');
    expect(sent?.input).toMatchObject({ Parameters: { envVersion: ['4'] } });
  });

  it('masks in the output of a deploy that fails what any parameter has held', async () => {
    // Words that nobody would mask by their looks.
    const [old, present] = ['hibiscus', 'geranium'];
    await open({ deployScript: `console.error('was ${old}, is ${present}, and more'); process.exit(3)` });
    put({ ...complete, DB_PASSWORD: old });
    put({ DB_PASSWORD: present });
    const failure = await deploy({}, onPath).catch((error: unknown) => String(error));
    expect(failure).toMatch(/was \[redacted\], is \[redacted\], and more/);
  });
});

it('masks what one of several texts says, even if another one counts', async () => {
  const hidden = 'hibiscus';
  await open({ deployScript: `console.error('was ${hidden}, and more'); process.exit(3)` });
  for (const [Name, Value] of [
    ['/app/common', `KEY=${hidden}\n`],
    ['/app/api', 'KEY=1\n'],
  ] as const)
    aws.parameters.put({ Name, Value, Type: 'SecureString' });
  const part = { parameter: { ...contract, name: '/app/common,/app/api' } };
  const failure = await deploy({}, part).catch((error: unknown) => String(error));
  expect(failure).toMatch(/was \[redacted\], and more/);
});

describe('MarkKnownGood of an env below a path', () => {
  it('copies each parameter that differs, and labels none', async () => {
    put(complete);
    expect(await mark(3)).toMatchObject({ outcome: 'Marked', backup: { parameterName: copyPath } });
    expect(copied()).toEqual(complete);
    put({ DB_HOST: 'db2' });
    const writes = aws.countCalls('PutParameter');
    expect(await mark(4)).toMatchObject({ outcome: 'Marked' });
    expect(copied()).toEqual({ ...complete, DB_HOST: 'db2' });
    expect(aws.countCalls('PutParameter')).toBe(writes + 1);
    expect(aws.countCalls('LabelParameterVersion')).toBe(0);
  });

  it('writes nothing where it is copied already', async () => {
    put(complete);
    await mark(3);
    const writes = aws.countCalls('PutParameter');
    expect(await mark(3, false)).toMatchObject({ outcome: 'AlreadyMarked', version: 3 });
    expect(aws.countCalls('PutParameter')).toBe(writes);
  });

  it('keeps a deleted key in the copy, though nothing asks for it and its history is gone', async () => {
    put({ ...complete, OTHER: 'x' });
    await mark(4);
    remove('OTHER');
    expect(await mark(3)).toMatchObject({ outcome: 'KeysLost', loss: { keys: ['OTHER'] } });
    expect(copied()).toEqual({ ...complete, OTHER: 'x' });
  });

  it('is told that a parameter was deleted, and that what it lacks has to be restored first', async () => {
    put(complete);
    await mark(3);
    remove('DB_HOST');
    await expect(mark(3)).rejects.toMatchObject({
      name: 'EnvReplaced',
      message: expect.stringContaining(`${path}: a parameter was deleted, and it is incomplete`),
    });
    await expect(mark(3, false)).rejects.toMatchObject({ name: 'EnvOverlooked' });
    expect(copied()).toEqual(complete);
  });

  it('goes on with a copy that was cut off', async () => {
    put(complete);
    aws.meanwhile('PutParameter', () => aws.fail('PutParameter', denied()), 2);
    await expect(mark(3)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(Object.keys(copied())).toHaveLength(1);
    expect(await mark(3)).toMatchObject({ outcome: 'Marked' });
    expect(copied()).toEqual(complete);
  });
});
