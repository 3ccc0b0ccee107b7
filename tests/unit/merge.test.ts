import fc from 'fast-check';
import { type EnvDocument, type EnvEntry, readEnvText } from '../../env/document.ts';
import { effectiveEntries, isBlank } from '../../env/entries.ts';
import { isChanged, lostKeys, mergeEnv, unionEnv } from '../../env/merge.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { textFor } from '../support/generated-texts.ts';
import { expectEqual, runs } from '../support/properties.ts';

const good = `# The database
DB_HOST=db.internal
DB_PASSWORD=secret

# The key of the metric function
LAMBDA_INTERNAL_API_KEY=old

# Last
REDIS_URL=redis://cache
`;

describe('unionEnv', () => {
  it('brings back a whole env over the one key that was written over it, and keeps that key', () => {
    const restored = unionEnv('LAMBDA_INTERNAL_API_KEY=new\n', good, 'dotenv');
    expect(restored).toBe(good.replace('=old', '=new'));
  });

  it('puts a missing key beside the neighbours it had, with its comment', () => {
    const current = 'DB_HOST=db.internal\nDB_PASSWORD=changed\nLAMBDA_INTERNAL_API_KEY=old\n';
    expect(unionEnv(current, 'DB_HOST=x\n# the port\nDB_PORT=5432\nDB_PASSWORD=y\n', 'dotenv')).toBe(
      'DB_HOST=db.internal\n# the port\nDB_PORT=5432\nDB_PASSWORD=changed\nLAMBDA_INTERNAL_API_KEY=old\n',
    );
  });

  it('puts a missing key after the comment that both have above it', () => {
    expect(unionEnv(good.replace(/^DB_HOST=.*\n/m, ''), good, 'dotenv')).toBe(good);
    expect(unionEnv(good.replace(/^REDIS_URL=.*\n/m, ''), good, 'dotenv')).toBe(good);
  });

  it('fills a blank value where it stands', () => {
    expect(unionEnv('A=1\nB=""\nC=3\n', 'B=2\n', 'dotenv')).toBe('A=1\nB=2\nC=3\n');
  });

  it('keeps a live value that begins with a # over an old one, where the reader sees it', () => {
    expect(unionEnv('DB_PASSWORD=#n3w!\n', good, 'docker')).toContain('DB_PASSWORD=#n3w!\n');
    expect(unionEnv('DB_PASSWORD=#n3w!\n', good, 'dotenv')).toBe(good);
  });

  it('keeps keys that only the current text has, also blank ones', () => {
    const keys = [
      ...effectiveEntries(readEnvText(unionEnv('NEW=\nOWN=1\n', good, 'dotenv'), 'dotenv')).keys(),
    ];
    expect(keys).toEqual(expect.arrayContaining(['NEW', 'OWN', 'DB_HOST', 'REDIS_URL']));
  });

  it('brings back a value of several lines whole', () => {
    const pem = 'KEY="-----BEGIN\nabc\n-----END"\n';
    expect(unionEnv('A=1\n', pem, 'dotenv')).toContain(pem);
  });

  it('writes neither BOM nor CRLF back', () => {
    expect(unionEnv('\uFEFFA=1\r\n', 'B=2\r\n', 'dotenv')).not.toMatch(/\uFEFF|\r/);
  });
});

const entriesOf = (text: string, reader: EnvReader) => effectiveEntries(readEnvText(text, reader));
const isBlankEntry = (entry: EnvEntry | undefined) => entry === undefined || isBlank(entry.value);
const commentsOf = ({ blocks }: EnvDocument) =>
  blocks.filter(({ kind, raw }) => kind === 'other' && raw.trim() !== '').map(({ raw }) => raw.trim());

describe('keys that the restored text holds more than once', () => {
  it.each<[string, EnvReader, string, string, string]>([
    ['are restored once where the last one says it all', 'dotenv', '', 'A=1\nX=y\nA=2\n', 'X=y\nA=2\n'],
    [
      'are restored with the lines that a reference needs',
      'compose',
      '',
      'A=1\nB=$A\nA=$A:2\n',
      'A=1\nB=$A\nA=$A:2\n',
    ],
    [
      'are filled with the lines that a reference needs',
      'shell',
      'X=1\nA=\n',
      'A=1\nA=$A:2\n',
      'X=1\nA=1\nA=$A:2\n',
    ],
    ['stay where the reader hands on all of them', 'docker', 'X=1\n', 'A=1\nA=2\n', 'A=1\nA=2\nX=1\n'],
    ['give way to the line that is there', 'docker', 'A=3\n', 'A=1\nA=2\n', 'A=3\n'],
  ])('%s, as %s reads them', (_what, reader, current, restored, merged) => {
    expect(unionEnv(current, restored, reader)).toBe(merged);
    expect(unionEnv(merged, restored, reader)).toBe(merged);
  });
});

describe.each(envReaders)('unionEnv of any two texts, as %s reads them', (reader) => {
  it('loses no key, changes no line it need not change, and is done when it is done', () => {
    const text = textFor(reader);
    fc.assert(
      fc.property(text, text, (current, restored) => {
        const merged = unionEnv(current, restored, reader);
        const [now, then, result] = [current, restored, merged].map((one) => readEnvText(one, reader));
        if (!now || !then || !result) throw new Error('three texts were read');
        const [nowEntries, thenEntries] = [effectiveEntries(now), effectiveEntries(then)];
        const keys = new Set([...nowEntries.keys(), ...thenEntries.keys()]);

        const lines = result.blocks.map(({ raw }) => raw);
        let position = 0;
        const missingLines = now.blocks.filter((block) => {
          if (block.kind === 'entry' && isBlank(block.value) && thenEntries.has(block.key)) return false;
          const found = lines.indexOf(block.raw, position);
          position = Math.max(position, found + 1);
          return found === -1;
        });
        const wrongLines = [...effectiveEntries(result)].filter(([key, { raw, value }]) => {
          const [kept, filling] = [nowEntries.get(key), thenEntries.get(key)];
          if (kept && !isBlankEntry(kept)) return raw !== kept.raw;
          if (filling && !isBlankEntry(filling)) return raw !== filling.raw;
          return !isBlank(value);
        });
        const comments = new Set(commentsOf(result));

        expectEqual<object>(
          {
            flaw: result.flaw,
            keys: [...effectiveEntries(result).keys()].sort(),
            lost: lostKeys(now, result),
            missingLines,
            wrongLines,
            missingComments: [...commentsOf(now), ...commentsOf(then)].filter((one) => !comments.has(one)),
            again: unionEnv(merged, restored, reader),
          },
          {
            flaw: undefined,
            keys: [...keys].sort(),
            lost: [],
            missingLines: [],
            wrongLines: [],
            missingComments: [],
            again: merged,
          },
        );
      }),
      runs(250),
    );
  });
});

describe('mergeEnv', () => {
  const base = 'DOMAIN=old.com\nURL=https://${DOMAIN}\nAPI=${URL}/api\n';
  it.each<EnvReader>(['compose', 'shell', 'python-dotenv'])(
    'takes for changed what is spelled otherwise, not what refers to something that was, for %s',
    (reader) => {
      const theirs = base.replace('old.com', 'new.com');
      const merged = (ours: string) => mergeEnv(base, theirs, ours, reader);
      const pinned = base.replace('https://${DOMAIN}', 'https://old.com');
      expect(merged(pinned)).toBe(pinned.replace('=old.com', '=new.com'));
      const moved = base.replace('https://', 'https://www.');
      expect(merged(moved)).toBe(moved.replace('old.com', 'new.com'));
      const withDefault = base.replace('${DOMAIN}', '${DOMAIN:-none}');
      expect(merged(withDefault)).toBe(withDefault.replace('old.com', 'new.com'));
      expect(merged(base)).toBe(theirs);
      expect(mergeEnv(base, pinned, theirs, reader)).toBe(pinned.replace('=old.com', '=new.com'));
      expect(mergeEnv(base, theirs, pinned.replace('${URL}', '${URL}/v2'), reader)).toBe(
        pinned.replace('=old.com', '=new.com').replace('${URL}', '${URL}/v2'),
      );
    },
  );

  it('takes for changed what refers to another key in the whole text, for django-environ', () => {
    const [before, theirs, ours] = ['A=$B\nB=1\nC=1\n', 'A=$B\nB=2\nC=1\n', 'A=$C\nB=1\nC=1\n'];
    expect(mergeEnv(before, theirs, ours, 'django-environ')).toBe('A=$C\nB=2\nC=1\n');
  });

  it('takes other quotes around the same value for no change', () => {
    expect(mergeEnv('A=b\n', 'A="b"\n', 'A=c\n', 'compose')).toBe('A=c\n');
    expect(mergeEnv('B=1\nA=${B}\n', 'B=1\nA="${B}"\n', 'B=1\nA=c\n', 'shell')).toBe('B=1\nA=c\n');
    expect(mergeEnv('B=1\nA=${B}\n', 'B=1\nA=c\n', 'B=1\nA="${B}"\n', 'shell')).toBe('B=1\nA=c\n');
  });

  it('keeps a change to what is set elsewhere, and removes no value for nothing', () => {
    const merged = (theirs: string, ours: string) => mergeEnv('A=1\nB=1\n', theirs, ours, 'compose');
    expect(merged('A=1\nB=2\n', 'A=${HOME}\nB=1\n')).toBe('A=${HOME}\nB=2\n');
    expect(merged('A=${HOME}\nB=1\n', 'A=1\nB=2\n')).toBe('A=${HOME}\nB=2\n');
    expect(merged('A=1\nB=2\n', 'A=\nB=1\n')).toBe('A=1\nB=2\n');
  });

  it('blanks a key that ours means to blank, unless theirs has changed it', () => {
    const merged = (theirs: string) => mergeEnv('A=1\nB=1\n', theirs, 'A=\nB=1\n', 'node', ['A']);
    expect(merged('A=1\nB=2\n')).toBe('A=\nB=2\n');
    expect(merged('A=3\nB=2\n')).toBe('A=3\nB=2\n');
  });

  it('drops a key that ours means to drop, also if theirs has changed what it refers to', () => {
    const [before, theirs, ours] = ['A=1\nB=$A\n', 'A=2\nB=$A\n', 'A=1\n'];
    expect(mergeEnv(before, theirs, ours, 'compose', ['B'])).toBe('A=2\n');
    expect(mergeEnv(before, 'A=1\nB=$A$A\n', ours, 'compose', ['B'])).toBe('A=1\nB=$A$A\n');
  });
});

const referring = [
  'plain',
  '1',
  '${A}',
  '${B}x',
  'https://${A}/${C}',
  '-$A',
  '$C',
  'y${D:-z}',
  '${D}',
  '${D:-w}',
];
const keys = ['A', 'B', 'C', 'D'];

describe.each(envReaders)('a change of one key, as %s reads it', (reader) => {
  it('survives whatever the other writer does to the others', () => {
    const choice = fc.integer({ min: 0, max: referring.length - 1 });
    fc.assert(
      fc.property(
        fc.array(choice, { minLength: 4, maxLength: 4 }),
        fc.array(fc.constantFrom('neither', 'theirs', 'ours'), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: referring.length - 1 }),
        (chosen, writers, step) => {
          const lines = chosen.map((index) => referring[index]);
          const changed = chosen.map((index) => referring[(index + step) % referring.length]);
          const textOf = (values: (string | undefined)[]) =>
            keys.map((key, index) => `${key}=${values[index]}\n`).join('');
          const of = (...who: string[]) =>
            textOf(lines.map((line, index) => (who.includes(writers[index] ?? '') ? changed[index] : line)));
          expectEqual(mergeEnv(of(), of('theirs'), of('ours'), reader), of('theirs', 'ours'));
        },
      ),
      runs(250),
    );
  });
});

describe.each(envReaders)('mergeEnv of what two writers made of any text, as %s reads it', (reader) => {
  it('takes what only one has changed from that one, lets the later word win, and loses no key', () => {
    const text = textFor(reader);
    fc.assert(
      fc.property(text, text, text, (base, theirs, ours) => {
        const [before, their, our] = [base, theirs, ours].map((one) => entriesOf(one, reader));
        const merged = entriesOf(mergeEnv(base, theirs, ours, reader), reader);
        const wrongKeys = [...merged].filter(([key, { raw, value }]) => {
          const [theirEntry, ourEntry, baseEntry] = [their?.get(key), our?.get(key), before?.get(key)];
          const onlyOursChanged =
            !isChanged(baseEntry, theirEntry, reader) && isChanged(baseEntry, ourEntry, reader);
          // Of what a reference stands for, the other lines decide.
          if ([theirEntry, ourEntry].some((entry) => isBlankEntry(entry) && entry?.raw.includes('$')))
            return false;
          if (isBlankEntry(ourEntry)) return isBlank(value) !== isBlankEntry(theirEntry);
          return raw !== (isBlankEntry(theirEntry) || onlyOursChanged ? ourEntry : theirEntry)?.raw;
        });
        expectEqual<object>(
          { keys: [...merged.keys()].sort(), wrongKeys },
          {
            keys: [...new Set([...(their?.keys() ?? []), ...(our?.keys() ?? [])])].sort(),
            wrongKeys: [],
          },
        );
      }),
      runs(250),
    );
  });
});
