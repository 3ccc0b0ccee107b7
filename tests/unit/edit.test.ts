import { parseEnv } from 'node:util';
import dotenv from 'dotenv';
import fc from 'fast-check';
import { type EnvDocument, readEnvText } from '../../env/document.ts';
import { setKey, spellValue, unsetKey } from '../../env/edit.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { textFor } from '../support/generated-texts.ts';
import { expectEqual, runs } from '../support/properties.ts';

describe('spellValue', () => {
  it.each(['', 'b', 'redis://cache:6379/0?a=b', 'q83vEjRWeJq8wA==', '{}', '값'])(
    'spells %j as it is, for all readers',
    (value) => {
      expect(envReaders.map((reader) => spellValue('A', value, reader))).toEqual(envReaders.map(() => value));
    },
  );

  it.each<[string, EnvReader, string | undefined]>([
    ['two words', 'dotenv', 'two words'],
    ['two words', 'shell', "'two words'"],
    ["it's", 'node', "it's"],
    ["it's", 'shell', '"it\'s"'],
    ['a #b', 'docker', 'a #b'],
    ['a #b', 'systemd', "'a #b'"],
    ['$a', 'compose', "'$a'"],
    ['it\'s "$a"', 'compose', '"it\'s \\"\\$a\\""'],
    ['`it\'s "$a"', 'shell', '"\\`it\'s \\"\\$a\\""'],
    ['\\ it\'s " #"', 'python-dotenv', '"\\\\ it\'s \\" #\\""'],
    ['it\'s "#"', 'node', '`it\'s "#"`'],
    ['${a}', 'systemd', "'${a}'"],
    ['${a}', 'python-dotenv', '"${:-${}a}"'],
    ['b\nc', 'dotenv', "'b\nc'"],
    ['b\nc', 'docker', undefined],
    ['it\'s `"#"`', 'dotenv', undefined],
    ['b\0', 'compose', undefined],
  ])('spells %j for %s', (value, reader, spelled) => {
    expect(spellValue('A', value, reader)).toBe(spelled);
  });

  it.each<[string, EnvReader]>([
    ['A B', 'docker'],
    ['A-B', 'shell'],
    ['A=B', 'dotenv'],
    ['A\nB', 'node'],
    ['', 'compose'],
  ])('has no spelling for the key %j, which %s takes for none', (key, reader) => {
    expect(spellValue(key, 'b', reader)).toBeUndefined();
  });
});

const piece = fc.constantFrom(
  ...['a', '1', "'", '"', '`', '#', ' #', '$', '$A', '${B}', '\\', '\\n', ' ', '\n', '가', '=', ';'],
);
const anyValue = fc.string({ unit: piece, maxLength: 10 });

describe('spellValue of any value', () => {
  it.each<[EnvReader, (text: string) => Readonly<Record<string, string | undefined>>]>([
    ['dotenv', (text) => dotenv.parse(text)],
    ['node', (text) => parseEnv(text)],
  ])('gives what the real %s reads as that value', (reader, readForReal) => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const spelled = spellValue('A', value, reader);
        if (spelled === undefined) return;
        expect({ ...readForReal(`A=${spelled}\nB=" '\`\n`) }).toMatchObject({ A: value });
      }),
      runs(250),
    );
  });

  it.each<EnvReader>(['compose', 'systemd', 'shell'])(
    'finds a spelling for %s, whatever the value',
    (reader) => {
      fc.assert(
        fc.property(anyValue, (value) => {
          expect(spellValue('A', value, reader)).toBeDefined();
        }),
        runs(250),
      );
    },
  );
});

describe('setKey', () => {
  it('changes the value where it stands, and keeps what is around it', () => {
    const text = '# The cache\n  export A = "b"  # why\n\nC=d # A=e\n';
    expect(setKey(text, 'A', 'f', 'dotenv')).toBe(text.replace('"b"', 'f'));
    expect(setKey(text, 'C', 'f #g', 'dotenv')).toBe(text.replace('=d', "='f #g'"));
  });

  it('changes the last of several lines of the key, which is the one that counts', () => {
    expect(setKey('A=1\nB=2\nA=3\nC=4\n', 'A', '5', 'dotenv')).toBe('A=1\nB=2\nA=5\nC=4\n');
  });

  it('puts a new key in a last line', () => {
    expect(setKey('A=1', 'B', 'two words', 'shell')).toBe("A=1\nB='two words'\n");
    expect(setKey('', 'B', '', 'shell')).toBe('B=\n');
  });

  it('replaces a value of several lines, and puts one in', () => {
    expect(setKey('A="1\n2" # two\nB=3\n', 'A', '4', 'dotenv')).toBe('A=4 # two\nB=3\n');
    expect(setKey('A=1 # one\nB=3\n', 'A', '4\n5', 'dotenv')).toBe("A='4\n5' # one\nB=3\n");
  });

  it('fills a blank value', () => {
    expect(setKey('A=\nB=""\nC= # later\n', 'A', '1', 'node')).toBe('A=1\nB=""\nC= # later\n');
    expect(setKey('A=\nB=""\nC= # later\n', 'B', '1', 'node')).toBe('A=\nB=1\nC= # later\n');
    expect(setKey('A=\nB=""\nC= # later\n', 'C', '1', 'dotenv')).toBe('A=\nB=""\nC=1 # later\n');
  });

  it('keeps a line that already gives the value, however it is spelled', () => {
    expect(setKey('A = "b" # why\n', 'A', 'b', 'dotenv')).toBe('A = "b" # why\n');
  });

  it('lets a value that refers to the key follow it', () => {
    expect(setKey('A=1\nB=$A\n', 'A', '2', 'shell')).toBe('A=2\nB=$A\n');
  });

  it('takes the next best spelling where the line is one that the best would spoil', () => {
    expect(setKey('export A=b\n', 'A', '', 'node')).toBe("export A=''\n");
    expect(setKey('A="b"#why\n', 'A', 'c', 'compose')).toBe("A='c'#why\n");
  });

  it('gives up a comment that would spoil every spelling', () => {
    expect(setKey('A="b"#why\nC=d\n', 'A', 'c\\', 'python-dotenv')).toBe('A=c\\\nC=d\n');
  });

  it('does not let a comment after the line become a key', () => {
    const text = 'A=b\n # C=d\n';
    expect(setKey(text, 'A', 'e', 'node')).toBe('A=e\n # C=d\n');
    expect(setKey(text, 'A', 'e #f', 'node')).toBeUndefined();
  });

  it('gives nothing if no spelling holds the value', () => {
    expect(setKey('A=1\n', 'A', 'b\nc', 'docker')).toBeUndefined();
    expect(setKey('A=1\n', 'B', 'b\nc', 'docker')).toBeUndefined();
    expect(setKey('A=1\n', 'not a name', 'b', 'docker')).toBeUndefined();
    expect(setKey('export A=1\n', 'A', 'b', 'docker')).toBeUndefined();
  });

  it('leaves a flaw elsewhere as it is, and corrects one in its own line', () => {
    expect(setKey('B=$(date)\nA=1\n', 'A', '2\n3', 'shell')).toBe("B=$(date)\nA='2\n3'\n");
    expect(setKey('A=1\nB=$(date)\n', 'A', '2\n3', 'shell')).toBe("A='2\n3'\nB=$(date)\n");
    expect(setKey('A=$(date)\nB=1\n', 'A', '$(date)', 'shell')).toBe("A='$(date)'\nB=1\n");
    expect(setKey('A=$1\nB=1\n', 'A', '$1', 'shell')).toBe("A='$1'\nB=1\n");
  });

  it('writes neither BOM nor CRLF back', () => {
    expect(setKey('\uFEFFA=1\r\nB=2\r\n', 'A', '3', 'node')).toBe('A=3\nB=2\n');
  });
});

describe('unsetKey', () => {
  it('takes out every line of the key, and no comment', () => {
    expect(unsetKey('# A\nA=1\nB=2 # A=3\nexport A="4\n5" # why\n', 'A', 'dotenv')).toBe('# A\nB=2 # A=3\n');
  });

  it('takes for the key what the reader takes for it', () => {
    expect(unsetKey('A: 1\nB=2\n', 'A', 'dotenv')).toBe('B=2\n');
    expect(unsetKey('A: 1\nB=2\n', 'A', 'docker')).toBe('A: 1\nB=2\n');
  });

  it('gives back the lines of a text without the key, but neither BOM nor CRLF', () => {
    expect(unsetKey('\uFEFFB=1\r\n', 'A', 'dotenv')).toBe('B=1\n');
  });
});

const anyKey = fc.constantFrom('A', 'B', 'DB_HOST', 'NEW_KEY');
const rawBut = (key: string, { blocks }: EnvDocument) =>
  blocks
    .filter((block) => block.kind === 'other' || block.key !== key)
    .map(({ kind, raw }) => ({ kind, raw }));

describe.each(envReaders)('any text that %s reads', (reader) => {
  it('has the value that is set, and no other line changed', () => {
    fc.assert(
      fc.property(textFor(reader), anyKey, anyValue, (text, key, value) => {
        const set = setKey(text, key, value, reader);
        if (set === undefined) return;
        const [before, after] = [readEnvText(text, reader), readEnvText(set, reader)];
        expectEqual<object>(
          {
            value: effectiveEntries(after).get(key)?.value,
            others: rawBut(key, after),
            flaw: after.flaw,
            again: setKey(set, key, value, reader),
          },
          { value, others: rawBut(key, before), flaw: undefined, again: set },
        );
      }),
      runs(250),
    );
  });

  it('is without a key that is unset, and otherwise what it was', () => {
    fc.assert(
      fc.property(textFor(reader), anyKey, (text, key) => {
        const unset = unsetKey(text, key, reader);
        const [before, after] = [readEnvText(text, reader), readEnvText(unset, reader)];
        expectEqual<object>(
          {
            hasKey: effectiveEntries(after).has(key),
            others: rawBut(key, after),
            again: unsetKey(unset, key, reader),
          },
          { hasKey: false, others: rawBut(key, before), again: unset },
        );
      }),
      runs(250),
    );
  });
});
