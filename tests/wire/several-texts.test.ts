/** An env of several parameters, each with a text: how it is checked, restored and copied. */
import fc from 'fast-check';
import { valuesOf } from '../../env/entries.ts';
import { AwsError } from '../../sandbox/endpoint.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { pathEnvOn } from '../support/path-env.ts';
import { runs } from '../support/properties.ts';
import { contract } from '../support/upload-env.ts';

const [common, api] = ['/app/common', '/app/api'];
const copies = ['/copy/common', '/copy/api'];
let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const { find, restore, mark } = pathEnvOn(() => aws, {
  parameter: { ...contract, name: `${common},${api}`, reader: 'docker' },
  restore: { backupParameter: copies.join(',') },
});
const put = (Name: string, Value: string) =>
  aws.parameters.put({ Name, Value, Type: 'SecureString', Overwrite: true });
const text = (Name: string) => aws.parameters.get(Name).Value;
const commonText = '# for all\nDB_HOST=db\nLEVEL=info\n';
const apiText = '# for the API\nDB_PASSWORD=p\nR2_KEY=r\nLEVEL=debug\n';
const valuesIn = (value: string) => Object.fromEntries(valuesOf(value, 'docker'));
const putBoth = () => [put(common, commonText), put(api, apiText)];
const denied = () => new AwsError('AccessDeniedException', '');

describe('ValidateEnv of several texts', () => {
  it('finds them complete together, each read by itself, as the version that all writes add up to', async () => {
    put(common, commonText.trimEnd());
    put(api, apiText);
    put(api, apiText);
    expect(await find()).toMatchObject({
      complete: true,
      version: 3,
      keyCount: 4,
      keys: ['DB_HOST', 'LEVEL', 'DB_PASSWORD', 'R2_KEY'],
      duplicateKeys: [],
    });
  });

  it('names what is missing when one of them is not there, and tells of none at all', async () => {
    expect(await find()).toMatchObject({ finding: 'Missing', version: 0 });
    put(common, commonText);
    expect(await find()).toMatchObject({
      finding: 'Incomplete',
      missingKeys: ['DB_PASSWORD'],
      missingPrefixes: ['R2_'],
    });
  });

  it('names the one that can not be read', async () => {
    putBoth();
    aws.fail('GetParameter', denied(), denied(), denied());
    await expect(find()).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(common),
    });
  });
});

describe('UploadEnv of several texts', () => {
  it('restores just the one that was wiped, with its own values and comments', async () => {
    putBoth();
    put(api, 'R2_KEY=newer\n');
    expect(await restore()).toMatchObject({ outcome: 'Restored', restoredKeys: ['DB_PASSWORD'] });
    expect(text(api)).toBe('# for the API\nDB_PASSWORD=p\nR2_KEY=newer\nLEVEL=debug\n');
    expect(text(common)).toBe(commonText);
    expect(aws.countCalls('PutParameter')).toBe(1);
  });

  it('brings a deleted one back from the copy, with what it says otherwise than another one', async () => {
    putBoth();
    await mark(2);
    aws.parameters.delete(api);
    put(common, `${commonText}NEW=1\n`);
    expect(await restore()).toMatchObject({
      source: { kind: 'backup', parameterName: copies.join(',') },
    });
    expect(text(api)).toBe(apiText);
    expect(text(common)).toBe(`${commonText}NEW=1\n`);
  });

  it('takes from a newer text what the known-good one has not, and puts it where it was', async () => {
    putBoth();
    await mark(2);
    put(common, `${commonText}NEW=1\n`);
    put(common, 'LEVEL=info\n');
    expect(await restore()).toMatchObject({ source: { version: 2, isKnownGood: true } });
    expect([text(common), text(api)]).toEqual([`${commonText}NEW=1\n`, apiText]);
  });

  it('replaces what is no env by the text that was there, and leaves the others as they are', async () => {
    putBoth();
    put(api, '<html>\n<body>canary</body>\n</html>\n');
    await restore();
    expect([text(common), text(api)]).toEqual([commonText, apiText]);
  });

  it('lets a quote that is open in one swallow nothing of the next', async () => {
    const dotenv = pathEnvOn(() => aws, {
      parameter: { ...contract, name: `${common},${api}`, reader: 'dotenv' },
      restore: { backupParameter: copies.join(',') },
    });
    putBoth();
    put(common, 'DB_HOST="db\n');
    put(api, 'R2_KEY=r\nLEVEL=debug\n');
    expect(await dotenv.restore()).toMatchObject({
      restoredKeys: expect.arrayContaining(['DB_HOST', 'DB_PASSWORD']),
    });
    expect(text(common)).toBe(commonText);
    expect(text(api)).toBe(apiText);
  });

  it('leaves a comment that looks like the name of a parameter as it is, and restores the text around it', async () => {
    const comment = '#:parameter /app/common\n';
    put(common, `${comment}${commonText}`);
    put(api, apiText);
    put(common, `${comment}LEVEL=info\n`);
    const env = await find();
    aws.meanwhile('PutParameter', () => put(common, `${comment}LEVEL=theirs\n`));
    await restore(env);
    expect(text(common)).toBe(`${comment}# for all\nDB_HOST=db\nLEVEL=theirs\n`);
    expect(text(api)).toBe(apiText);
  });

  it('fills a blank in a later one that hides what an earlier one says', async () => {
    putBoth();
    put(api, `${apiText}DB_HOST=\n`);
    expect(await restore()).toMatchObject({ outcome: 'Restored', restoredKeys: ['DB_HOST'] });
    expect([text(common), text(api)]).toEqual([commonText, `${apiText}DB_HOST=db\n`]);
  });

  it('leaves out what stands in the place of a value where only another one has it', async () => {
    putBoth();
    put(api, 'DB_HOST=<changeme>\nR2_KEY=r\n');
    expect(await restore()).toMatchObject({ outcome: 'Restored', restoredKeys: ['DB_PASSWORD'] });
    expect([text(common), text(api)]).toEqual([commonText, apiText]);
  });

  it('keeps what somebody else writes to one of them right before the write', async () => {
    putBoth();
    put(api, 'R2_KEY=r\n');
    const env = await find();
    aws.meanwhile('PutParameter', () => put(api, 'R2_KEY=theirs\nTHEIRS=1\n'));
    await restore(env);
    expect(text(api)).toContain('R2_KEY=theirs\n');
    expect(text(api)).toContain('THEIRS=1\n');
    expect(text(api)).toContain('DB_PASSWORD=p\n');
  });

  it('says which are written, if the next one is denied, and writes the rest the next time', async () => {
    putBoth();
    put(common, 'LEVEL=info\n');
    put(api, 'LEVEL=debug\n');
    const env = await find();
    aws.meanwhile('PutParameter', () => aws.fail('PutParameter', denied()), 2);
    await expect(restore(env)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(/parameter \/app\/api .*Before that, \/app\/common was written/),
    });
    await restore(env);
    expect([text(common), text(api)]).toEqual([commonText, apiText]);
  });
});

it('no text of several ever loses a key, whoever writes meanwhile and wherever it is cut off, and all come back', async () => {
  const texts = [commonText, apiText];
  const now = (name: string) => (aws.parameters.names().includes(name) ? text(name) : '');
  const keysNow = () => [common, api].map((name) => Object.keys(valuesIn(now(name))));
  /** The lines that an accident takes out of a text; `undefined` if it deletes the parameter. */
  const lostOf = (good: string) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.subarray(good.split(/(?<=\n)/), { maxLength: 2 }) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    );
  const interruption = fc.record({
    name: fc.constantFrom(common, api),
    operation: fc.constantFrom('GetParameterHistory', 'PutParameter'),
    callsOn: fc.integer({ min: 1, max: 3 }),
    does: fc.constantFrom('write', 'cut', 'write and cut'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(lostOf(commonText), lostOf(apiText)),
      fc.array(interruption, { maxLength: 2 }),
      async (lost, interruptions) => {
        await aws.close();
        aws = await openAws();
        putBoth();
        await mark(2);
        for (const [index, name] of [common, api].entries()) {
          const lines = lost[index];
          if (lines === undefined) aws.parameters.delete(name);
          else
            put(name, `# after\n${lines.reduce((left, line) => left.replace(line, ''), texts[index] ?? '')}`);
        }
        const env = await find();
        if (env.complete) return;
        const before = keysNow();
        const theirs: { index: number; line: string }[] = [];
        for (const { name, operation, callsOn, does } of interruptions) {
          const act = () => {
            // Somebody who has read the text changes a line of it.
            const level = `LEVEL=theirs-${theirs.length}\n`;
            if (does !== 'cut') {
              put(name, now(name).replace(/^LEVEL=.*\n/m, '') + level);
              theirs.push({ index: [common, api].indexOf(name), line: level });
            }
            // From then on, neither what was written nor what it has replaced can be read.
            for (const read of does === 'write' ? [] : ['GetParameter', 'GetParameterHistory'])
              aws.fail(read, denied(), denied());
          };
          aws.meanwhile(operation, act, callsOn);
        }
        const hold = () => {
          for (const [index, keys] of keysNow().entries())
            expect(keys).toEqual(expect.arrayContaining(before[index] ?? []));
        };
        const holdTheirs = () => {
          for (const [index, name] of [common, api].entries())
            expect(text(name)).toContain(theirs.findLast((one) => one.index === index)?.line ?? 'LEVEL=');
        };
        const isDone = await restore(env).then(
          () => true,
          () => false,
        );
        hold();
        if (isDone) holdTheirs();
        // Nothing is in the way any more.
        aws.endpoint.injectFault = () => undefined;
        await restore(env);
        hold();
        holdTheirs();
        expect(keysNow().map((keys) => keys.toSorted())).toEqual(
          texts.map((good) => Object.keys(valuesIn(good)).toSorted()),
        );
        expect(copies.map(text)).toEqual(texts);
      },
    ),
    { numRuns: Math.min(runs(25).numRuns, 200) },
  );
});

describe('MarkKnownGood of several texts', () => {
  it('copies each of them, and writes nothing where that is done', async () => {
    putBoth();
    expect(await mark(2)).toMatchObject({ outcome: 'Marked', backup: { parameterName: copies.join(',') } });
    expect(copies.map(text)).toEqual([commonText, apiText]);
    const writes = aws.countCalls('PutParameter');
    expect(await mark(2, false)).toMatchObject({ outcome: 'AlreadyMarked' });
    expect(aws.countCalls('PutParameter')).toBe(writes);
    expect(aws.countCalls('LabelParameterVersion')).toBe(0);
  });

  it('finds a key lost that just one of them has lost: another one may say otherwise', async () => {
    putBoth();
    await mark(2);
    put(api, apiText.replace('LEVEL=debug\n', ''));
    expect(await mark(3)).toMatchObject({ outcome: 'KeysLost', loss: { keys: ['LEVEL'] } });
    expect(copies.map(text)).toEqual([commonText, apiText]);
  });
});
