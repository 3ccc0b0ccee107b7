import { gapsOf, inspectEnv, type KeyRule, mistakesOf, notesOf } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';

const contract = {
  requiredKeys: ['DB_HOST', 'DB_PASSWORD'],
  requiredPrefixes: ['R2_', 'REDIS_'],
  rules: {},
};
const inspect = (text: string) => inspectEnv(readEnvText(text, 'dotenv'), contract);
const complete = 'DB_HOST=a\nDB_PASSWORD=b\nR2_KEY=c\nREDIS_URL=d\n';

describe('inspectEnv', () => {
  it('finds a complete env complete', () => {
    expect(inspect(complete)).toEqual({
      complete: true,
      missingKeys: [],
      blankKeys: [],
      missingPrefixes: [],
      standIns: [],
      brokenRules: [],
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
        standIns: [{ key: 'DB_HOST', says: "holds a template's placeholder" }],
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

  const rule = (part: Partial<KeyRule>): KeyRule => ({ nonEmpty: false, noPlaceholder: false, ...part });
  const broken = (part: Partial<KeyRule>, value: string) =>
    inspectEnv(readEnvText(`${complete}X=${value}\n`, 'docker'), { ...contract, rules: { X: rule(part) } })
      .brokenRules;

  it('gives up on a pattern that would take years, names it, and does not try it again', () => {
    const slow = '^(a|a)*$';
    const value = `${'a'.repeat(40)}!`;
    const expected = [{ key: 'X', expected: expect.stringContaining(`like ${slow}, since that pattern`) }];
    expect(broken({ pattern: slow }, value)).toEqual(expected);
    const runs = Array.from({ length: 100 }, () => broken({ pattern: slow }, value));
    expect(runs).toEqual(runs.map(() => expected));
    expect(broken({ pattern: '^a+!$' }, value)).toEqual([]);
  });

  it.each<[Partial<KeyRule>, string[], string[], string]>([
    [{ type: 'integer' }, ['0', '5432', '-1'], ['5.4', '5432x', '"5432"', '0x10'], 'an integer'],
    [
      { type: 'url' },
      [
        'https://a.example/b',
        'redis://:p@cache:6379/0',
        'postgres://u:p@db/n',
        'mongodb://a:1,b:2/db?replicaSet=x',
        'mongodb://u:p@a:27017,b:27017,c:27017/db',
        'postgresql://a,b/db',
        'postgresql://u:p@a:5432,b:5433/db?target_session_attrs=any',
        'amqp://u:p@a:5672,amqp://u:p@b:5672',
        'amqp://a:5672;amqp://b:5672',
        'kafka://a:9092,b:9092',
        'jdbc:postgresql://h/db',
        'jdbc:mysql://u:p@a:3306,b:3306/db',
        'jdbc:oracle:thin:@h:1521:sid',
        'jdbc:sqlserver://h:1433;databaseName=x',
        'jdbc:h2:mem:x',
      ],
      [
        'a.example',
        'https://',
        '"https://a.example"',
        'https://a b.example/',
        'mongodb://a:1,,b:2/db',
        'mongodb://a:1,b:x/db',
        'a:9092,b:9092',
        'jdbc:',
        'jdbc:postgresql://',
        'jdbc:postgresql://h /db',
      ],
      'a URL',
    ],
    [{ oneOf: ['True', 'False'] }, ['True', 'False'], ['true', '1', 'True '], 'one of True, False'],
    [{ pattern: '^.{3,}$' }, ['abc', '한글자'], ['ab', '한글'], 'like ^.{3,}$'],
  ])('holds a value to %j', (part, right, wrong, expected) => {
    for (const value of right) expect(broken(part, value)).toEqual([]);
    for (const value of wrong) expect(broken(part, value)).toEqual([{ key: 'X', expected }]);
  });

  it('holds a key to its rule only if it is there, and a blank one only if it may not be', () => {
    const inspectX = (text: string, part: Partial<KeyRule>) =>
      inspectEnv(readEnvText(text, 'dotenv'), { ...contract, rules: { X: rule(part) } });
    expect(inspectX(complete, { type: 'integer', nonEmpty: true }).complete).toBe(true);
    expect(inspectX(`${complete}X=\n`, { type: 'integer' }).complete).toBe(true);
    expect(inspectX(`${complete}X=\n`, { nonEmpty: true })).toMatchObject({
      complete: false,
      blankKeys: ['X'],
    });
  });

  it('looks for leftovers of a template in a key that is not required only if told to', () => {
    const inspectX = (part: Partial<KeyRule>) =>
      inspectEnv(readEnvText(`${complete}X={{ x }}\n`, 'dotenv'), { ...contract, rules: { X: rule(part) } });
    expect(inspectX({}).complete).toBe(true);
    expect(inspectX({ noPlaceholder: true })).toMatchObject({ complete: false, standIns: [{ key: 'X' }] });
  });

  it('says what is wrong in words, by key and line, and never by value', () => {
    const document = readEnvText('DB_HOST=\nR2_KEY={{ canary }}\nX=canary\nY="canary\n', 'dotenv');
    const rules = { X: rule({ type: 'integer' }) };
    const finding = inspectEnv(document, { ...contract, rules });
    expect([...gapsOf(finding), ...mistakesOf(document, finding)]).toEqual([
      'DB_PASSWORD is missing',
      'DB_HOST is blank',
      'no key that begins with REDIS_ has a value',
      'line 4: a quote is opened and never closed',
      "R2_KEY holds a template's placeholder",
      'X is not an integer',
    ]);
  });
});

describe('notesOf', () => {
  it('tells of a stand-in in a key that needs no value, and of none that blocks', () => {
    const document = readEnvText(
      `${complete.replace('DB_HOST=a', 'DB_HOST=None')}CACHE_URL=null\n`,
      'docker',
    );
    expect(notesOf(document, contract)).toEqual(['CACHE_URL holds null, which is no value']);
    expect(mistakesOf(document, inspectEnv(document, contract))).toEqual([
      'DB_HOST holds None, which is no value',
    ]);
  });
});
