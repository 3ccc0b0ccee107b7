import { inspectEnv } from '../recovery/contract.ts';
import { readEnvText } from '../recovery/env-text.ts';

const contract = { requiredKeys: ['DB_HOST', 'DB_PASSWORD'], requiredPrefixes: ['R2_', 'REDIS_'] };
const inspect = (text: string) => inspectEnv(readEnvText(text, 'dotenv'), contract);
const complete = 'DB_HOST=a\nDB_PASSWORD=b\nR2_KEY=c\nREDIS_URL=d\n';

describe('inspectEnv', () => {
  it('finds a complete env complete', () => {
    expect(inspect(complete)).toEqual({
      complete: true,
      missingKeys: [],
      blankKeys: [],
      missingPrefixes: [],
      placeholderKeys: [],
    });
  });

  it.each(['', '   \n\n', 'LAMBDA_INTERNAL_API_KEY=x\n'])('finds everything missing in %j', (text) => {
    expect(inspect(text)).toMatchObject({
      complete: false,
      missingKeys: ['DB_HOST', 'DB_PASSWORD'],
      missingPrefixes: ['R2_', 'REDIS_'],
    });
  });

  it.each(['DB_HOST=', 'DB_HOST=""', "DB_HOST='  '", 'DB_HOST=   # later'])('takes %j for blank', (line) => {
    expect(inspect(complete.replace('DB_HOST=a', line))).toMatchObject({
      complete: false,
      blankKeys: ['DB_HOST'],
    });
  });

  it('asks for a prefixed key that has a value', () => {
    expect(inspect(complete.replace('R2_KEY=c', 'R2_KEY='))).toMatchObject({ missingPrefixes: ['R2_'] });
  });

  it.each(['{{ DB_HOST }}', '<changeme>', '<your-host>', '"<changeme>"', 'CHANGE_ME'])(
    'takes %s for a leftover of a template',
    (value) => {
      expect(inspect(complete.replace('DB_HOST=a', `DB_HOST=${value}`))).toMatchObject({
        complete: false,
        placeholderKeys: ['DB_HOST'],
      });
    },
  );

  it('leaves values with angle brackets inside alone', () => {
    expect(inspect(complete.replace('DB_HOST=a', 'DB_HOST=a<b>c')).complete).toBe(true);
  });

  it('does not trust a text that its reader may misread or refuse', () => {
    expect(inspect(`${complete}X="open\n`).complete).toBe(false);
    expect(inspectEnv(readEnvText(`${complete}export X=1\n`, 'docker'), contract).complete).toBe(false);
  });
});
