import fc from 'fast-check';
import { type EnvDocument, type EnvEntry, readEnvText } from '../../env/document.ts';
import { effectiveEntries, isBlank } from '../../env/entries.ts';
import { lostKeys, mergeEnv, unionEnv } from '../../env/merge.ts';
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
      runs(),
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
          const [theirEntry, ourEntry] = [their?.get(key), our?.get(key)];
          const baseValue = before?.get(key)?.value;
          const onlyOursChanged = theirEntry?.value === baseValue && ourEntry?.value !== baseValue;
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
      runs(),
    );
  });
});
