import fc from 'fast-check';
import { redact, redactedTail } from '../../env/redact.ts';
import { growsWithLength } from '../support/effort.ts';
import { runs } from '../support/properties.ts';
import { alsoMasked, contexts, env, harmless, secrets, spellings } from './redact-corpus.ts';

describe('redact', () => {
  it('masks the values of the env in every spelling a log may have', () => {
    const spellings = [
      'hunter2!',
      'hunter2%21',
      Buffer.from('hunter2!').toString('base64'),
      'pa\\"ss\\\\w0rd',
    ];
    expect(redact(`got ${spellings.join(' and ')}.`, env)).toBe(
      'got [redacted] and [redacted] and [redacted] and [redacted].',
    );
  });

  it('masks the password in a URL also where it stands alone, as it is and decoded', () => {
    expect(redact('AUTH failed with p4ss%21w0rd, that is p4ss!w0rd', env)).toBe(
      'AUTH failed with [redacted], that is [redacted]',
    );
  });

  it('masks a value of several lines also line by line', () => {
    expect(redact('it read second line there', env)).toBe('it read [redacted] there');
    const inOneLine = new Map([['PEM', '-----BEGIN\\nMIIEvQIBADAN\\nBAQEFAAS\\n-----END']]);
    expect(redact('it read BAQEFAAS there', inOneLine)).toBe('it read [redacted] there');
  });

  it('masks what is not in the env but looks like a secret', () => {
    expect(redact('export OLD_PASSWORD=tiger', env)).toBe('export OLD_PASSWORD=[redacted]');
    expect(redact('connect to postgres://api:tiger@db/x', env)).not.toContain('tiger');
    expect(redact('token: abc', env)).toBe('token: [redacted]');
    expect(redact(`id ${'x'.repeat(30)}`, env)).toBe('id [redacted]');
  });

  it('leaves an ordinary message readable', () => {
    expect(redact('ERROR: container academy-api exited with 1', env)).toBe(
      'ERROR: container academy-api exited with 1',
    );
  });

  it('lets no value through, wherever it stands and however it is spelled', () => {
    const value = fc
      .oneof(
        fc.string({ minLength: 4, maxLength: 20 }),
        fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme' }),
        fc.string({ minLength: 4, maxLength: 20, unit: fc.constantFrom(...`a1Z'"\\\`$ %&+/=:@é값`) }),
      )
      .filter((text) => text.trim().length >= 4 && text.length === text.trim().length);
    fc.assert(
      fc.property(
        value,
        fc.constantFrom(...Object.keys(spellings)),
        fc.string(),
        fc.string(),
        (secret, how, before, after) => {
          const spelled = spellings[how]?.(secret) ?? '';
          // A short word is looked for as a word of its own, and a setting such as `true` is no secret.
          const isWord = /^([a-z]+|v?[\d.:]+)$/i.test(secret);
          fc.pre(!isWord || secret.length >= 8);
          // Of a value that is little but blanks and quotes, an encoding is not told from chance.
          const isMostlySigns = secret.replaceAll(/[\s'"`\\+]|[^ -~]/g, '').length < 4;
          fc.pre(how === 'as it is' || !isMostlySigns);
          const shown = redact(`${before}${spelled}${after}`, new Map([['API_KEY', secret]]));
          fc.pre(![before, after, '[redacted]'].some((text) => text.includes(spelled)));
          // By chance, what stands before and after the mask can spell the value again.
          fc.pre(!`${before}[redacted]${after}`.includes(spelled));
          expect(shown.includes(spelled)).toBe(false);
        },
      ),
      runs(),
    );
  });

  it.each(Object.keys(spellings))('lets no value of several kinds through: %s', (how) => {
    const shown = secrets.map((secret) => {
      const line = `worker failed with ${spellings[how]?.(secret)} on start\n`;
      return [line, redact(line, env)] as const;
    });
    for (const [line, masked] of shown)
      expect([line, masked]).toEqual([line, 'worker failed with [redacted] on start\n']);
  });

  it.each(contexts)('lets no value through in a place of its own: %s', (_what, context) => {
    for (const secret of secrets) {
      const text = context(secret);
      const masked = redact(text, env);
      for (let at = 0; at + 6 <= secret.length; at++)
        expect([text, masked.includes(secret.slice(at, at + 6)) && masked]).toEqual([text, false]);
    }
  });

  it.each([
    ['percent-encoded, right after a %', 'aaa:', '50%aaa%3A', '50%[redacted]'],
    ['percent-encoded twice, right after a %', 'aaa:', '50%aaa%253A', '50%[redacted]'],
    ['encoded as a form, right after a %', 'aaa &', '50%aaa+%26', '50%[redacted]'],
    ['percent-encoded base64, right after a %', 'w@~ #', '50%d0B%2BICM%3D', '50%[redacted]'],
    ['percent-encoded and wrapped within an escape', '0 #(', '%00%20%23\n(', '%0[redacted]'],
    ['short, with its signs doubled', '#$$#', '#$$$$# %', '[redacted] %'],
    ['short, with some of its signs doubled', '%%$a', '#%%$$a %', '#[redacted] %'],
    ['in ASCII, right before digits', 'éaaa\\1', '\\u00e9aaa\\\\100', '[redacted]00'],
    ['wrapped, with nothing but blanks on a line', 'aaa   aaaa', 'aaa\na  |    \na  | aaaa', '[redacted]'],
  ])('masks a value that is %s', (_how, secret, text, masked) => {
    expect(redact(text, new Map([['API_KEY', secret]]))).toBe(masked);
  });

  it('masks a part of a secret that stands alone, if it is no word', () => {
    expect(redact('the token 9f8e7d6c5b4a and AX-9f8e7d of redis', env)).toBe(
      'the token [redacted] and [redacted] of redis',
    );
  });

  it('masks the values of every version it is given', () => {
    const versions = [new Map([['DB_PASSWORD', 'older-pa55']]), env];
    expect(
      redact(
        'older-pa55 and hunter2!',
        versions.flatMap((version) => [...version]),
      ),
    ).toBe('[redacted] and [redacted]');
  });

  it('makes three holes or more in at most two of a hundred harmless lines', () => {
    const holed = harmless
      .map((line) => redact(line, env))
      .filter((masked) => masked.split('[redacted]').length > 3);
    expect(holed).toEqual([]);
    expect(harmless.filter((line) => redact(line, env) !== line)).toEqual(alsoMasked);
  });

  it('keeps switches, ports, levels, and short values that are parts of other words', () => {
    const settings = new Map([
      ['DEBUG', 'true'],
      ['DB_PORT', '5432'],
      ['LOG_LEVEL', 'INFO'],
      ['DB_NAME', 'test'],
      ['DB_PASSWORD', '5433'],
    ]);
    expect(redact('INFO true 5432 latest test DB_PORT=5432 DB_NAME=live a:5433', settings)).toBe(
      'INFO true 5432 latest [redacted] DB_PORT=5432 DB_NAME=[redacted] a:[redacted]',
    );
  });

  it('takes time in proportion to the length of the text', () => {
    const many = Array.from(
      { length: 100 },
      (_, index) => [`KEY_${index}`, `value-${index}-${'x'.repeat(40)}-${index}`] as const,
    );
    const parts = [
      '\\',
      'a-',
      '=',
      "k='",
      '://',
      ' ',
      'value-1-x',
      '%',
      '&',
      '\\u',
      '\n',
      'key: ',
      '-',
      'A1',
      '"',
    ];
    for (const part of parts) {
      const redacted = (length: number) => () => redact(part.repeat(length / part.length), many);
      expect(growsWithLength(redacted(32_000), redacted(4_000))).toBe(true);
    }
  }, 60_000);
});

describe('redactedTail', () => {
  it('gives the last lines', () => {
    const output = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
    expect(redactedTail(output, 8000, env).split('\n').at(-1)).toBe('line 49');
  });

  it.each([
    ['by its size', `${'가'.repeat(2700)}\nthe password is hunt`],
    ['by the mark of the agent', 'first line\nthe password is hunt---output truncated--'],
  ])('drops the line at which AWS cut the output, known %s', (_how, output) => {
    expect(redactedTail(output, 8000, env)).not.toContain('hunt');
  });
});
