import fc from 'fast-check';
import { effectiveEntries, envReaders, isBlank, readEnvText } from '../recovery/dotenv.ts';
import { lostKeys, mergeEnv, unionEnv } from '../recovery/merge.ts';

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

  it('puts a missing key behind the comment that both have above it', () => {
    expect(unionEnv(good.replace(/^DB_HOST=.*\n/m, ''), good, 'dotenv')).toBe(good);
    expect(unionEnv(good.replace(/^REDIS_URL=.*\n/m, ''), good, 'dotenv')).toBe(good);
  });

  it('fills a blank value where it stands', () => {
    expect(unionEnv('A=1\nB=""\nC=3\n', 'B=2\n', 'dotenv')).toBe('A=1\nB=2\nC=3\n');
  });

  it('keeps a live value that begins with a # over an old one', () => {
    expect(unionEnv('DB_PASSWORD=#n3w!\n', good, 'dotenv')).toContain('DB_PASSWORD=#n3w!\n');
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

/** Texts as people and scripts leave them: duplicates, blanks, comments, quotes, odd spacing, no last line end. */
const key = fc.constantFrom('A', 'B', '2FA', 'DB_HOST', 'DB_PORT', '한글', 'REDIS_URL');
const plainValue = fc.string({
  unit: fc.constantFrom('a', '1', '/', ':', '=', '#', ' ', "'", '가', '\r', '\u2028'),
  maxLength: 8,
});
const line = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(key, plainValue).map(([name, value]) => `${name}=${value}`) },
  { weight: 2, arbitrary: fc.tuple(key, plainValue).map(([name, value]) => `${name}="${value}"`) },
  { weight: 1, arbitrary: fc.tuple(key, plainValue).map(([name, value]) => `export ${name} = ${value}`) },
  { weight: 1, arbitrary: key.map((name) => `${name}="two\nlines"`) },
  { weight: 2, arbitrary: fc.constantFrom('', '# a comment', '# another', 'not an assignment') },
);
const envText = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.boolean(), fc.constantFrom('\n', '\r\n', '\r\r\n'))
  .map(([lines, hasBom, lineEnd]) => `${hasBom ? '\uFEFF' : ''}${lines.join(lineEnd)}`);

describe.each(envReaders)('unionEnv of any two texts, as %s reads them', (reader) => {
  const read = (text: string) => effectiveEntries(readEnvText(text, reader));
  const isReadable = (text: string) => readEnvText(text, 'dotenv').flaw === undefined;
  const check = (holds: (current: string, restored: string, merged: string) => void) =>
    fc.assert(
      fc.property(envText.filter(isReadable), envText.filter(isReadable), (current, restored) =>
        holds(current, restored, unionEnv(current, restored, reader)),
      ),
      { numRuns: 1000 },
    );

  it('loses no key of either', () => {
    check((current, restored, merged) => {
      const keys = [...read(merged).keys()];
      expect(keys).toEqual(expect.arrayContaining([...read(current).keys(), ...read(restored).keys()]));
      expect(lostKeys(readEnvText(current, reader), readEnvText(merged, reader))).toEqual([]);
    });
  });

  it('keeps each current value that is not blank, and fills the others from the restored text', () => {
    check((current, restored, merged) => {
      for (const [name, { value }] of read(merged)) {
        const now = read(current).get(name);
        const then = read(restored).get(name);
        if (now && !isBlank(now.value)) expect(value).toBe(now.value);
        else if (then && !isBlank(then.value)) expect(value).toBe(then.value);
        else expect(isBlank(value)).toBe(true);
      }
    });
  });

  it('changes nothing when it is done again', () => {
    check((_current, restored, merged) => {
      expect(unionEnv(merged, restored, reader)).toBe(merged);
    });
  });

  it('leaves the bytes of every line of the current text alone, but for blank values it fills', () => {
    check((current, restored, merged) => {
      const mergedBlocks = readEnvText(merged, reader).blocks.map(({ raw }) => raw);
      let position = 0;
      for (const block of readEnvText(current, reader).blocks) {
        if (block.kind === 'entry' && isBlank(block.value) && read(restored).has(block.key)) continue;
        const found = mergedBlocks.indexOf(block.raw, position);
        expect(found).toBeGreaterThanOrEqual(position);
        position = found + 1;
      }
    });
  });

  it('keeps the comments of both', () => {
    check((current, restored, merged) => {
      const comments = (text: string) =>
        readEnvText(text, reader).blocks.filter(({ kind, raw }) => kind === 'other' && raw.trim() !== '');
      const kept = comments(merged).map(({ raw }) => raw.trim());
      expect(kept).toEqual(
        expect.arrayContaining([...comments(current), ...comments(restored)].map(({ raw }) => raw.trim())),
      );
    });
  });
});

describe.each(envReaders)('mergeEnv of what two writers made of any text, as %s reads it', (reader) => {
  it('takes what only one has changed from that one, lets the later word win, and loses no key', () => {
    const text = envText.filter((candidate) => readEnvText(candidate, 'dotenv').flaw === undefined);
    fc.assert(
      fc.property(text, text, text, (base, theirs, ours) => {
        const values = (one: string) => effectiveEntries(readEnvText(one, reader));
        const [before, their, our] = [values(base), values(theirs), values(ours)];
        const merged = values(mergeEnv(base, theirs, ours, reader));
        expect([...merged.keys()].sort()).toEqual([...new Set([...their.keys(), ...our.keys()])].sort());
        for (const [name, { value }] of merged) {
          const theirValue = their.get(name)?.value ?? '';
          const ourValue = our.get(name)?.value ?? '';
          const baseValue = before.get(name)?.value;
          const onlyOursChanged = theirValue === baseValue && ourValue !== baseValue;
          if (isBlank(ourValue)) expect(isBlank(value)).toBe(isBlank(theirValue));
          else expect(value).toBe(isBlank(theirValue) || onlyOursChanged ? ourValue : theirValue);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
