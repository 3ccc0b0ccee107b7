import fc from 'fast-check';
import { readEnvText, textOf } from '../../env/document.ts';
import { effectiveEntries, isBlank, shownKeys } from '../../env/entries.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { runs } from '../support/properties.ts';

const values = (text: string, reader: 'dotenv' | 'docker' = 'dotenv') =>
  Object.fromEntries(
    [...effectiveEntries(readEnvText(text, reader))].map(([key, { value }]) => [key, value]),
  );

describe('readEnvText', () => {
  it('reads keys and values, past comments and blank lines', () => {
    expect(values('# a comment\n\nA=1\nB = two words \nexport C=3\n')).toEqual({
      A: '1',
      B: 'two words',
      C: '3',
    });
  });

  it('strips quotes and comments for dotenv, and keeps both for docker', () => {
    const text = 'A="b c" # why\nB=b #c\n';
    expect(values(text, 'dotenv')).toEqual({ A: 'b c', B: 'b' });
    expect(values(text, 'docker')).toEqual({ A: '"b c" # why', B: 'b #c' });
  });

  it('takes for a key what readers take for one, also where shells do not', () => {
    expect(values('2FA_SECRET=1\n한글=2\na.b-c=3\n')).toEqual({ '2FA_SECRET': '1', 'a.b-c': '3' });
  });

  it.each(['export A=1', 'A = 1', 'A B=1', '=1', 'not a name'])(
    'names the line %j, which docker refuses',
    (line) => {
      expect(readEnvText(`B=1\n${line}\n`, 'docker').flaw).toMatchObject({ line: 2 });
      expect(readEnvText(`B=1\n${line}\n`, 'dotenv').flaw).toBeUndefined();
    },
  );

  it.each(['# a comment', '', '  ', 'NAME_ALONE', ' A=1', 'A= 1', 'A="'])(
    'lets docker read the line %j',
    (line) => {
      expect(readEnvText(`${line}\n`, 'docker').flaw).toBeUndefined();
    },
  );

  it('reads a quoted value over several lines', () => {
    const document = readEnvText('KEY="line 1\nline 2"\nB=2\n', 'dotenv');
    expect(effectiveEntries(document).get('KEY')?.value).toBe('line 1\nline 2');
    expect(effectiveEntries(document).get('B')?.line).toBe(3);
  });

  it('names the line of a quote that is never closed', () => {
    expect(readEnvText('A=1\nB="open\nC=3\n', 'dotenv').flaw).toMatchObject({ line: 2 });
    expect(readEnvText('B="open\nC="closed"\n', 'dotenv').flaw).toMatchObject({ line: 1 });
  });

  it('takes an apostrophe inside a value for what it is', () => {
    expect(readEnvText("A=don't\n", 'dotenv').flaw).toBeUndefined();
    expect(values("A=don't\n")).toEqual({ A: "don't" });
  });

  it('reads BOM and CRLF as if they were not there, and says so', () => {
    const document = readEnvText('\uFEFFA=1\r\nB=2\r\n', 'dotenv');
    expect([...effectiveEntries(document).keys()]).toEqual(['A', 'B']);
    expect(document).toMatchObject({ hadBom: true, hadCrlf: true });
    expect(effectiveEntries(document).get('B')?.value).toBe('2');
  });

  it.each(['A=1\nB=2\r', 'A=1\r\r\nB=2\r\r\n'])('reads %j, as tools that mix line ends leave it', (text) => {
    expect(values(text)).toEqual({ A: '1', B: '2' });
  });

  it('counts the last one of a key that is there twice, and names its lines', () => {
    const document = readEnvText('A=1\nB=2\nA=3\n', 'dotenv');
    expect(effectiveEntries(document).get('A')?.value).toBe('3');
    expect(document.duplicates).toEqual([{ key: 'A', lines: [1, 3] }]);
  });

  it('reads Korean text in comments and values', () => {
    expect(values('# 데이터베이스\nA=한글\n')).toEqual({ A: '한글' });
  });

  it('keeps every byte of every line, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('A', '=', '"', "'", '#', ' ', '\n', '\\') })),
        (parts) => {
          const text = parts.join('');
          const { blocks } = readEnvText(text, 'dotenv');
          const rejoined = blocks.map(({ raw }) => `${raw}\n`).join('');
          expect(rejoined).toBe(text === '' || text.endsWith('\n') ? text : `${text}\n`);
        },
      ),
      runs(),
    );
  });
});

describe('a flaw', () => {
  const flawOf = (line: string, reader: EnvReader) => readEnvText(`Z=1\n${line}\nY=2\n`, reader).flaw;

  it.each<[string, EnvReader]>([
    ['export A=1', 'docker'],
    ['A =1', 'docker'],
    ['A B=1', 'compose'],
    ['A=${B:?missing}', 'compose'],
    ['A=${B', 'compose'],
    ['A="open', 'dotenv'],
    ["A='open", 'node'],
    ['A="b\nc"d', 'python-dotenv'],
    ['export A="b\nc"', 'systemd'],
    ['# ends with \\', 'systemd'],
    ['A=b;B=c', 'shell'],
    ['exit', 'shell'],
    ['<html>', 'shell'],
    ["that's it", 'shell'],
    ['A=$(echo "b")', 'shell'],
    ['A=b\u2028B=c', 'django-environ'],
    ['A=b\rB=c', 'python-decouple'],
    ['A=\0', 'docker'],
  ])('is hard where nobody can say what follows, or the text is refused: %j, %s', (line, reader) => {
    expect(flawOf(line, reader)).toMatchObject({ line: 2, isHard: true });
  });

  it.each<[string, EnvReader, string | undefined]>([
    ['A=${HOME}/data', 'compose', '/data'],
    ['A=v$npm_package_version', 'shell', 'v'],
    ['A=${HOME}', 'python-dotenv', ''],
    ['A=$k9fQ2zVd0a1b', 'django-environ', ''],
    ['export A=1', 'systemd', undefined],
    ['export A=1', 'python-decouple', undefined],
    ['A B=1', 'python-dotenv', undefined],
    ['A = 1', 'django-environ', undefined],
    ['A=b\u2028c', 'django-environ', 'b'],
    ['A=My App', 'shell', undefined],
    ['export A=b c', 'shell', 'b'],
    ['no assignment here', 'shell', undefined],
    ['A=$$', 'shell', '$$'],
    ['A=~/b', 'shell', '~/b'],
    ['A=$(date)', 'shell', '$(date)'],
    ['UID=1000', 'shell', undefined],
    ['export EUID=0', 'shell', undefined],
    ['RANDOM=4', 'shell', undefined],
    ['A=\n"b"', 'dotenv', 'b'],
    ['A= \nB=c', 'node', 'B=c'],
  ])('is soft where one line is odd and %j is read on by %s', (line, reader, value) => {
    const document = readEnvText(`Z=1\n${line}\nY=2\n`, reader);
    expect(document.flaw).toMatchObject({ line: 2, isHard: false });
    const entries = effectiveEntries(document);
    expect(['Z', 'A', 'Y'].map((key) => entries.get(key)?.value)).toEqual(['1', value, '2']);
  });

  it('is the first that is hard, or else the first; all of them are kept by line', () => {
    const document = readEnvText('A=$X\nB=${Y\nC=$Z\nD="\n', 'compose');
    expect(document.flaws.map(({ line, isHard }) => [line, isHard])).toEqual([
      [1, false],
      [2, true],
      [3, false],
      [4, true],
    ]);
    expect(document.flaw).toBe(document.flaws[1]);
    expect(readEnvText('A=$X\nC=$Z\n', 'compose').flaw).toMatchObject({ line: 1, isHard: false });
  });

  it.each(envReaders)('is a byte order mark inside the text, by line, for %s', (reader) => {
    for (const text of [
      'A=1\n\uFEFFB=2\n',
      'A=1\n# c\uFEFF\n',
      'A=1\nB=\uFEFF2\n',
      'A=1\nB=2\uFEFF\n',
      'A=1\n\uFEFF\n',
      'A=1\n\uFEFF\uFEFFB=2\n',
    ])
      expect({ text, lines: readEnvText(text, reader).flaws.map(({ line }) => line) }).toEqual({
        text,
        lines: expect.arrayContaining([2]),
      });
    expect(readEnvText('\uFEFFA=1\nB=2\n', reader).flaws).toEqual([]);
  });
});

describe('byte order marks', () => {
  it.each(envReaders)('are no part of a text that begins with several, for %s', (reader) => {
    for (const marks of ['\uFEFF', '\uFEFF\uFEFF', '\uFEFF\uFEFF\uFEFF']) {
      const document = readEnvText(`${marks}A=1\r\nB=2\n`, reader);
      expect(document).toMatchObject({ hadBom: true, flaws: [] });
      expect(textOf(document.blocks)).toBe('A=1\nB=2\n');
    }
  });

  it('have to be taken out if there are several, for all but dotenv', () => {
    const stumbling = (text: string) => envReaders.filter((one) => readEnvText(text, one).needsNormalising);
    expect(stumbling('\uFEFFA=1\n')).not.toContain('docker');
    expect(stumbling('\uFEFF\uFEFFA=1\n')).toEqual(envReaders.filter((one) => one !== 'dotenv'));
  });
});

describe.each(envReaders)('any text at all, for %s', (reader) => {
  it.each([
    `A=x\n${'A=${A}${A}\n'.repeat(40)}`,
    `A=x\n${'A=$A$A\n'.repeat(40)}`,
    `A=x\n${'A="$A$A$A"\n'.repeat(100)}`,
    `A=x\n${'A=${A:-}${A:-y}\n'.repeat(60)}`,
    `A=${'x'.repeat(1000)}\n${'B=$A$A$A$A$A$A$A$A\n'.repeat(300)}`,
    Array.from({ length: 40 }, (_, index) => `A${index + 1}=$A${index}$A${index}\n`).join(''),
  ])('is read without values that grow beyond what a program can be given', (text) => {
    const { blocks } = readEnvText(text, reader);
    const lengths = blocks.map((block) => (block.kind === 'entry' ? block.value.length : 0));
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThan(300_000);
  });

  it('is read without an error, line for line', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...'A=\n\r"\'`#$ {}\\:\uFEFF\u2028\0')),
        ),
        (parts) => {
          const text = parts
            .join('')
            .replaceAll(/\r+(?=\n|$)/g, '')
            .replace(/^\uFEFF+/, '');
          const { blocks } = readEnvText(text, reader);
          const rejoined = blocks.map(({ raw }) => `${raw}\n`).join('');
          expect(rejoined).toBe(text === '' || text.endsWith('\n') ? text : `${text}\n`);
        },
      ),
      runs(300),
    );
  });
});

describe('shownKeys', () => {
  const shown = (text: string) => shownKeys(readEnvText(text, 'docker'), (key) => key === 'DB_HOST');

  it('shows the names of keys that have a value', () => {
    expect(shown('A=1\nB_2=x\n')).toEqual(['A', 'B_2']);
  });

  it('shows no secret that reads like a key: base64 ends in =', () => {
    expect(shown('q83vEjRWeJq8\nq83vEjRWeJq8w=\nq83vEjRWeJq8wA==\nab/cd+ef=gh\n')).toEqual([]);
  });

  it('shows a blank key that is expected to be there', () => {
    expect(shown('DB_HOST=\n')).toEqual(['DB_HOST']);
  });
});

describe('isBlank', () => {
  it.each(['', '  ', '""', "''"])('takes %j for blank', (value) => {
    expect(isBlank(value)).toBe(true);
  });

  it.each(['0', 'false', '" "x'])('takes %j for a value', (value) => {
    expect(isBlank(value)).toBe(false);
  });
});
