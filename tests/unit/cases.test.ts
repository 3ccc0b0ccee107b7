/** Inputs that people really have, with the contract of a target as it is shipped, over all readers. */
import { type EnvContract, inspectEnv, isUsable, namesOf } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { salvageEnv } from '../../env/salvage.ts';
import { loadTarget } from '../../targets/load.ts';
import { refuseUnsafe } from '../../workflow/guard.ts';
import { fillGaps } from '../../workflow/restore.ts';
import { readCase } from '../support/cases.ts';
import { versionOf } from '../support/versions.ts';

const contract: EnvContract = loadTarget('academy-api').parameter;
const complete = readCase('00-complete.env');
const completeKeys = [...effectiveEntries(readEnvText(complete, 'docker')).keys()];
const linesOf = (text: string) => text.split('\n').filter((line) => line !== '').length;

it.each(envReaders)('the complete text is complete, as %s reads it', (reader) => {
  expect(isUsable(complete, reader, contract)).toBe(true);
  expect(inspectEnv(readEnvText(complete, reader), contract).complete).toBe(true);
});

describe.each(envReaders)(
  'one key written over the whole env by somebody who thinks of a shell, as %s reads it',
  (reader) => {
    it.each([
      ['export', readCase('01-export-overwrite.env')],
      ['export of a quoted value', "export LAMBDA_INTERNAL_API_KEY='ik-22222'\n"],
      ['export of two', 'export LAMBDA_INTERNAL_API_KEY=ik-22222\nexport DB_HOST=db.other\n'],
      ['set of cmd', 'set LAMBDA_INTERNAL_API_KEY=ik-22222\r\n'],
      ['setx', 'setx LAMBDA_INTERNAL_API_KEY ik-22222\r\n'],
      ['PowerShell', '$env:LAMBDA_INTERNAL_API_KEY = "ik-22222"\r\n'],
      ['declare', 'declare -x LAMBDA_INTERNAL_API_KEY="ik-22222"\n'],
      ['YAML', 'LAMBDA_INTERNAL_API_KEY: ik-22222\n'],
      ['a line under a remark', '# rotated today\nexport LAMBDA_INTERNAL_API_KEY=ik-22222\n'],
    ])('is restored, with each line kept or told by number: %s', (_what, text) => {
      const restored = fillGaps(text, complete, { reader, contract });
      const document = readEnvText(restored, reader);
      expect({ flaws: document.flaws, complete: inspectEnv(document, contract).complete }).toEqual({
        flaws: [],
        complete: true,
      });
      expect([...effectiveEntries(document).keys()].toSorted()).toEqual(completeKeys.toSorted());
      const { leftOutLines, text: kept } = salvageEnv(text, reader, contract);
      expect(linesOf(kept) + leftOutLines.length).toBe(linesOf(text));
    });
  },
);

describe.each(envReaders)('what is no env at all, as %s reads it', (reader) => {
  it.each([
    ['a page', readCase('02-html-page.html')],
    ['a page on one line', '<html><body><a href="/login?next=/env">Sign in</a></body></html>\n'],
    [
      'the answer of a proxy',
      '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n',
    ],
    [
      'a page with an attribute on each line',
      '<!doctype html>\n<html>\n<body>\n<input\n  type="text"\n  name="user"\n  value=""\n/>\n<a\n  href="/env"\n>env</a>\n</body>\n</html>\n',
    ],
    [
      'an error of S3',
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n<Code>NoSuchKey</Code>\n<Key>prod.env</Key>\n</Error>\n',
    ],
    [
      'a picture',
      '<svg xmlns="http://www.w3.org/2000/svg"\n     width="24" height="24">\n  <path d="M0 0h24v24H0z"/>\n</svg>\n',
    ],
    ['JSON', '{\n  "DB_HOST": "db.internal",\n  "DB_PASSWORD": "pw-11111",\n  "URL": "https://a/?b=c"\n}\n'],
    [
      'the answer of the AWS CLI',
      '{\n    "Parameter": {\n        "Name": "/academy/api/env",\n        "Type": "SecureString",\n        "Value": "SECRET_KEY=k\\nDB_HOST=db"\n    }\n}\n',
    ],
  ])('is replaced whole, and needs no waiver: %s', (_what, text) => {
    expect(fillGaps(text, complete, { reader, contract })).toBe(complete);
    refuseUnsafe({ name: '/academy/api/env', reader, contract }, versionOf(1, text), complete);
    expect(salvageEnv(text, reader, contract).leftOutLines).toHaveLength(linesOf(text.replaceAll('\r', '')));
  });
});

/** What is said of required keys, and that a write of them is refused, by any reader. */
function expectRefused(text: string, reader: EnvReader, problems: readonly string[]): void {
  const { standIns, complete: isComplete } = inspectEnv(readEnvText(text, reader), contract);
  expect([isComplete, standIns.map(({ key, says }) => `${key} ${says}`)]).toEqual([false, problems]);
  const write = () =>
    refuseUnsafe(
      { name: '/academy/api/env', reader, contract, mayStayIncomplete: true },
      versionOf(1, complete),
      text,
    );
  for (const problem of problems)
    expect(write).toThrow(
      expect.objectContaining({ name: 'EnvInvalid', message: expect.stringContaining(problem) }),
    );
}
const withHost = (value: string) => complete.replace(/^DB_HOST=.*$/m, `DB_HOST=${value}`);

describe.each(envReaders)('what stands where a value should, as %s reads it', (reader) => {
  it('is named as no value: None, undefined, null', () => {
    expectRefused(readCase('05-none-null.env'), reader, [
      'DB_HOST holds None, which is no value',
      'DB_USER holds undefined, which is no value',
      'DB_PASSWORD holds null, which is no value',
    ]);
  });

  it.each(['nil', 'NaN', 'NULL', '"None"', "'null'"])('is named as no value: %s', (value) => {
    expectRefused(withHost(value), reader, [
      `DB_HOST holds ${value.replaceAll(/["']/g, '')}, which is no value`,
    ]);
  });

  it('is named as encrypted', () => {
    expectRefused(readCase('06-encrypted-values.env'), reader, [
      'DB_PASSWORD is still encrypted',
      'LAMBDA_INTERNAL_API_KEY is still encrypted',
    ]);
  });

  it.each([
    'ENC[AES256_GCM,data:tYyR,iv:abc,tag:def,type:str]',
    "'ENC(nrmZtkF7T0kjG/VodDvBw93Ct8EgjCA)'",
    'vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w',
    'encrypted:',
    `AQICAH${'a1B2'.repeat(20)}`,
  ])('is named as encrypted: %s', (value) => {
    expectRefused(withHost(value), reader, ['DB_HOST is still encrypted']);
  });
});

describe.each(envReaders)('braces in an optional value, as %s reads it', (reader) => {
  const write = (text: string) => () =>
    refuseUnsafe({ name: '/academy/api/env', reader, contract }, versionOf(1, complete), text);
  const refusedAt = (line: number) =>
    expect.objectContaining({
      name: 'EnvInvalid',
      message: expect.stringMatching(
        new RegExp(`SSM refuses a text with \\{\\{ and \\}\\} on a line.* line ${line}\\.`),
      ),
    });

  it('are refused by line, before SSM refuses them', () => {
    // A shell would run that line.
    const refused =
      reader === 'shell'
        ? expect.objectContaining({ message: expect.stringContaining('line 11: a shell runs') })
        : refusedAt(11);
    expect(write(readCase('08-double-braces.env'))).toThrow(refused);
  });

  it.each([
    "'Hi {{name}}'",
    "'{{{raw}}}'",
    "'{{ a }} and {{ b }}'",
    "'{{#if x}}y{{/if}}'",
    "'{{ x | upper }}'",
    "'}} {{ x }}'",
  ])('are refused by line: %s', (value) => {
    expect(write(`${complete}SUBJECT=${value}\nLAST=1\n`)).toThrow(refusedAt(11));
  });

  it.each(["'{ name }'", "'{{ open'", "'}} {{'", "'{ {x} }'", "'{name} and {other}'"])(
    'pass where SSM takes them: %s',
    (value) => {
      write(`${complete}SUBJECT=${value}\n`)();
    },
  );
});

describe.each(envReaders)('a rule that asks for a URL, as %s reads it', (reader) => {
  it.each([
    'mongodb://a:1,b:2/db?replicaSet=x',
    'postgresql://a,b/db',
    'amqp://a:5672,amqp://b:5672',
    'jdbc:postgresql://h/db',
    'mongodb+srv://u:p@cluster0.example.com/db',
    'redis://:pw@cache:6379/0',
    'kafka://a:9092,b:9092,c:9092',
    'jdbc:mysql://h:3306/db?useSSL=false',
    'https://key@o1.ingest.example.com/2',
  ])('takes %s', (url) => {
    const text = `${complete}SENTRY_DSN='${url}'\n`;
    // docker keeps the quotes; without them, a shell takes some signs for its own.
    const spelled = reader === 'docker' ? text.replaceAll("'", '') : text;
    expect(inspectEnv(readEnvText(spelled, reader), contract)).toMatchObject({
      complete: true,
      brokenRules: [],
    });
    expect(namesOf(readEnvText(spelled, reader), contract)).toContain('SENTRY_DSN');
  });
});
