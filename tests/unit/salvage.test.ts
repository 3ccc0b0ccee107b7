import fc from 'fast-check';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries, isBlank } from '../../env/entries.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { isNoEnv, salvageEnv } from '../../env/salvage.ts';
import { fillGaps } from '../../workflow/restore.ts';
import { readCase } from '../support/cases.ts';
import { expectEqual, runs } from '../support/properties.ts';

const contract = { requiredKeys: ['DB_HOST', 'DB_PASSWORD'], requiredPrefixes: [], rules: {} };
const good = 'DB_HOST=db.internal\nDB_PASSWORD=pw-11111\nLAMBDA_KEY=ik-22222\n';
const salvage = (text: string, reader: EnvReader) => salvageEnv(text, reader, contract);

const page = readCase('02-html-page.html');
const noEnvs: [string, string][] = [
  ['a page of HTML', page],
  ['an error of S3', '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>\n'],
  ['JSON', '{\n  "DB_HOST": "db",\n  "DB_PASSWORD": "pw",\n  "url": "https://a/?b=c"\n}\n'],
  ['JSON on one line', '{"DB_HOST":"db","url":"https://a/?b=c"}\n'],
  [
    'base64',
    `${'UVNfS0VZPWsxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw\n'.repeat(4)}REJfSE9TVD1kYg==\n`,
  ],
  ['base64 on one line', 'REJfSE9TVD1kYi5pbnRlcm5hbApEQl9QQVNTV09SRD1w=\n'],
  ['prose', 'Dear all,\nthe env is now kept elsewhere.\nSee https://wiki/page?id=1 for more.\nRegards\n'],
  [
    'the trace of a shell',
    '+ set -e\n+ aws ssm get-parameter\n+ echo done\nbash: line 3: jq: command not found\n',
  ],
  ['a diff', '--- a/.env\n+++ b/.env\n@@ -1,2 +1,2 @@\n-DB_HOST=a\n+DB_HOST=b\n'],
  ['an error of the AWS CLI', 'An error occurred (AccessDenied) when calling the GetParameter operation\n'],
  ['a traceback', 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nKeyError: 1\n'],
];

describe.each(envReaders)('a text that has lost its keys, as %s reads it', (reader) => {
  it.each(noEnvs)('is replaced whole if it is %s', (_, text) => {
    expect(isNoEnv(text, reader)).toBe(true);
    expect(salvage(text, reader).text).toBe('');
    expect(fillGaps(text, good, { reader, contract })).toBe(good);
  });

  it('keeps its only key, and each line that is sound beside one that opens a quote', () => {
    expect(salvage('LAMBDA_KEY=new\n', reader)).toEqual({ text: 'LAMBDA_KEY=new\n', leftOutLines: [] });
    const { text } = salvage('LAMBDA_KEY=new\nOTHER="open\nLAST=1\n', reader);
    expect(text).toContain('LAMBDA_KEY=new\n');
    expect(text).toContain('LAST=1\n');
  });

  it('ends with all that is required, loses no sound line, and takes no junk for a key', () => {
    const junk = fc.constantFrom(
      'export PATH=/x',
      'see the wiki',
      '<html>',
      '{',
      '}',
      '+ set -e',
      '=x',
      'a b=c',
      "DON'T",
      'X="open',
      "Y='open",
      '',
      '# a remark',
      'Zm9vYmFyYmF6cXV4Zm9v==',
      'href="/a">',
      '-----BEGIN X-----',
      '@@ -1 +1 @@',
    );
    const key = fc.constantFrom('LAMBDA_KEY', 'OWN', 'DB_HOST');
    const line = fc.oneof(
      junk,
      key.map((name) => `${name}=v1`),
      key.map((name) => `${name}=v2`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const text = lines.map((one) => `${one}\n`).join('');
        const filled = readEnvText(fillGaps(text, good, { reader, contract }), reader);
        const entries = effectiveEntries(filled);
        const found = readEnvText(text, reader);
        // Of a text with a flaw, the lines that are sound by themselves.
        const isSound = (raw: string) => !found.flaw || /^[A-Z_]+=v\d$/.test(raw);
        const lost = isNoEnv(text, reader)
          ? []
          : [...effectiveEntries(found).values()].filter(
              ({ key: name, raw }) => isSound(raw) && !entries.has(name),
            );
        const names = ['DB_HOST', 'DB_PASSWORD', 'LAMBDA_KEY', 'OWN', 'PATH', 'X', 'Y', 'a', 'href'];
        expectEqual<object>(
          {
            flaw: filled.flaw,
            missing: contract.requiredKeys.filter((name) => isBlank(entries.get(name)?.value ?? '')),
            lost: lost.map(({ key: name }) => name),
            strange: found.flaw ? [...entries.keys()].filter((name) => !names.includes(name)) : [],
            again: fillGaps(fillGaps(text, good, { reader, contract }), good, { reader, contract }),
          },
          {
            flaw: undefined,
            missing: [],
            lost: [],
            strange: [],
            again: fillGaps(text, good, { reader, contract }),
          },
        );
      }),
      runs(300),
    );
  });
});

describe('salvageEnv', () => {
  it.each<EnvReader>(['docker', 'systemd'])(
    'leaves out a line with export for %s, by its number',
    (reader) => {
      expect(salvage('OWN=1\n\nexport LAMBDA_KEY=new\n', reader)).toEqual({
        text: 'OWN=1\n\n',
        leftOutLines: [3],
      });
    },
  );

  it('lets no quote swallow a sound line when the odd line that closes it goes', () => {
    expect(salvage('X="open\nhref="/a">\nOWN=1\nX="open\n', 'compose')).toEqual({
      text: 'OWN=1\n',
      leftOutLines: [1, 2, 4],
    });
  });

  it('leaves out a stand-in for a required value, and no other one', () => {
    expect(salvage('DB_HOST=None\nOWN=null\nDB_PASSWORD=encrypted:abc\n', 'docker')).toEqual({
      text: 'OWN=null\n',
      leftOutLines: [1, 3],
    });
  });

  it('keeps comments and what is sound, and numbers the lines as they were found', () => {
    expect(salvage('# why\nbroken line =x\nA=1\nexport B=2\nC=3\n', 'docker')).toEqual({
      text: '# why\nA=1\nC=3\n',
      leftOutLines: [2, 4],
    });
  });

  it('keeps a value of several lines whole', () => {
    const text = 'KEY="-----BEGIN\nabc\ndef\nghi\n-----END"\n';
    expect(salvage(text, 'dotenv')).toEqual({ text, leftOutLines: [] });
  });
});
