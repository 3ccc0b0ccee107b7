import { readHistory } from '../../aws/parameter.ts';
import type { EnvReader } from '../../env/readers/readers.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { knownGoodLabel, lossAcceptedLabel } from '../../workflow/versions.ts';
import { parameterName } from '../support/app-names.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { contract, writesOn } from '../support/parameter-write.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const { put, latest, write } = writesOn(() => aws);
/** Lets somebody else write right before our own write, once. */
const interfere = (theirs: () => string) => aws.meanwhile('PutParameter', () => put(theirs()));

describe('writeEnvParameter', () => {
  it('refuses a text that drops or blanks a key, and names it', async () => {
    put('A=1\nB=2\n');
    await expect(write('A=1\n')).rejects.toMatchObject({
      name: 'EnvWouldShrink',
      message: expect.stringContaining('1 key: B.'),
    });
    await expect(write('A=1\nB=\n')).rejects.toMatchObject({ name: 'EnvWouldShrink' });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('names no key that may be a secret itself', async () => {
    put('A=1\nB=2\nq83vEjRWeJq8=\n');
    await expect(write('A=1\n')).rejects.toMatchObject({
      message: expect.stringContaining('2 keys: B, 1 whose name may be a secret (line 3).'),
    });
  });

  it('drops a key that is waived by name, and no other', async () => {
    put('A=1\nB=2\nC=3\n');
    await expect(write('A=1\n', { waivedKeys: ['B'] })).rejects.toMatchObject({
      name: 'EnvWouldShrink',
      message: expect.stringContaining('1 key: C.'),
    });
    expect(await write('A=1\nC=3\n', { waivedKeys: ['B'] })).toMatchObject({ version: 2 });
    expect(latest().Value).toBe('A=1\nC=3\n');
  });

  it('drops a waived key also when somebody else writes in between, but not one they have changed', async () => {
    put('A=1\nB=2\nC=3\n');
    interfere(() => 'A=1\nB=2\nC=3\nTHEIRS=4\n');
    await write('A=1\nC=3\n', { waivedKeys: ['B'] });
    expect(latest().Value).toBe('A=1\nC=3\nTHEIRS=4\n');
    interfere(() => 'A=1\nC=changed\nTHEIRS=4\n');
    await write('A=1\nTHEIRS=4\n', { waivedKeys: ['C'] });
    expect(latest().Value).toBe('A=1\nC=changed\nTHEIRS=4\n');
  });

  it('merges in what somebody has written since the text was made', async () => {
    put('A=1\n');
    const madeFrom = (await readHistory(aws.ssm.reader, parameterName)).at(-1);
    put('A=1\nTHEIRS=2\n');
    await write('A=1\nOURS=3\n', { madeFrom });
    expect(aws.countCalls('PutParameter')).toBe(1);
    expect(latest().Value).toBe('A=1\nOURS=3\nTHEIRS=2\n');
  });

  it('lets a value that was put right stay right: only the last of several foreign versions counts', async () => {
    put('A=good\n');
    const madeFrom = (await readHistory(aws.ssm.reader, parameterName)).at(-1);
    put('A=bad\nTMP=1\n');
    put('A=good\n');
    await write('A=good\nOURS=1\n', { madeFrom });
    expect(latest().Value).toBe('A=good\nOURS=1\n');
  });

  it('says that it has written when what somebody else wrote in the same moment can not be merged in', async () => {
    put('A=1\n');
    interfere(() => 'A=1\nTHEIRS="open\n');
    const failure = write('A=1\nOURS=2\n');
    await expect(failure).rejects.toMatchObject({
      name: 'EnvWriteConflict',
      message: expect.stringMatching(/version 3 was written .*EnvInvalid/),
    });
    await expect(failure).rejects.not.toMatchObject({
      message: expect.stringContaining('Nothing was written'),
    });
  });

  it('keeps what is written into a parameter that is created again right before the write', async () => {
    put('A=1\n');
    for (const fault of [undefined, 'drop-after'] as const) {
      aws.meanwhile('PutParameter', () => {
        aws.parameters.delete(parameterName);
        put('A=1\nTHEIRS=2\n');
      });
      if (fault) aws.fail('PutParameter', fault);
      await write('A=1\nOURS=3\n');
      expect(latest().Value).toContain('THEIRS=2\n');
      expect(latest().Value).toContain('OURS=3\n');
      aws.parameters.delete(parameterName);
      put('A=1\n');
    }
  });

  it.each<[EnvReader, string, string]>([
    ['shell', 'export A=1 B_KEY=canary\n', 'export A=1\n'],
    ['shell', 'A=1; B_KEY=canary\n', 'A=1\n'],
    ['compose', 'A="1" B_KEY=canary\n', 'A="1"\n'],
    ['node', 'A=1\nX="open\nB_KEY=canary\nC="c"\n', 'A=1\nX=open\nC=c\n'],
    ['compose', 'A=1\nX="open\nB_KEY=canary\nC="c"\n', 'A=1\n# B_KEY=\nX="B_KEY=1"\nC=c\n'],
    ['compose', 'A=1\nX="open\nB_KEY=canary\nC="c"\n', 'A=1\nX=open\nB_KEY=\nC=c\n'],
  ])('counts a key that %s does not see in %j as well', async (reader, before, after) => {
    put(before);
    await expect(write(after, { reader })).rejects.toMatchObject({
      name: 'EnvWouldShrink',
      message: expect.stringContaining('1 key: B_KEY.'),
    });
    expect(latest().Version).toBe(1);
    expect(await write(after, { reader, waivedKeys: ['B_KEY'] })).toMatchObject({ version: 2 });
  });

  it.each([
    ['A="[default]\nkey=canary\nregion=b"\n', 'A="[default]\nrole=c"\n'],
    ['A="host=canary port=1"\nNOTE="open\n', 'A=1\nNOTE=open\n'],
    ['A="canary;S3cretPart=9xyz"\nNOTE="open\n', 'A=new\nNOTE=open\n'],
  ])('takes no part of a value for a key in %j', async (before, after) => {
    put(before);
    expect(await write(after)).toMatchObject({ version: 2 });
  });

  it('shows no part of a value that reads like a swallowed key', async () => {
    put('A=Tr0ub4 S3cretPart=9xyz\n');
    const failure = write('A=new\n', { reader: 'shell' });
    await expect(failure).rejects.toMatchObject({ name: 'EnvWouldShrink' });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('S3cret') });
  });

  it('puts the label known-good back if the write for which it was taken off fails', async () => {
    put('A=1\n');
    aws.parameters.label(parameterName, undefined, [knownGoodLabel]);
    for (let number = 2; number <= 100; number += 1) put(`A=${number}\n`);
    let puts = 0;
    aws.endpoint.injectFault = ({ operation }) => {
      if (operation === 'PutParameter') puts += 1;
      return operation === 'PutParameter' && puts === 2 ? new AwsError('ThrottlingException', '') : undefined;
    };
    await expect(write('A=101\n')).rejects.toMatchObject({ name: 'AwsThrottled' });
    expect(aws.parameters.get(`${parameterName}:${knownGoodLabel}`).Version).toBe(1);
  });

  it('keeps the keys of a parameter that has been deleted and created again', async () => {
    put('A=1\n');
    put('A=1\nB=2\n');
    const madeFrom = (await readHistory(aws.ssm.reader, parameterName)).at(-1);
    aws.parameters.delete(parameterName);
    put('THEIRS=3\n');
    await write('A=1\nB=2\nC=4\n', { madeFrom });
    expect(latest()).toMatchObject({ Version: 2, Value: 'A=1\nB=2\nC=4\nTHEIRS=3\n' });
  });

  it('lets the other one win where both have changed a key in the same moment', async () => {
    put('A=1\n');
    interfere(() => 'A=theirs\n');
    await write('A=ours\nOURS=2\n');
    expect(latest().Value).toBe('A=theirs\nOURS=2\n');
  });

  it('writes nothing if the parameter holds the text already', async () => {
    put('A=1\n');
    expect(await write('A=1\n')).toMatchObject({ version: 1 });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('refuses a text that is not complete, or that its reader would misread', async () => {
    await expect(write('B=1\n')).rejects.toMatchObject({
      name: 'EnvInvalid',
      message: expect.stringContaining('A is missing'),
    });
    await expect(write('A={{ a }}\n')).rejects.toMatchObject({ name: 'EnvInvalid' });
    await expect(write('A=1\nB="open\n')).rejects.toMatchObject({ name: 'EnvInvalid' });
    expect(aws.countCalls('PutParameter')).toBe(0);
  });

  it('lets a text stay as incomplete as it was, but not get worse', async () => {
    const rules = { B: { nonEmpty: false, noPlaceholder: false, type: 'integer' as const } };
    const part = { contract: { ...contract, rules }, mayStayIncomplete: true };
    put('C=1\n');
    expect(await write('C=2\n', part)).toMatchObject({ version: 2 });
    await expect(write('C=2\nB=two\n', part)).rejects.toMatchObject({
      name: 'EnvInvalid',
      message: expect.stringContaining('B is not an integer'),
    });
    await expect(write('C=2\nB="open\n', part)).rejects.toMatchObject({ name: 'EnvInvalid' });
  });

  it('still writes after 100 versions, each of which was known-good in its time', async () => {
    for (let number = 1; number <= 110; number += 1) {
      if (number < 95) put(`A=${number}\n`);
      else await write(`A=${number}\n`);
      aws.parameters.label(parameterName, undefined, [knownGoodLabel]);
    }
    expect(latest()).toMatchObject({ Version: 110, Value: 'A=110\n' });
    expect(aws.parameters.get(`${parameterName}:${knownGoodLabel}`).Version).toBe(110);
    expect(aws.parameters.history(parameterName)).toHaveLength(100);
  });

  it('still writes when the oldest of 100 versions is the known-good one', async () => {
    put('A=1\n');
    aws.parameters.label(parameterName, undefined, [knownGoodLabel]);
    for (let number = 2; number <= 100; number += 1) put(`A=${number}\n`);
    expect(await write('A=101\n')).toMatchObject({ version: 101 });
    expect(await write('A=102\n')).toMatchObject({ version: 102 });
  });

  it('still writes when the oldest of 100 versions is one whose loss was accepted', async () => {
    put('A=1\n');
    aws.parameters.label(parameterName, undefined, [knownGoodLabel, lossAcceptedLabel]);
    for (let number = 2; number <= 100; number += 1) put(`A=${number}\n`);
    aws.fail(
      'PutParameter',
      new AwsError('ParameterMaxVersionLimitExceeded', ''),
      new AwsError('AccessDeniedException', ''),
    );
    await expect(write('A=101\n')).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(aws.parameters.history(parameterName)[0]?.Labels).toEqual([knownGoodLabel, lossAcceptedLabel]);
    expect(await write('A=101\n')).toMatchObject({ version: 101 });
  });

  it('leaves the label known-good where it is if room was made meanwhile and the write fails after all', async () => {
    for (let number = 1; number <= 3; number += 1) put(`A=${number}\n`);
    aws.parameters.label(parameterName, 2, [knownGoodLabel]);
    aws.fail(
      'PutParameter',
      new AwsError('ParameterMaxVersionLimitExceeded', ''),
      new AwsError('AccessDeniedException', ''),
    );
    await expect(write('A=4\n')).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(aws.parameters.get(`${parameterName}:${knownGoodLabel}`).Version).toBe(2);
  });

  it("fails as EnvHistoryFull on somebody else's label there, and names it with the remedy", async () => {
    put('A=1\n');
    aws.parameters.label(parameterName, undefined, ['release-1', knownGoodLabel]);
    for (let number = 2; number <= 100; number += 1) put(`A=${number}\n`);
    await expect(write('A=101\n')).rejects.toMatchObject({
      name: 'EnvHistoryFull',
      message: expect.stringContaining('--parameter-version 1 --labels release-1'),
    });
    expect(latest().Version).toBe(100);
    expect(aws.parameters.get(`${parameterName}:${knownGoodLabel}`).Version).toBe(1);
  });

  it('fails as EnvStale if what it wrote never comes back', async () => {
    aws.endpoint.injectFault = ({ operation }) => {
      if (operation === 'GetParameter') aws.parameters.delete(parameterName);
      return undefined;
    };
    await expect(write('A=1\n')).rejects.toMatchObject({ name: 'EnvStale' });
  });

  it('loses nothing to a concurrent writer, time after time', async () => {
    put('A=1\n');
    for (let round = 0; round < 40; round += 1) {
      const [ours, theirs, dropped] = [
        `OURS_${round % 20}`,
        `THEIRS_${round % 20}`,
        `OURS_${(round + 7) % 20}`,
      ];
      interfere(() => `${latest().Value}${theirs}=${round}\n`);
      const before = latest()
        .Value.split('\n')
        .filter((line) => line !== '');
      const isKept = (line: string) => !line.startsWith(`${ours}=`) && !line.startsWith(`${dropped}=`);
      const { text } = await write(`${[...before.filter(isKept), `${ours}=${round}`].join('\n')}\n`, {
        waivedKeys: [dropped],
      });
      expect(text).toBe(latest().Value);
      const keysOf = (lines: readonly string[]) => new Set(lines.map((line) => line.replace(/=.*/, '')));
      const expected = new Set([...keysOf(before.filter(isKept)), ours, theirs]);
      expect(keysOf(text.trimEnd().split('\n'))).toEqual(expected);
      expect(text).toContain(`${theirs}=${round}\n`);
      expect(text).toContain(`${ours}=${round}\n`);
    }
  }, 120_000);
});
