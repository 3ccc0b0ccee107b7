/** What the doctor takes from texts that hold secrets. */
import { envFacts } from '../../workflow/doctor/env-facts.ts';
import { functionFacts } from '../../workflow/doctor/function-facts.ts';
import { knownGoodLabel, type ParameterRecord } from '../../workflow/versions.ts';
import { doctorTarget } from '../support/healthy-facts.ts';

const target = doctorTarget();

const record = (version: number, text: string, part: Partial<ParameterRecord> = {}): ParameterRecord => ({
  version,
  text,
  type: 'SecureString',
  modifiedAt: new Date('2026-11-30T09:00:00Z'),
  keyId: undefined,
  description: undefined,
  allowedPattern: undefined,
  tier: undefined,
  labels: [],
  modifiedBy: 'arn:aws:iam::111122223333:user/operator',
  ...part,
});

const complete = 'INTERNAL_KEY=canary-1\nDB_HOST=canary-2\n';

describe('the facts of the env', () => {
  it('name the keys that a person has to correct, each once', () => {
    const of = doctorTarget({
      parameter: {
        name: '/app/env',
        reader: 'dotenv',
        requiredKeys: ['INTERNAL_KEY', 'DB_HOST'],
        rules: { DB_PORT: { type: 'integer', pattern: '^5' } },
      },
    });
    const keysIn = (text: string) => envFacts([record(1, text)], of).mistakenKeys;
    expect(keysIn(`${complete}DB_PORT=none\n`)).toEqual(['DB_PORT']);
    expect(keysIn('INTERNAL_KEY=<your-key>\nDB_HOST=changeme\nDB_PORT=5432\n')).toEqual([
      'INTERNAL_KEY',
      'DB_HOST',
    ]);
    expect(keysIn(`${complete}DB_PORT=5432\n`)).toEqual([]);
  });

  it('say who else has written it, newest first and each once', () => {
    const by = (version: number, modifiedBy: string | undefined) =>
      record(version, complete, {
        modifiedBy: modifiedBy && `arn:aws:iam::111122223333:${modifiedBy}`,
      });
    const history = ['user/old', 'user/ci', undefined, 'user/operator', 'user/ci', 'user/operator'];
    expect(
      envFacts(
        history.map((one, index) => by(index + 1, one)),
        target,
      ).otherWriters,
    ).toEqual(['user/ci', 'user/old']);
  });

  it('say who wrote it, what it lacks of the known-good version, and no value', () => {
    const history = [
      record(1, `${complete}DB_NAME=canary-3\n`, { labels: [knownGoodLabel] }),
      record(2, 'INTERNAL_KEY=canary-1\n'),
    ];
    const facts = envFacts(history, target);
    expect(facts).toMatchObject({
      version: 2,
      modifiedBy: 'user/operator',
      isByRecovery: false,
      gaps: ['DB_HOST is missing'],
      knownGoodVersion: 1,
      loss: 'lacks 2 keys of known-good version 1 since version 2: DB_HOST, DB_NAME',
      headerKeys: { INTERNAL_KEY: 'Usable' },
      allowsHost: null,
    });
    expect(JSON.stringify(facts)).not.toContain('canary');
  });

  it('say that there is none', () => {
    expect(envFacts([], target)).toMatchObject({
      version: 0,
      headerKeys: { INTERNAL_KEY: 'Missing' },
      knownGoodVersion: null,
    });
  });

  it('say of a version that nobody can decrypt that it is not known', () => {
    const history = [{ ...record(1, ''), unreadable: 'KMS' }];
    expect(envFacts(history, target).unreadable).toBe('KMS');
  });

  it('know a recovery by the session of its function', () => {
    const session = (name: string) => `arn:aws:sts::111122223333:assumed-role/some-role/${name}`;
    const isByRecovery = (name: string) =>
      envFacts([record(1, complete, { modifiedBy: session(name) })], target).isByRecovery;
    expect(isByRecovery('env-recovery-app-uploadEnv')).toBe(true);
    expect(isByRecovery('env-recovery-other-uploadEnv')).toBe(false);
    expect(isByRecovery('operator')).toBe(false);
  });

  it.each([
    ['api.example.com', true],
    ['other.example.com,API.example.com', true],
    ["['10.0.0.10', 'api.example.com']", true],
    ['.example.com', true],
    ['*', true],
    ['example.com', false],
    ['xapi.example.com', false],
    ['.api.example.org', false],
    ['', false],
  ])('read ALLOWED_HOSTS=%s as Django does', (hosts, allows) => {
    expect(envFacts([record(1, `${complete}ALLOWED_HOSTS="${hosts}"\n`)], target).allowsHost).toBe(allows);
  });

  it('take the Host of the target for the one of its URL', () => {
    const other = doctorTarget({
      endpoint: { ...target.endpoint, host: 'internal.example.com:8000' },
      metricFunction: { ...target.metricFunction, set: { HOST_HEADER: 'internal.example.com:8000' } },
    });
    const history = [record(1, `${complete}ALLOWED_HOSTS=internal.example.com\n`)];
    expect([envFacts(history, target).allowsHost, envFacts(history, other).allowsHost]).toEqual([
      false,
      true,
    ]);
  });

  it('let Django take no Host with an underscore, whatever ALLOWED_HOSTS says', () => {
    const other = doctorTarget({ endpoint: { ...target.endpoint, url: 'http://academy_api:8000/' } });
    const history = [record(1, `${complete}ALLOWED_HOSTS=*\n`)];
    expect(envFacts(history, other).allowsHost).toBe(false);
  });

  it('know each key that is sent in a header once', () => {
    const other = doctorTarget({
      parameter: { ...target.parameter, requiredKeys: ['INTERNAL_KEY', 'API_TOKEN'] },
      endpoint: {
        ...target.endpoint,
        headersFromEnv: { Authorization: 'Bearer API_TOKEN', 'X-Token': 'API_TOKEN' },
      },
    });
    expect(envFacts([record(1, 'API_TOKEN=“a”\n')], other).headerKeys).toEqual({
      INTERNAL_KEY: 'Missing',
      API_TOKEN: 'Unusable',
    });
  });

  it('tell a key that no header can carry from one that is blank', () => {
    const keyOf = (value: string) =>
      envFacts([record(1, `INTERNAL_KEY=${value}\n`)], target).headerKeys.INTERNAL_KEY;
    expect([keyOf('a-b'), keyOf('“a”'), keyOf('')]).toEqual(['Usable', 'Unusable', 'Missing']);
  });
});

describe('the facts of the function', () => {
  const configuration = (variables: Record<string, string>) => ({
    variables,
    state: 'Active',
    stateReasonCode: undefined,
    updateStatus: 'Successful',
    updateReasonCode: undefined,
  });
  const { metricFunction: of } = doctorTarget({
    metricFunction: {
      ...target.metricFunction,
      set: { URL: 'x' },
      setFromEnv: { KEY: 'INTERNAL_KEY' },
      remove: ['HOST'],
    },
  });

  it('name the variables that differ, and no value', () => {
    const env = new Map([['INTERNAL_KEY', 'canary-new']]);
    const facts = functionFacts(configuration({ URL: 'y', KEY: 'canary-old', HOST: 'canary' }), env, of);
    expect(facts).toMatchObject({ wrongVariables: ['URL', 'KEY'], extraVariables: ['HOST'] });
    expect(JSON.stringify(facts)).not.toContain('canary');
  });

  it.each([undefined, new Map<string, string>()])('leave out what the env does not tell', (env) => {
    const facts = functionFacts(configuration({ URL: 'x', KEY: 'old' }), env, of);
    expect(facts).toMatchObject({ wrongVariables: [], extraVariables: [] });
  });

  it('miss a variable that is not there at all', () => {
    expect(functionFacts(configuration({ URL: 'x' }), undefined, of).wrongVariables).toEqual(['KEY']);
  });
});
