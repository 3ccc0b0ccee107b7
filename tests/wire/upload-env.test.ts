import type { EnvContract } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import type { EnvReader } from '../../env/readers/readers.ts';
import { uploadEnv } from '../../functions/upload-env.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { EnvFinding } from '../../workflow/states.ts';
import { knownGoodLabel } from '../../workflow/versions.ts';
import { envFinding, fastClock, openAws, parameterName, secret, type TestAws } from '../support/aws.ts';
import { executionRef, giveLease, leaseSettings, recoveryPlan } from '../support/execution.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const backupName = '/app/env-backup';
const contract: EnvContract = {
  requiredKeys: ['DB_HOST', 'DB_PASSWORD'],
  requiredPrefixes: ['R2_'],
  rules: {},
};
const settings = {
  ...leaseSettings,
  ENV_PARAMETER: parameterName,
  ENV_READER: 'dotenv' as EnvReader,
  ENV_CONTRACT: contract,
  BACKUP_PARAMETER: backupName as string | undefined,
  KMS_KEY_ID: undefined as string | undefined,
};
const finding = (part: Partial<EnvFinding> = {}) =>
  envFinding({ complete: false, finding: 'Incomplete', version: 0, sizeBytes: 0, ...part });
const missing = { finding: 'Missing' as const, keys: [] };
const upload = async (
  env = finding(),
  part: Partial<typeof settings> = {},
  plan = recoveryPlan(),
  owner = 'run-1',
) => {
  await giveLease(aws, executionRef({ name: owner }));
  return uploadEnv(
    { execution: executionRef(), env, plan },
    {
      settings: { ...settings, ...part },
      clock: fastClock(50),
      ssm: aws.ssm,
      dynamo: aws.dynamo,
      sfn: aws.sfn,
    },
  );
};
const put = (Value: string, Name = parameterName) =>
  aws.parameters.put({ Name, Value, Type: 'SecureString', Overwrite: true });
const latest = () => aws.parameters.get(parameterName);
const keysNow = () => [...effectiveEntries(readEnvText(latest().Value, 'dotenv')).keys()];
const complete = (host: string) => `# the database\nDB_HOST=${host}\nDB_PASSWORD=p\nR2_KEY=r\n`;

describe('UploadEnv', () => {
  it('restores from the newest complete version, not merely the previous one', async () => {
    put(complete('first'));
    put(complete('second'));
    put('DB_HOST=half\n');
    put('KEY=new\n');
    const output = await upload(finding({ version: 4 }));
    expect(output).toMatchObject({
      outcome: 'Restored',
      source: { kind: 'history', version: 2, isKnownGood: false },
      previousVersion: 4,
      version: 5,
      restoredKeys: ['DB_HOST', 'DB_PASSWORD', 'R2_KEY'],
    });
    expect(latest().Value).toBe(`# the database\nDB_HOST=second\nDB_PASSWORD=p\nR2_KEY=r\nKEY=new\n`);
  });

  it('writes nothing without the lease', async () => {
    put(complete('first'));
    put('KEY=new\n');
    await expect(upload(finding({ version: 2 }), {}, recoveryPlan(), 'other')).rejects.toMatchObject({
      name: 'LeaseLost',
    });
    expect(latest().Version).toBe(2);
  });

  it('writes over no other version than was approved', async () => {
    put(complete('first'));
    put('KEY=new\n');
    put('KEY=newer\n');
    const plan = (version: number) =>
      recoveryPlan({
        needsApproval: true,
        parameter: { parameterName, finding: 'Incomplete', version, modifiedAt: null },
      });
    await expect(upload(finding({ version: 2 }), {}, plan(2))).rejects.toMatchObject({
      name: 'PlanOutdated',
    });
    expect(latest().Version).toBe(3);
    expect(await upload(finding({ version: 3 }), {}, plan(3))).toMatchObject({ version: 4 });
    put(complete('of somebody'));
    await expect(upload(finding({ version: 3 }), {}, plan(5))).resolves.toMatchObject({ version: 5 });
    await expect(upload(finding({ version: 3 }), {}, plan(2))).rejects.toMatchObject({
      name: 'PlanOutdated',
    });
    aws.parameters.delete(parameterName);
    put(complete('first'));
    put('KEY=new\n');
    put('KEY=newer\n');
    await upload(finding({ version: 3 }), {}, plan(3));
    // A retry behind a lost answer finds it done.
    expect(await upload(finding({ version: 3 }), {}, plan(3))).toMatchObject({ outcome: 'AlreadyComplete' });
  });

  it('does not take the complete text of somebody else for the approved one, and merges all the same what its own write has replaced', async () => {
    put(complete('first'));
    put('KEY=1\n');
    const plan = recoveryPlan({
      needsApproval: true,
      parameter: { parameterName, finding: 'Incomplete', version: 2, modifiedAt: null },
    });
    put(`${complete('of somebody')}KEY=2\n`);
    await expect(upload(finding({ version: 2 }), {}, plan)).rejects.toMatchObject({ name: 'PlanOutdated' });

    // The write of an earlier try, which had not seen that one.
    put(`${complete('first')}KEY=1\n`);
    expect(await upload(finding({ version: 2 }), {}, plan)).toMatchObject({ version: 5 });
    expect(latest().Value).toContain('DB_HOST=of somebody');
  });

  it('prefers the known-good version to newer ones, and says which values it has taken back', async () => {
    put(complete('proven'));
    put(complete('tried'));
    put(`${complete('tried')}ADDED=later\n`);
    put('KEY=new\n');
    aws.parameters.label(parameterName, 1, [knownGoodLabel]);
    expect(await upload(finding({ version: 4 }))).toMatchObject({
      source: { kind: 'history', version: 1, isKnownGood: true },
      restoredKeys: ['DB_HOST', 'DB_PASSWORD', 'R2_KEY', 'ADDED'],
      revertedKeys: ['DB_HOST'],
    });
    expect(latest().Value).toBe(`${complete('proven')}ADDED=later\nKEY=new\n`);
  });

  it('does not go back behind a version that has stood for a day', async () => {
    put(complete('proven'));
    put(complete('lived-with'));
    put('KEY=new\n');
    aws.parameters.label(parameterName, 1, [knownGoodLabel]);
    const [, stood] = aws.parameters.history(parameterName);
    stood?.LastModifiedDate.setTime(Date.now() - 25 * 60 * 60 * 1000);
    expect(await upload(finding({ version: 3 }))).toMatchObject({
      source: { version: 2, isKnownGood: false },
      revertedKeys: [],
    });
  });

  it('takes keys, but no comments, from versions newer than the one it restores', async () => {
    put(complete('proven'));
    for (let number = 2; number <= 60; number += 1)
      put(`# generated by script ${number} at some time of some day\n${complete('x')}ADDED=${number}\n`);
    put('KEY=new\n');
    aws.parameters.label(parameterName, 1, [knownGoodLabel]);
    await upload(finding({ version: 61 }));
    expect(latest().Value).toBe(`${complete('proven')}ADDED=60\nKEY=new\n`);
  });

  it('passes over a known-good version that the contract has outgrown', async () => {
    put('DB_HOST=old\n');
    put(complete('newer'));
    put('KEY=new\n');
    aws.parameters.label(parameterName, 1, [knownGoodLabel]);
    expect(await upload(finding({ version: 3 }))).toMatchObject({
      source: { kind: 'history', version: 2, isKnownGood: false },
      revertedKeys: [],
    });
  });

  it('writes a complete env without the BOM and CRLF over which its reader stumbles', async () => {
    put(`\uFEFF${complete('x').replaceAll('\n', '\r\n')}`);
    const shell = { ENV_READER: 'shell' as const };
    expect(
      await upload(finding({ version: 1, keys: ['DB_HOST', 'DB_PASSWORD', 'R2_KEY'] }), shell),
    ).toMatchObject({
      outcome: 'Restored',
      source: null,
      restoredKeys: [],
    });
    expect(latest().Value).toBe(complete('x'));
  });

  it('lets a current value win over the restored one, and fills a blank one', async () => {
    put(complete('old'));
    put('DB_HOST=new\nDB_PASSWORD=\n');
    await upload(finding({ keys: ['DB_HOST', 'DB_PASSWORD'], blankKeys: ['DB_PASSWORD'] }));
    expect(latest().Value).toBe('# the database\nDB_HOST=new\nDB_PASSWORD=p\nR2_KEY=r\n');
  });

  it('replaces a text that is no env at all, such as the error message of a tool', async () => {
    put(complete('x'));
    put('An error occurred (AccessDenied) when calling the GetParameter operation\n');
    const settingsForDocker = { ENV_READER: 'docker' as const };
    await upload(finding({ version: 2, keys: [] }), settingsForDocker);
    expect(latest().Value).toBe(complete('x'));
  });

  it('restores a parameter that is missing from the backup, as a SecureString', async () => {
    put(complete('backup'), backupName);
    const output = await upload(finding({ ...missing }));
    expect(output).toMatchObject({
      outcome: 'Restored',
      source: { kind: 'backup', parameterName: backupName, version: 1 },
      version: 1,
    });
    expect(latest()).toMatchObject({ Type: 'SecureString', Value: complete('backup') });
  });

  it('fails as EnvRestoreFailed without a complete source, and writes nothing', async () => {
    put('DB_HOST=half\n');
    put('KEY=new\n');
    put('DB_PASSWORD=half\n', backupName);
    await expect(upload()).rejects.toMatchObject({ name: 'EnvRestoreFailed' });
    await expect(upload(finding(), { BACKUP_PARAMETER: undefined })).rejects.toMatchObject({
      name: 'EnvRestoreFailed',
    });
    expect(aws.countCalls('PutParameter')).toBe(0);
    expect(latest()).toMatchObject({ Version: 2, Value: 'KEY=new\n' });
  });

  it('fails as EnvRestoreFailed on a missing parameter without a backup, and creates nothing', async () => {
    await expect(upload(finding({ ...missing }))).rejects.toMatchObject({ name: 'EnvRestoreFailed' });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('keeps description, key, tier and the allowed pattern', async () => {
    aws.parameters.put({
      Name: parameterName,
      Value: complete('x'),
      Type: 'SecureString',
      KeyId: 'alias/own',
      Description: 'about it',
      AllowedPattern: '.*',
      Tier: 'Advanced',
    });
    aws.parameters.put({
      Name: parameterName,
      Value: 'KEY=new\n',
      Overwrite: true,
      Description: 'about it',
      AllowedPattern: '.*',
      Tier: 'Advanced',
    });
    await upload();
    expect(latest()).toMatchObject({
      Type: 'SecureString',
      KeyId: 'alias/own',
      Description: 'about it',
      AllowedPattern: '.*',
      Tier: 'Advanced',
    });
  });

  it('turns a String into a SecureString', async () => {
    aws.parameters.put({ Name: parameterName, Value: complete('x'), Type: 'String' });
    aws.parameters.put({ Name: parameterName, Value: 'KEY=1', Type: 'String', Overwrite: true });
    await upload();
    expect(latest().Type).toBe('SecureString');
  });

  it('writes nothing when the parameter is complete by now, as after a try whose answer got lost', async () => {
    put('KEY=new\n');
    const env = finding({ version: 1 });
    put(complete('restored'));
    expect(await upload(env)).toMatchObject({
      outcome: 'AlreadyComplete',
      version: 2,
      restoredKeys: ['DB_HOST', 'DB_PASSWORD', 'R2_KEY'],
    });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('looks before it writes again when the answer to a write gets lost', async () => {
    put(complete('x'));
    put('KEY=new\n');
    aws.fail('PutParameter', 'drop-after');
    expect(await upload()).toMatchObject({ outcome: 'Restored', version: 3 });
    expect(aws.countCalls('PutParameter')).toBe(1);
  });

  it('merges again what somebody else has written in between', async () => {
    put(complete('x'));
    put('KEY=new\n');
    aws.meanwhile('PutParameter', () => put('KEY=newer\nOTHER=theirs\n'));
    await upload();
    expect(keysNow().sort()).toEqual(['DB_HOST', 'DB_PASSWORD', 'KEY', 'OTHER', 'R2_KEY']);
    expect(latest().Value).toContain('KEY=newer\n');
  });

  it('does not overwrite a parameter that somebody creates in between', async () => {
    put(complete('backup'), backupName);
    const env = finding({ ...missing });
    aws.meanwhile('PutParameter', () => put('OWN=theirs\n'));
    await upload(env);
    expect(keysNow().sort()).toEqual(['DB_HOST', 'DB_PASSWORD', 'OWN', 'R2_KEY']);
  });

  it('gives up as EnvWriteConflict on a writer that never stops, with nothing lost', async () => {
    put(complete('x'));
    put('KEY=new\n');
    let writes = 0;
    aws.endpoint.injectFault = ({ operation }) => {
      if (operation === 'PutParameter') put(`KEY=new\nOTHER_${writes++}=theirs\n`);
      return undefined;
    };
    await expect(upload(finding({ version: 2 }))).rejects.toMatchObject({ name: 'EnvWriteConflict' });
    aws.endpoint.injectFault = () => undefined;
    // The retry of the state, when that writer is gone.
    await upload(finding({ version: 2 }));
    const theirs = Array.from({ length: writes }, (_, index) => `OTHER_${index}`);
    expect(keysNow()).toEqual(expect.arrayContaining(['DB_HOST', 'KEY', ...theirs]));
  });

  it('merges what somebody wrote in between also after a crash right behind the write', async () => {
    put(complete('x'));
    put('KEY=1\n');
    let isTheirTurn = true;
    aws.endpoint.injectFault = ({ operation }) => {
      if (operation === 'PutParameter' && isTheirTurn) {
        isTheirTurn = false;
        put('KEY=2\nTHEIRS=new\n');
      }
      const hasWritten = aws.parameters.history(parameterName).length > 3;
      return operation === 'GetParameterHistory' && hasWritten
        ? new AwsError('AccessDeniedException', '')
        : undefined;
    };
    await expect(upload(finding({ version: 2 }))).rejects.toMatchObject({
      name: 'EnvWriteConflict',
      message: expect.stringContaining('AccessDenied'),
    });
    expect(keysNow()).not.toContain('THEIRS');
    aws.endpoint.injectFault = () => undefined;
    expect(await upload(finding({ version: 2 }))).toMatchObject({ outcome: 'Restored' });
    expect(latest().Value).toMatch(/^KEY=2\n/m);
    expect(latest().Value).toMatch(/^THEIRS=new\n/m);
  });

  it("leaves an operator's own restore alone, and what they have taken out of it", async () => {
    put(`${complete('x')}LEAKED_TOKEN=1\n`);
    put('KEY=1\n');
    put(`${complete('x')}LEAKED_TOKEN=1\nKEY=1\n`);
    put(`${complete('x')}KEY=1\n`);
    expect(await upload(finding({ version: 2 }))).toMatchObject({ outcome: 'AlreadyComplete', version: 4 });
    expect(keysNow()).not.toContain('LEAKED_TOKEN');
  });

  it('writes nothing that has become unsound since it was validated', async () => {
    put(complete('x'));
    put('KEY=1\n');
    put('KEY=1\nDB_HOST={{ host }}\n');
    await expect(upload(finding({ version: 2 }))).rejects.toMatchObject({ name: 'EnvInvalid' });
    put('KEY=1\nDB_HOST="open\n');
    await expect(upload(finding({ version: 2 }))).rejects.toMatchObject({ name: 'EnvInvalid' });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('refuses a text over the limit of its tier before the call, with size and limit', async () => {
    put(`${complete('x')}BIG=${'x'.repeat(3000)}\n`);
    put(`KEY=${'y'.repeat(3000)}\n`);
    await expect(upload()).rejects.toMatchObject({
      name: 'EnvTooLarge',
      message: expect.stringMatching(/60\d\d bytes, a parameter of the tier Standard holds 4096/),
    });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('reads a history of more than one page, and writes the 101st version', async () => {
    put(complete('x'));
    for (let version = 2; version <= 100; version += 1) put(`KEY=${version}\n`);
    expect(await upload()).toMatchObject({ source: { version: 1 }, version: 101 });
  });

  it('fails as EnvStale while the history lags behind what ValidateEnv has read', async () => {
    put('KEY=new\n');
    await expect(upload(finding({ version: 2 }))).rejects.toMatchObject({ name: 'EnvStale' });
  });

  it('names action and resource where writing is denied, and quotes no value', async () => {
    const value = secret();
    put(complete(value));
    put('KEY=new\n');
    aws.fail('PutParameter', new AwsError('AccessDeniedException', `denied: ${value}`));
    const failure = upload();
    await expect(failure).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(/ssm:PutParameter on parameter \/app\/env/),
    });
    expect(JSON.stringify(await failure.catch((error: Error) => [error.message, error.cause]))).not.toContain(
      value,
    );
    expect(aws.countCalls('PutParameter')).toBe(1);
  });
});
