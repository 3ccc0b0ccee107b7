import fc from 'fast-check';
import { redact, redactedTail } from '../../env/redact.ts';
import { runs } from '../support/properties.ts';

const env = new Map([
  ['DB_PASSWORD', 'hunter2!'],
  ['REDIS_URL', '"redis://:p4ss%21w0rd@cache:6379/0"'],
  ['JSON', 'pa"ss\\w0rd'],
  ['PEM', '-----BEGIN\nsecond line\n-----END'],
]);

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

  it('lets no value through, wherever it stands', () => {
    const value = fc.string({ minLength: 4, maxLength: 20 }).filter((text) => text.trim().length >= 4);
    fc.assert(
      fc.property(value, fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!'[redacted]'.includes(secret) && !before.includes(secret) && !after.includes(secret));
        const shown = redact(`${before}${secret}${after}`, new Map([['KEY', secret]]));
        fc.pre(!secret.includes('redacted'));
        expect(shown.includes(secret)).toBe(false);
      }),
      runs(),
    );
  });
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
