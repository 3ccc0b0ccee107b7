/** The env that a rehearsal makes up: it satisfies the contract, for every reader, and holds nobody's values. */
import fc from 'fast-check';
import { inspectEnv, type KeyRule } from '../../env/contract.ts';
import { readEnvText } from '../../env/document.ts';
import { valuesOf } from '../../env/entries.ts';
import { envReaders } from '../../env/readers/readers.ts';
import type { ScenarioName } from '../../sandbox/scenarios.ts';
import { makeUpEnv, makeUpValue, NothingFits, textOf } from '../../sandbox/seed/made-up-env.ts';
import { valueLike } from '../../sandbox/seed/made-up-value.ts';
import { defaultTarget, makeSeed } from '../../sandbox/seed/seed.ts';
import { loadTarget } from '../../targets/load.ts';
import { canBeHeader } from '../../workflow/http-header.ts';
import type { Target } from '../../workflow/target.ts';
import { appTarget } from '../support/app-target.ts';
import { runs } from '../support/properties.ts';

const target = (parameter: Partial<Target['parameter']>) => appTarget({ parameter });

const rule = fc.record(
  {
    nonEmpty: fc.constant(true),
    noPlaceholder: fc.constant(true),
    kind: fc.constantFrom<Partial<KeyRule>[]>(
      { type: 'url' },
      { type: 'integer' },
      { oneOf: ['True', 'False'] },
      { pattern: '^.{32,}$' },
      { pattern: '^[A-Z]{3}-\\d{4}-(eu|us)$' },
      { pattern: '^base64:[A-Za-z0-9+/]{43}=$' },
      { pattern: '^(?=.*\\d)[a-z\\d]{8,}$' },
      { type: 'integer', pattern: '^\\d{2}$' },
      { type: 'url', pattern: '^https:' },
    ),
  },
  { requiredKeys: ['kind'] },
);

describe('an env that is made up', () => {
  it('satisfies the contract, as its reader reads it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...envReaders),
        fc.dictionary(fc.constantFrom('PORT', 'MODE', 'INTERNAL_KEY', 'DB_URL', 'CODE'), rule),
        fc.uniqueArray(fc.constantFrom('DB_HOST', 'MODE', 'CODE', 'SECRET_KEY')),
        fc.uniqueArray(fc.constantFrom('DB_', 'R2_', 'REDIS_')),
        (reader, named, requiredKeys, requiredPrefixes) => {
          const rules = Object.fromEntries(
            Object.entries(named).map(([key, { kind, ...flags }]) => [
              key,
              { nonEmpty: false, noPlaceholder: false, ...flags, ...kind },
            ]),
          );
          const app = target({
            reader,
            rules,
            requiredPrefixes,
            requiredKeys: ['INTERNAL_KEY', ...requiredKeys],
          });
          const text = textOf(makeUpEnv(app), reader);
          expect(inspectEnv(readEnvText(text, reader), app.parameter)).toMatchObject({
            complete: true,
            brokenRules: [],
          });
          expect(valuesOf(text, reader).size).toBeGreaterThanOrEqual(requiredKeys.length + 1);
          expect(canBeHeader(valuesOf(text, reader).get('INTERNAL_KEY') ?? '\n')).toBe(true);
        },
      ),
      runs(40),
    );
  });

  it('has new values each time', () => {
    const app = target({});
    expect(makeUpEnv(app).get('INTERNAL_KEY')).not.toBe(makeUpEnv(app).get('INTERNAL_KEY'));
  });

  it('has a key for the header that a header can carry', () => {
    const oneOf = ['\u00fc', 'two\u00a0words', 'plain'];
    const app = target({ rules: { INTERNAL_KEY: { nonEmpty: false, noPlaceholder: false, oneOf } } });
    expect(makeUpEnv(app).get('INTERNAL_KEY')).toBe('plain');
  });

  it('is none where no value satisfies the rule, and the message names the key', () => {
    const app = target({ rules: { CODE: { nonEmpty: false, noPlaceholder: false, pattern: '^a(?!.)b$' } } });
    expect(() => makeUpEnv(app)).toThrow(NothingFits);
    expect(() => makeUpEnv(app)).toThrow('no value could be made up for CODE: its rule');
  });
});

describe('an env with the keys of a file', () => {
  const file = [
    '# the password is hunter2',
    'INTERNAL_KEY=hunter2hunter2',
    'DATABASE_URL=postgres://admin:hunter2@db.corp.example:5432/live?password=hunter2',
    'DEBUG=False',
    'PORT=8000',
    'CERT="-----BEGIN hunter2',
    'hunter2"',
    'EMPTY=',
    '',
  ].join('\n');

  it('has all of its keys with a value, in its order, before what the contract asks for besides', () => {
    const values = makeUpEnv(target({ requiredKeys: ['INTERNAL_KEY', 'EMPTY'] }), { like: file });
    expect([...values.keys()]).toEqual(['INTERNAL_KEY', 'DATABASE_URL', 'DEBUG', 'PORT', 'CERT', 'EMPTY']);
  });

  it('keeps none of its values and no comment', () => {
    const text = textOf(makeUpEnv(target({}), { like: file }), 'dotenv');
    expect(text).not.toMatch(/hunter2|corp|live|8000|False|admin|5432/);
  });

  it('keeps none even where the rule of a key would take it', () => {
    const app = target({ rules: { PORT: { nonEmpty: false, noPlaceholder: false, pattern: '^800[01]$' } } });
    for (let times = 0; times < 20; times += 1)
      expect(makeUpEnv(app, { like: 'PORT=8000\n' }).get('PORT')).toBe('8001');
  });

  it('keeps one that is the only one of its rule, which the target file has too', () => {
    const app = target({ rules: { MODE: { nonEmpty: false, noPlaceholder: false, oneOf: ['live'] } } });
    expect(makeUpValue(app, 'MODE', { like: 'live' })).toBe('live');
  });

  it.each([
    ['5432', /^[1-9]\d{3}$/],
    ['-12', /^-[1-9]\d$/],
    ['0.75', /^\d\.\d\d$/],
    ['true', /^false$/],
    ['no', /^yes$/],
    ['redis://:pw@cache:6379/0', /^redis:\/\/:\w{24}@\w{8}\.example\.com:\d{4}\/\w{6}$/],
    ['https://corp.example/path?q=1', /^https:\/\/\w{8}\.example\.com\/\w{6}$/],
    ['boss@corp.example', /^\w{8}@example\.com$/],
    ['172.16.3.4', /^10\.\d+\.\d+\.\d+$/],
    ['db.corp.example', /^\w{8}\.example\.com$/],
    ['/var/lib/corp', /^\/\w{8}$/],
    ['s3cr3t-word', /^\w{11}$/],
  ])('has for %s a value of the same kind', (value, kind) => {
    // By chance, a short number could be the same once in ninety times.
    for (let times = 0; times < 500; times += 1) {
      const made = valueLike(value);
      expect(made).toMatch(kind);
      expect(made).not.toBe(value);
    }
  });
});

describe('a seed', () => {
  const sandbox = { name: defaultTarget, ...loadTarget(defaultTarget) };

  it('has two complete versions that differ in one key, before the one that was written over them', () => {
    // A value of one digit could easily be the same twice.
    for (let times = 0; times < 30; times += 1) {
      const [first = '', second = '', last = ''] = makeSeed(sandbox, 'outage').versions;
      const { reader } = sandbox.parameter;
      const differing = [...valuesOf(first, reader)].filter(
        ([key, value]) => valuesOf(second, reader).get(key) !== value,
      );
      expect(differing.map(([key]) => key)).toEqual(['GUNICORN_WORKERS']);
      const isComplete = (text: string) => inspectEnv(readEnvText(text, reader), sandbox.parameter).complete;
      expect([first, second, last].map(isComplete)).toEqual([true, true, false]);
    }
  });

  it('allows the Host of the target in each version, unless the scenario is that it does not', () => {
    const app = appTarget({ endpoint: { ...appTarget().endpoint, host: 'app.example.com:8000' } });
    const hosts = (scenario: ScenarioName, like?: string) =>
      makeSeed(app, scenario, { like }).versions.map((text) =>
        valuesOf(text, 'dotenv').get('ALLOWED_HOSTS')?.split(',').includes('app.example.com'),
      );
    const like = 'INTERNAL_KEY=real\nALLOWED_HOSTS=real.example\n';
    expect(hosts('healthy', like)).toEqual([true, true]);
    expect(hosts('host-rejected', like)).toEqual([false]);
    expect(hosts('host-rejected')).toEqual([false]);
    expect(hosts('healthy')).toEqual([undefined, undefined]);
  });

  it('is overwritten even where the contract asks for the internal key alone', () => {
    const app = target({});
    const last = makeSeed(app, 'outage').versions.at(-1) ?? '';
    expect(inspectEnv(readEnvText(last, 'dotenv'), app.parameter).complete).toBe(false);
  });
});
