import fc from 'fast-check';
import { readEnvText } from '../../env/document.ts';
import { effectiveEntries, isBlank, shownKeys } from '../../env/entries.ts';
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
