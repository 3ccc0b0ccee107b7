import { ssmOfBackup } from '../../aws/ssm-clients.ts';
import { markKnownGood } from '../../functions/mark-known-good.ts';
import { AwsError, type Call } from '../../sandbox/endpoint.ts';
import { region } from '../../sandbox/template.ts';
import { knownGoodLabel, lossAcceptedLabel } from '../../workflow/versions.ts';
import { completeText, rules, unnamedKeys, without } from '../support/academy-env.ts';
import { otherRegion, parameterName } from '../support/app-names.ts';
import type { TargetPart } from '../support/app-target.ts';
import { envFinding, openAws, type TestAws } from '../support/aws.ts';
import { giveLease } from '../support/execution.ts';
import { executionRef, provenBy } from '../support/execution-facts.ts';
import { servicesOf, steppedClock } from '../support/services.ts';
import { backupName } from '../support/upload-env.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const contract = { requiredKeys: ['A'], requiredPrefixes: [], rules: {} };
/** In an execution that starts when the version is there, `days` later. */
const mark = async (
  version = 1,
  part: TargetPart = {},
  {
    isDeployed = true,
    days = 0,
    hasLease = true,
  }: { isDeployed?: boolean; days?: number; hasLease?: boolean } = {},
) => {
  const nowMs = Date.now() + days * 24 * 60 * 60 * 1000;
  const execution = executionRef({ startedAt: new Date(nowMs + 1).toISOString() });
  await giveLease(aws, hasLease ? execution : executionRef({ name: 'other' }));
  const services = servicesOf(
    aws,
    { parameter: contract, restore: { backupParameter: backupName }, ...part },
    { ...steppedClock(), now: () => nowMs },
  );
  return markKnownGood(
    {
      execution,
      ...provenBy(isDeployed ? new Date(nowMs + 1).toISOString() : undefined),
      env: envFinding({ keys: ['A'], version }),
    },
    { ...services, ssm: aws.ssm, backupSsm: ssmOfBackup(aws.ssm, services.target.restore, aws.clientConfig) },
  );
};
const put = (Value: string, Name = parameterName) =>
  aws.parameters.put({ Name, Value, Type: 'SecureString', Overwrite: true });
const known = () => aws.parameters.get(`${parameterName}:${knownGoodLabel}`);
const writes = () => ['PutParameter', 'LabelParameterVersion'].map((operation) => aws.countCalls(operation));

describe('MarkKnownGood', () => {
  it('labels the version that was seen to work, and copies it to the backup, encrypted', async () => {
    put('A=1\n');
    expect(await mark()).toMatchObject({
      outcome: 'Marked',
      version: 1,
      backup: { parameterName: backupName, version: 1 },
    });
    expect(known()).toMatchObject({ Version: 1 });
    expect(aws.parameters.get(backupName)).toMatchObject({ Type: 'SecureString', Value: 'A=1\n' });
  });

  it('moves the label forward, and takes it off the version before', async () => {
    put('A=1\n');
    await mark();
    put('A=2\n');
    expect(await mark(2)).toMatchObject({ outcome: 'Marked', version: 2, backup: { version: 2 } });
    expect(known()).toMatchObject({ Version: 2, Value: 'A=2\n' });
    expect(aws.parameters.history(parameterName).map(({ Labels }) => Labels)).toEqual([[], [knownGoodLabel]]);
  });

  it('writes nothing that is there already', async () => {
    put('A=1\n');
    await mark();
    const before = writes();
    expect(await mark()).toMatchObject({ outcome: 'AlreadyMarked', backup: { version: 1 } });
    expect(writes()).toEqual(before);
  });

  it('marks nothing if somebody has written the parameter since', async () => {
    put('A=1\n');
    put('A=2\n');
    expect(await mark(1)).toMatchObject({ outcome: 'Replaced', version: 2, backup: null });
    expect(writes()).toEqual([0, 0]);
  });

  it('marks nothing in a parameter that was created again after the execution started', async () => {
    put('A=1\n');
    await mark();
    aws.parameters.delete(parameterName);
    put('A=unseen\n');
    expect(await mark(1, {}, { days: -1 })).toMatchObject({ outcome: 'Replaced' });
    expect(aws.parameters.get(backupName).Value).toBe('A=1\n');
  });

  it('marks nothing that was written after the deploy had started', async () => {
    put('A=never deployed\n');
    expect(await mark(1, {}, { days: -1 })).toMatchObject({ outcome: 'Replaced' });
    expect(writes()).toEqual([0, 0]);
  });

  it('takes what was not deployed for proven only when it has stood for a day', async () => {
    put('A=1\n');
    expect(await mark(1, {}, { isDeployed: false })).toMatchObject({
      outcome: 'NotProven',
      version: 1,
      backup: null,
    });
    expect(writes()).toEqual([0, 0]);
    expect(await mark(1, {}, { isDeployed: false, days: 1 })).toMatchObject({ outcome: 'Marked' });
  });

  it('moves a backup up to Advanced that has become too long for Standard', async () => {
    put('A=1\n', backupName);
    aws.parameters.put({
      Name: parameterName,
      Value: `A=${'v'.repeat(5000)}\n`,
      Type: 'SecureString',
      Tier: 'Advanced',
    });
    expect(await mark()).toMatchObject({ outcome: 'Marked', backup: { version: 2 } });
    expect(aws.parameters.get(backupName).Tier).toBe('Advanced');
  });

  it('copies a version that may hold fewer keys than the copy before it, which stays in the history', async () => {
    put('A=1\nOLD=2\n', backupName);
    put('A=1\n');
    aws.parameters.label(parameterName, 1, [lossAcceptedLabel]);
    await mark();
    expect(aws.parameters.history(backupName).map(({ Value }) => Value)).toEqual(['A=1\nOLD=2\n', 'A=1\n']);
  });

  describe('with a backup in another region', () => {
    const restore = { backupParameter: backupName, backupRegion: otherRegion };

    it('writes the copy there, with a key of that region, none in its own, and goes by it', async () => {
      put('A=1\nB=1\n');
      const backupKmsKeyArn = `arn:aws:kms:${otherRegion}:111122223333:key/00000000-0000-0000-0000-000000000000`;
      const kmsKeyArn = backupKmsKeyArn.replace(otherRegion, region);
      expect(
        await mark(1, { parameter: { ...contract, kmsKeyArn }, restore: { ...restore, backupKmsKeyArn } }),
      ).toMatchObject({ outcome: 'Marked', backup: { parameterName: backupName, version: 1 } });
      expect(aws.elsewhere.get(backupName)).toMatchObject({ Value: 'A=1\nB=1\n', KeyId: backupKmsKeyArn });
      expect(() => aws.parameters.get(backupName)).toThrow(AwsError);
      expect(known()).toMatchObject({ Version: 1 });
      aws.parameters.delete(parameterName);
      put('A=1\n');
      expect(await mark(1, { restore })).toMatchObject({ outcome: 'KeysLost', loss: { keys: ['B'] } });
    });

    it('fails with the region in the message where it cannot be reached, and copies when it is tried again', async () => {
      put('A=1\n');
      aws.parameters.label(parameterName, 1, [knownGoodLabel]);
      put('A=2\n');
      const isDown = ({ region }: Call) => (region === otherRegion ? 'drop-before' : undefined);
      const { injectFault } = aws.endpoint;
      aws.endpoint.injectFault = isDown;
      await expect(mark(2, { restore })).rejects.toMatchObject({
        name: 'AwsUnavailable',
        message: expect.stringMatching(
          new RegExp(
            `^The backup parameter is in ${otherRegion}\\. ssm:GetParameter on parameter ${backupName}`,
          ),
        ),
      });
      // What is known to work is marked all the same.
      expect(known()).toMatchObject({ Version: 2 });
      aws.endpoint.injectFault = injectFault;
      expect(await mark(2, { restore })).toMatchObject({ outcome: 'AlreadyMarked', backup: { version: 1 } });
    });
  });

  it('labels without a backup parameter, too', async () => {
    put('A=1\n');
    expect(await mark(1, { restore: { backupParameter: undefined } })).toMatchObject({
      outcome: 'Marked',
      version: 1,
      backup: null,
    });
    expect(known()).toMatchObject({ Version: 1 });
  });

  it('names action and resource where labelling is denied', async () => {
    put('A=1\n');
    aws.fail('LabelParameterVersion', new AwsError('AccessDeniedException', ''));
    await expect(mark()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(/ssm:LabelParameterVersion on parameter \/app\/env/),
    });
  });

  it('labels again after an answer that got lost', async () => {
    put('A=1\n');
    aws.fail('LabelParameterVersion', 'drop-after');
    await expect(mark()).rejects.toMatchObject({ name: 'AwsUnavailable' });
    expect(await mark()).toMatchObject({ outcome: 'AlreadyMarked' });
  });

  it('fails as EnvReplaced where somebody has left the parameter incomplete meanwhile', async () => {
    put('A=1\n');
    put('B=1\n');
    await expect(mark()).rejects.toMatchObject({
      name: 'EnvReplaced',
      message: expect.stringContaining(parameterName),
    });
    aws.parameters.delete(parameterName);
    await expect(mark()).rejects.toMatchObject({ name: 'EnvReplaced' });
    expect(writes()).toEqual([0, 0]);
  });

  it('marks and copies nothing without the lease', async () => {
    put('A=1\n');
    await expect(mark(1, {}, { hasLease: false })).rejects.toMatchObject({ name: 'LeaseLost' });
    expect(writes()).toEqual([0, 0]);
  });
});

describe('MarkKnownGood after four keys that no contract names were lost', () => {
  const academy: TargetPart = { parameter: { ...rules.contract, reader: rules.reader, name: parameterName } };
  const lossy = without(unnamedKeys);
  beforeEach(async () => {
    put(completeText);
    await mark(1, academy);
    put(lossy);
  });

  it.each([
    { isDeployed: true, days: 0 },
    { isDeployed: false, days: 0 },
    { isDeployed: false, days: 9 },
  ])('leaves label and backup where they are, and names the keys: %p', async (how) => {
    const before = writes();
    expect(await mark(2, academy, how)).toMatchObject({
      outcome: 'KeysLost',
      version: 2,
      why: `it lacks 4 keys of known-good version 1 since version 2: ${unnamedKeys.join(', ')}`,
      backup: null,
      loss: { keys: unnamedKeys, hiddenCount: 0, since: { version: 2 } },
    });
    expect(known()).toMatchObject({ Version: 1 });
    expect(aws.parameters.get(backupName)).toMatchObject({ Version: 1, Value: completeText });
    expect(writes()).toEqual(before);
  });

  it('lets label and backup follow once the loss is accepted', async () => {
    aws.parameters.label(parameterName, 2, [lossAcceptedLabel]);
    expect(await mark(2, academy)).toMatchObject({ outcome: 'Marked', backup: { version: 2 } });
    expect(known()).toMatchObject({ Version: 2 });
    expect(aws.parameters.get(backupName).Value).toBe(lossy);
  });

  it('goes by the backup where the label is gone with the history', async () => {
    aws.parameters.delete(parameterName);
    put(lossy);
    expect(await mark(1, academy)).toMatchObject({
      outcome: 'KeysLost',
      loss: { keys: unnamedKeys, source: { kind: 'backup', parameterName: backupName, version: 1 } },
    });
    expect(aws.parameters.get(backupName)).toMatchObject({ Version: 1, Value: completeText });
  });

  it('marks nothing where the backup has to be read for that, and can not be', async () => {
    aws.parameters.unlabel(parameterName, 1, [knownGoodLabel]);
    const before = writes();
    aws.fail('GetParameter', new AwsError('AccessDeniedException', ''));
    expect(await mark(2, academy)).toMatchObject({
      outcome: 'NotProven',
      why: 'nobody could see whether it has lost keys (AccessDenied)',
    });
    expect(writes()).toEqual(before);
  });

  it('is tried again where the backup can not be read at the moment', async () => {
    aws.parameters.unlabel(parameterName, 1, [knownGoodLabel]);
    aws.fail('GetParameter', new AwsError('ExpiredTokenException', ''));
    await expect(mark(2, academy)).rejects.toMatchObject({ name: 'CredentialsExpired' });
  });

  it('takes no older version for a loss that a read still shows', async () => {
    aws.meanwhile('GetParameterHistory', () => put(`${completeText}ADDED=1\n`), 2);
    expect(await mark(3, academy)).toMatchObject({ outcome: 'Marked', version: 3 });
  });
});
