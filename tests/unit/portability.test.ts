import fc from 'fast-check';
import { readEnvText } from '../../env/document.ts';
import { spellValue } from '../../env/edit.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { findDisagreements } from '../../env/portability.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { textFor } from '../support/generated-texts.ts';
import { expectEqual, runs } from '../support/properties.ts';
import { answersOf, recordingsOf } from './readers/recordings.ts';
import { portableTextCount, texts } from './readers/texts.ts';

/** What versions of the real reader made of each text, in a form to compare; undefined if one complained. */
const golden = (reader: EnvReader) => {
  const byText = new Map<string, Set<string | undefined>>();
  for (const { text, values = {}, complained } of recordingsOf(reader).flatMap(answersOf)) {
    // A name of no characters is one that no program can ask for.
    const named = Object.entries(values).filter(([key]) => key !== '');
    const answer = complained ? undefined : JSON.stringify(named.sort());
    byText.set(text, (byText.get(text) ?? new Set()).add(answer));
  }
  return byText;
};
const goldens = new Map<EnvReader, ReturnType<typeof golden>>(
  envReaders.map((reader) => [reader, golden(reader)]),
);
const answersTo = (text: string, reader: EnvReader) => [...(goldens.get(reader)?.get(text) ?? [])];

const others = (reader: EnvReader) => envReaders.filter((other) => other !== reader);
const disagreeing = (text: string, reader: EnvReader) => {
  const named = findDisagreements(text, reader).flatMap(({ readers }) => readers);
  return envReaders.filter((one) => named.includes(one));
};

describe.each(envReaders)('what is found in a text for %s', (reader) => {
  const readable = texts.filter((text) => {
    const { flaw, needsNormalising, duplicates } = readEnvText(text, reader);
    return !flaw && !needsNormalising && duplicates.length === 0;
  });

  it('names the readers of which the real ones read it differently', () => {
    for (const text of readable) {
      const [answer] = answersTo(text, reader);
      const found = disagreeing(text, reader);
      const expected = others(reader).filter((other) => {
        // In a text with a flaw the reader is blamed all the same: what it makes of it is luck.
        if (readEnvText(text, other).flaw && found.includes(other)) return true;
        return answersTo(text, other).some((one) => one !== answer);
      });
      expect({ text, found }).toEqual({ text, found: expected });
    }
  });

  it('is nothing in the texts that all read alike', () => {
    expect(readable).toEqual(expect.arrayContaining(texts.slice(0, portableTextCount)));
    for (const text of texts.slice(0, portableTextCount)) expect(findDisagreements(text, reader)).toEqual([]);
  });
});

describe('findDisagreements', () => {
  it.each<[string, EnvReader, readonly EnvReader[]]>([
    ['A="b c"', 'dotenv', ['docker']],
    ['A="b c"', 'docker', others('docker')],
    ['A=b c', 'dotenv', ['shell']],
    ['A=b #c', 'dotenv', ['docker', 'systemd', 'django-environ', 'python-decouple']],
    ['A=b #c', 'systemd', ['compose', 'dotenv', 'python-dotenv', 'shell', 'node']],
    ['A=b#c', 'docker', ['dotenv', 'node']],
    ['export A=b', 'shell', ['docker', 'systemd', 'python-decouple']],
    ['A = b', 'node', ['docker', 'shell', 'django-environ']],
    ["A='${B}'", 'shell', ['docker', 'python-dotenv', 'django-environ']],
    ['A=pa$$w0rd', 'docker', ['compose', 'shell']],
    ["A=don't", 'docker', ['shell']],
    ['A="b\\nc"', 'node', ['docker', 'systemd', 'shell', 'django-environ', 'python-decouple']],
    ['A.B=c', 'compose', ['systemd', 'shell', 'django-environ']],
  ])('names who reads the line %j not as %s does', (line, reader, readers) => {
    expect(findDisagreements(`X=1\n${line}\nY=2\n`, reader)).toEqual([
      { line: 2, key: line.includes('.') ? 'A.B' : 'A', readers, advice: expect.any(String) },
    ]);
  });

  it('judges a reference by what is set above it', () => {
    const blamed = ({ line, readers }: ReturnType<typeof findDisagreements>[number]) => [line, ...readers];
    expect(findDisagreements('A=1\nB="2"\nC="${B} ${A}"\n', 'compose').map(blamed)).toEqual([
      [2, 'docker'],
      [3, 'docker', 'dotenv', 'systemd', 'node', 'django-environ', 'python-decouple'],
    ]);
    expect(findDisagreements('A=1\nA=2\nB=$A\n', 'compose').map(blamed).at(-1)).toEqual([
      3,
      ...['docker', 'dotenv', 'python-dotenv', 'systemd', 'node', 'python-decouple'],
    ]);
  });

  it('does not blame a line for a quote that is left open above it', () => {
    expect(findDisagreements("A=don't\nB=1\nC=it's\nD=2\n", 'docker').map(({ key }) => key)).toEqual([
      'A',
      'C',
    ]);
  });

  it('blames a value of several lines once', () => {
    const text = 'A="-----BEGIN\nbc=d\n-----END"\nE=f\n';
    expect(findDisagreements(text, 'dotenv')).toMatchObject([
      { line: 1, key: 'A', readers: ['docker', 'django-environ', 'python-decouple'] },
    ]);
    // To those who read line by line as docker does, it is no value of several lines either.
    expect(findDisagreements(text, 'docker')).toMatchObject([
      { line: 1, readers: ['compose', 'dotenv', 'python-dotenv', 'systemd', 'shell', 'node'] },
    ]);
  });

  it('sees that a reader takes the next line for an empty value', () => {
    expect(findDisagreements('A=\n"b"\n', 'node')).toMatchObject([
      { line: 1, key: 'A', readers: ['dotenv'], advice: 'begin the next line with # or a key' },
      { line: 2, key: undefined, readers: ['compose', 'shell'] },
    ]);
    expect(findDisagreements('A= \nB=c\n', 'compose')).toMatchObject([
      { line: 1, key: 'A', readers: ['docker', 'node', 'django-environ'] },
    ]);
  });

  it('names a line that only others take for an assignment, or refuse', () => {
    expect(findDisagreements('A=1\nB: 2\n', 'docker')).toMatchObject([
      { line: 2, key: undefined, readers: ['compose', 'dotenv', 'shell'] },
    ]);
    expect(findDisagreements('A=1\nnot an assignment\n', 'node')).toMatchObject([
      { line: 2, key: undefined, readers: ['docker', 'compose', 'shell'] },
    ]);
    expect(findDisagreements('A="b"\n # C=d\n', 'compose')).toMatchObject([
      { line: 1, key: 'A', readers: ['docker'] },
      { line: 2, key: undefined, readers: ['node'] },
    ]);
  });

  it('names who stumbles over a byte order mark and over CRLF, the own reader among them', () => {
    const text = '\uFEFFA=1\nB=2\r\nC=3\r\n';
    const disagreements = [
      {
        line: 1,
        key: '',
        readers: ['python-dotenv', 'systemd', 'shell', 'node', 'django-environ', 'python-decouple'],
        advice: 'write the text without a byte order mark',
      },
      { line: 2, key: '', readers: ['shell'], advice: 'end each line with LF instead of CRLF' },
    ];
    for (const reader of envReaders) expect(findDisagreements(text, reader)).toEqual(disagreements);
  });

  it('names docker for a key that is there twice, at its last line', () => {
    for (const reader of envReaders)
      expect(findDisagreements('A=1\nB=2\nA=3\nC=4\n', reader)).toMatchObject([
        { line: 3, key: 'A', readers: ['docker'], advice: expect.stringContaining('keep one of the lines') },
      ]);
  });

  it('goes from the first line to the last', () => {
    const found = findDisagreements('A="1"\nA=2\r\nB=3\nC="4"\n', 'dotenv');
    expect(found.map(({ line, key }) => [line, key])).toEqual([
      [1, 'A'],
      [2, ''],
      [2, 'A'],
      [4, 'C'],
    ]);
  });
});

const portableLine = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[A-Za-z0-9_./:@%+,=-]{0,12}$/) },
  { weight: 1, arbitrary: fc.constantFrom(undefined, '# a comment', '# B="2', '') },
);

describe.each(envReaders)('a text of plain lines for %s', (reader) => {
  it('is one that no other reader takes differently', () => {
    fc.assert(
      fc.property(fc.array(portableLine, { maxLength: 10 }), fc.boolean(), (values, isEnded) => {
        const lines = values.map((value, index) =>
          /^#/.test(value ?? '#') ? value : `KEY_${index}=${value}`,
        );
        expectEqual(findDisagreements(`${lines.join('\n')}${isEnded ? '\n' : ''}`, reader), []);
      }),
      runs(100),
    );
  });
});

const oddValue = fc.string({
  unit: fc.constantFrom('가', '각', '1', ' ', ' #', '#', "'", '"', '`', '$', '\\', '\n', ':'),
  maxLength: 6,
});

describe.each(envReaders)('the advice on any text for %s', (reader) => {
  it('quotes no value', () => {
    fc.assert(
      fc.property(textFor(reader), oddValue, (text, value) => {
        const spelled = spellValue('SECRET', value, reader) ?? '가';
        for (const { advice } of findDisagreements(`${text}\nSECRET=${spelled}\n`, reader))
          expect(advice).toMatch(/^[ -~]+$/);
      }),
      runs(50),
    );
  });

  it('leaves nobody who disagrees but those whom it names', () => {
    const spelling = fc.constantFrom<(value: string) => string>(
      (value) => `A=${value}`,
      (value) => `A="${value}" # why`,
      (value) => `export A='${value}'`,
      (value) => `A = ${value}`,
    );
    const rewritten: Record<string, (value: string) => string> = {
      'write KEY=... ': (value) => `A=${value}\n`,
      "write KEY='...' ": (value) => `A='${value}'\n`,
      'write KEY="..." ': (value) => `A="${value}"\n`,
    };
    fc.assert(
      fc.property(spelling, oddValue, (spell, inner) => {
        const text = `${spell(inner)}\n`;
        const document = readEnvText(text, reader);
        const value = effectiveEntries(document).get('A')?.value;
        if (value === undefined || document.flaw || document.blocks.length > 1) return;
        for (const { advice, readers } of findDisagreements(text, reader)) {
          const rewrite = Object.entries(rewritten).find(([start]) => advice.startsWith(start))?.[1];
          if (!rewrite) {
            expect(advice).toMatch(/^no spelling means this to all/);
            continue;
          }
          const named = /all but (.*) read alike$/.exec(advice)?.[1]?.split(/, | and /) ?? [];
          expect(readers.some((one) => !named.includes(one))).toBe(true);
          expect({ text, left: disagreeing(rewrite(value), reader) }).toEqual({ text, left: named });
          expect(effectiveEntries(readEnvText(rewrite(value), reader)).get('A')?.value).toBe(value);
        }
      }),
      runs(250),
    );
  });
});

describe('the advice', () => {
  it.each<[string, EnvReader, string]>([
    ['A=" b"', 'dotenv', 'no spelling means this to all; change the value or encode it'],
    ['A=b c', 'dotenv', "write KEY='...' in single quotes, which all but docker read alike"],
    ['A=`a\\b`', 'dotenv', "write KEY='...' in single quotes, which all but docker read alike"],
    ["A=it's", 'node', 'write KEY="..." in double quotes, which all but docker read alike'],
    ['A=b # c', 'shell', 'write KEY=... without quotes, escapes, references, spaces, "export" or a comment'],
    [
      'A="b"',
      'docker',
      'no spelling means this to all; to docker, quotes and comments are a part of the value',
    ],
    ['A=b c', 'docker', 'no spelling means this to all; change the value or encode it (base64, percent-'],
    [
      'A-B="c"',
      'docker',
      'name it with letters of ASCII, digits and _, no digit first, for systemd, shell and django-environ',
    ],
  ])('on the line %j for %s is by trial', (line, reader, advice) => {
    expect(findDisagreements(`${line}\n`, reader)).toMatchObject([
      { line: 1, advice: expect.stringContaining(advice) },
    ]);
  });
});
