import fc from 'fast-check';
import { redact, redactedTail } from '../recovery/redact.ts';

const env = new Map([
  ['DB_PASSWORD', 'hunter2!'],
  ['REDIS_URL', '"redis://:p4ssw0rd@cache:6379/0"'],
  ['PEM', '-----BEGIN\nsecond line\n-----END'],
]);

describe('redact', () => {
  it('masks the values of the env in every spelling a log may have', () => {
    const spellings = [
      'hunter2!',
      encodeURIComponent('hunter2!'),
      Buffer.from('hunter2!').toString('base64'),
    ];
    expect(redact(`got ${spellings.join(' and ')}.`, env)).not.toMatch(/hunter2|aHVudGVyMi/);
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
    );
  });
});

describe('redactedTail', () => {
  it('gives the last lines', () => {
    const output = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
    expect(redactedTail(output, 8000, env).split('\n').at(-1)).toBe('line 49');
  });

  it('drops the line at which AWS cut the output, since half a secret may be on it', () => {
    const limit = 40;
    const output = `first line\nthe password is hunter2!`.slice(0, 30).padEnd(limit, 'h');
    expect(redactedTail(output, limit, env)).toBe('first line');
  });
});
