/** UploadEnv where others write the parameter at the same time, and earlier tries have ended in the middle. */
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { roleSessionArn } from '../../sandbox/callers.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import type { RecoveryPlan } from '../../workflow/plan.ts';
import { parameterName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import {
  approvedPlan,
  backupName,
  complete,
  finding,
  functionName,
  uploadOn,
} from '../support/upload-env.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const upload = uploadOn(() => aws);
const put = (Value: string, Name = parameterName) =>
  aws.parameters.put({ Name, Value, Type: 'SecureString', Overwrite: true });
/** @param writer a function, or `null` where it isn't told who writes. */
const putAs = (writer: string | null, Value: string) =>
  aws.parameters.put(
    { Name: parameterName, Value, Type: 'SecureString', Overwrite: true },
    writer === null ? null : roleSessionArn(writer),
  );
const latest = () => aws.parameters.get(parameterName);
const keysNow = () => [...effectiveEntries(readEnvText(latest().Value, 'dotenv')).keys()];

/** A try that ends right after its write, before which somebody else has written what it has not seen. */
async function crashAfterWrite(theirs: string, plan?: RecoveryPlan): Promise<void> {
  aws.meanwhile('PutParameter', () => {
    put(theirs);
    const denied = new AwsError('AccessDeniedException', '');
    // Without decryption, it is asked for as well.
    aws.fail('GetParameterHistory', denied, denied);
  });
  await expect(upload(finding({ version: 2 }), {}, plan)).rejects.toMatchObject({
    name: 'EnvWriteConflict',
    message: expect.stringContaining('AccessDenied'),
  });
}

describe('UploadEnv beside another writer', () => {
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
    const env = finding({ finding: 'Missing', keys: [] });
    aws.meanwhile('PutParameter', () => put('OWN=theirs\n'));
    await upload(env);
    expect(keysNow().sort()).toEqual(['DB_HOST', 'DB_PASSWORD', 'OWN', 'R2_KEY']);
  });

  it('looks before it writes again when the answer to a write gets lost', async () => {
    put(complete('x'));
    put('KEY=new\n');
    aws.fail('PutParameter', 'drop-after');
    expect(await upload()).toMatchObject({ outcome: 'Restored', version: 3 });
    expect(aws.countCalls('PutParameter')).toBe(1);
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

  it('keeps nothing that has become unsound since it was validated', async () => {
    put(complete('x'));
    for (const unsound of ['DB_HOST={{ host }}', 'DB_HOST="open']) {
      put('KEY=1\n');
      const { Version: version } = put(`KEY=1\n${unsound}\n`);
      expect(await upload(finding({ version: version - 1 }))).toMatchObject({ outcome: 'Restored' });
      expect(latest().Value).toBe(`${complete('x')}KEY=1\n`);
    }
  });
});

describe('UploadEnv after an earlier try', () => {
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

  it('merges in what somebody wrote in the moment in which an earlier try wrote, and ended', async () => {
    put(complete('x'));
    put('KEY=1\n');
    await crashAfterWrite('KEY=2\nTHEIRS=new\n');
    expect(keysNow()).not.toContain('THEIRS');
    expect(await upload(finding({ version: 2 }))).toMatchObject({ outcome: 'Restored', version: 5 });
    expect(latest().Value).toBe('# the database\nDB_HOST=x\nDB_PASSWORD=p\nR2_KEY=r\nKEY=2\nTHEIRS=new\n');
    // It is there by now, so another try leaves it alone, and so it does what a person takes out.
    expect(await upload(finding({ version: 2 }))).toMatchObject({ outcome: 'AlreadyComplete', version: 5 });
    put(complete('x'));
    expect(await upload(finding({ version: 2 }))).toMatchObject({ outcome: 'AlreadyComplete', version: 6 });
    expect(aws.countCalls('PutParameter')).toBe(2);
  });

  it('merges it into what a person has written after that try', async () => {
    put(complete('x'));
    put('KEY=1\n');
    await crashAfterWrite('KEY=2\nTHEIRS=new\n');
    put(latest().Value.replace('DB_HOST=x', 'DB_HOST=y'));
    expect(await upload(finding({ version: 2 }))).toMatchObject({ outcome: 'Restored', version: 6 });
    expect(latest().Value).toBe('# the database\nDB_HOST=y\nDB_PASSWORD=p\nR2_KEY=r\nKEY=2\nTHEIRS=new\n');
  });

  it('merges it into what is left after the next accident', async () => {
    put(complete('x'));
    put('KEY=1\n');
    await crashAfterWrite('KEY=2\nTHEIRS=new\n');
    put('KEY=3\n');
    expect(await upload(finding({ version: 2 }))).toMatchObject({ outcome: 'Restored', version: 6 });
    expect(keysNow().toSorted()).toEqual(['DB_HOST', 'DB_PASSWORD', 'KEY', 'R2_KEY', 'THEIRS']);
    expect(latest().Value).toContain('KEY=3\n');
  });

  it('does so under the approval of the earlier try, which covers nothing that came later', async () => {
    put(complete('x'));
    put('KEY=1\n');
    await crashAfterWrite('KEY=2\nTHEIRS=new\n', approvedPlan(2));
    put(latest().Value.replace('DB_HOST=x', 'DB_HOST=y'));
    await expect(upload(finding({ version: 2 }), {}, approvedPlan(2))).resolves.toMatchObject({ version: 6 });
    expect(latest().Value).toContain('THEIRS=new\n');
    put(complete('of somebody'));
    await expect(upload(finding({ version: 2 }), {}, approvedPlan(2))).rejects.toMatchObject({
      name: 'PlanOutdated',
    });
    expect(latest()).toMatchObject({ Version: 7, Value: complete('of somebody') });
  });

  it('writes nothing again after a try that has replaced nothing unseen', async () => {
    put(complete('x'));
    put('KEY=1\n');
    aws.meanwhile('PutParameter', () =>
      aws.fail('GetParameter', 'drop-before', 'drop-before', 'drop-before', 'drop-before'),
    );
    await expect(upload(finding({ version: 2 }))).rejects.toMatchObject({ name: 'AwsUnavailable' });
    expect(await upload(finding({ version: 2 }), {}, approvedPlan(2))).toMatchObject({
      outcome: 'AlreadyComplete',
      version: 3,
    });
    expect(aws.countCalls('PutParameter')).toBe(1);
  });

  it.each<[string | null, string[]]>([
    ['app-other', ['DB_HOST', 'DB_PASSWORD', 'KEY', 'R2_KEY']],
    [null, ['DB_HOST', 'DB_PASSWORD', 'KEY', 'R2_KEY', 'THEIRS']],
  ])('takes a version by %p for what it is', async (writer, keys) => {
    put(complete('x'));
    put('KEY=1\n');
    putAs(writer, 'KEY=1\nTHEIRS=new\n');
    putAs(writer, `${complete('x')}KEY=1\n`);
    // Somebody else has seen THEIRS and removed it; where it isn't told who wrote, it may have been an earlier try.
    await upload(finding({ version: 2 }));
    expect(keysNow().toSorted()).toEqual(keys);
  });

  it('approves of no version without a known writer', async () => {
    put(complete('x'));
    put('KEY=1\n');
    putAs(null, `${complete('x')}KEY=1\n`);
    await expect(upload(finding({ version: 2 }), {}, approvedPlan(2))).rejects.toMatchObject({
      name: 'PlanOutdated',
    });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it("leaves an operator's own restore alone, and what they have taken out of it", async () => {
    put(`${complete('x')}LEAKED_TOKEN=1\n`);
    put('KEY=1\n');
    put(`${complete('x')}LEAKED_TOKEN=1\nKEY=1\n`);
    put(`${complete('x')}KEY=1\n`);
    expect(await upload(finding({ version: 2 }))).toMatchObject({ outcome: 'AlreadyComplete', version: 4 });
    expect(keysNow()).not.toContain('LEAKED_TOKEN');
  });
});

describe('UploadEnv under an approval', () => {
  it('writes over no other version than was approved', async () => {
    put(complete('first'));
    put('KEY=new\n');
    put('KEY=newer\n');
    await expect(upload(finding({ version: 2 }), {}, approvedPlan(2))).rejects.toMatchObject({
      name: 'PlanOutdated',
    });
    expect(latest().Version).toBe(3);
    expect(await upload(finding({ version: 3 }), {}, approvedPlan(3))).toMatchObject({ version: 4 });
    put(complete('of somebody'));
    await expect(upload(finding({ version: 3 }), {}, approvedPlan(5))).resolves.toMatchObject({ version: 5 });
    await expect(upload(finding({ version: 3 }), {}, approvedPlan(2))).rejects.toMatchObject({
      name: 'PlanOutdated',
    });
    aws.parameters.delete(parameterName);
    put(complete('first'));
    put('KEY=new\n');
    put('KEY=newer\n');
    await upload(finding({ version: 3 }), {}, approvedPlan(3));
    // A retry after a lost answer finds it done.
    expect(await upload(finding({ version: 3 }), {}, approvedPlan(3))).toMatchObject({
      outcome: 'AlreadyComplete',
    });
  });

  it('does not take the complete text of somebody else for the approved one, and merges all the same what its own write has replaced', async () => {
    put(complete('first'));
    put('KEY=1\n');
    put(`${complete('of somebody')}KEY=2\n`);
    await expect(upload(finding({ version: 2 }), {}, approvedPlan(2))).rejects.toMatchObject({
      name: 'PlanOutdated',
    });

    // An earlier try's write, which had not seen that one.
    putAs(functionName, `${complete('first')}KEY=1\n`);
    expect(await upload(finding({ version: 2 }), {}, approvedPlan(2))).toMatchObject({ version: 5 });
    expect(latest().Value).toContain('DB_HOST=of somebody');
  });
});
