/** What a .env, or an example of one, says about a contract and about its reader. */
import fc from 'fast-check';
import { textOfDraft } from '../../cli/target/draft-text.ts';
import { draftContract } from '../../env/contract-draft.ts';
import { readEnvText } from '../../env/document.ts';
import { guessReader, isNeighbour } from '../../env/reader-guess.ts';
import { type EnvReader, envReaders } from '../../env/readers/readers.ts';
import { runs } from '../support/properties.ts';

const draft = (text: string, reader: EnvReader = 'dotenv') => draftContract(readEnvText(text, reader));

describe('a drafted contract', () => {
  it('requires the keys with a value, if only a placeholder, and tells the placeholders', () => {
    expect(draft('DB_HOST=db.internal\nDB_PASSWORD=changeme\nSENTRY_DSN=\nAPI_TOKEN=""\n')).toEqual({
      requiredKeys: ['DB_HOST', 'DB_PASSWORD'],
      optionalKeys: ['SENTRY_DSN', 'API_TOKEN'],
      rules: {},
      standIns: [{ key: 'DB_PASSWORD', says: "holds a template's placeholder" }],
      hiddenCount: 0,
    });
  });

  it.each([
    ['# required\nSECRET_KEY=\n', true],
    ['# The key (필수)\nSECRET_KEY=\n', true],
    ['SECRET_KEY= # required\n', true],
    ['# optional\nSECRET_KEY=x\n', false],
    ['# not required\nSECRET_KEY=x\n', false],
    ['SECRET_KEY=x # 선택\n', false],
    ['# required\n\nSECRET_KEY=\n', false],
    ['# required\nOTHER_KEY=\nSECRET_KEY=\n', false],
  ])('goes by the comment at a key: %j', (text, isRequired) => {
    expect(draft(text).requiredKeys.includes('SECRET_KEY')).toBe(isRequired);
  });

  it('takes a comment for one, whatever the reader makes of it', () => {
    for (const reader of envReaders)
      expect(draft('LOG_LEVEL=info # optional\n', reader).requiredKeys).toEqual([]);
  });

  it('keeps ports and URLs what they are, and makes no rule of a placeholder', () => {
    expect(
      draft('DB_PORT=5432\nREDIS_URL=redis://cache:6379/0\nSENTRY_DSN=<your-dsn>\nX_PORT=tcp\n').rules,
    ).toEqual({
      DB_PORT: 'integer',
      REDIS_URL: 'url',
    });
  });

  it('hides a name that may be a secret itself', () => {
    const found = draft('DB_HOST=x\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC==\n');
    expect(found).toMatchObject({ requiredKeys: ['DB_HOST'], hiddenCount: 1 });
  });

  it('never leads to a file with a value in it', () => {
    const value = fc.stringMatching(/^[a-z0-9!?]{12,20}$/);
    const line = fc
      .tuple(
        fc.constantFrom('DB_HOST', 'DB_URL', 'DB_PORT', 'API_KEY', 'INTERNAL_KEY', 'WORD'),
        fc.constantFrom('', ' # required', ' # optional'),
        value,
      )
      .map(([key, comment, secret]) => ({ line: `${key}=${secret}${comment}`, secret }));
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...envReaders),
        (all, reader) => {
          const none = { value: undefined, notes: [] };
          const text = textOfDraft({
            name: 'mine',
            source: '.env',
            contract: draft(all.map(({ line }) => `${line}\n`).join(''), reader),
            reader: { reader, why: 'x' },
            parameterName: none,
            kmsKeyArn: none,
            backupParameter: none,
            tag: none,
            functionName: none,
            setFromEnv: none,
            metric: none,
          });
          for (const { secret } of all) expect(text).not.toContain(secret);
        },
      ),
      runs(200),
    );
  });
});

describe('a guessed reader', () => {
  const guess = (text: string, files: Readonly<Record<string, string>> = {}) =>
    guessReader(text, new Map(Object.entries(files)));

  it.each<[EnvReader, Record<string, string>]>([
    ['compose', { 'docker-compose.yml': 'services:\n  api:\n    env_file: .env\n', 'manage.py': '' }],
    ['compose', { 'compose.yaml': 'services: {}\n' }],
    ['django-environ', { 'manage.py': '' }],
    [
      'django-environ',
      { 'docker-compose.yml': 'services: {}', 'requirements.txt': 'django-environ==0.11\n' },
    ],
    ['python-decouple', { 'manage.py': '', 'pyproject.toml': 'dependencies = ["python-decouple"]\n' }],
    ['python-dotenv', { 'requirements.txt': 'python-dotenv>=1\n' }],
    ['dotenv', { 'package.json': '{"dependencies":{"dotenv":"18"}}' }],
    ['node', { 'package.json': '{"scripts":{"start":"node --env-file=.env ."}}' }],
    ['systemd', { 'api.service': '[Service]\nEnvironmentFile=/etc/api.env\n' }],
    ['docker', { Dockerfile: 'FROM scratch\n' }],
    ['dotenv', {}],
  ])('is %s next to %j', (reader, files) => {
    expect(Object.keys(files).filter((file) => !isNeighbour(file))).toEqual([]);
    expect(guess('DB_HOST=db\n', files).reader).toBe(reader);
  });

  it('is none that misreads the text, and says what it goes by', () => {
    const quoted = 'PEM_TEXT="one\ntwo"\n';
    expect(guess(quoted, { Dockerfile: '' })).toEqual({
      reader: 'dotenv',
      why: 'nothing next to it says more',
    });
    expect(guess(quoted, { 'package.json': '' }).why).toBe('package.json next to it is there');
    expect(guess('export DB_HOST=db\n')).toEqual({ reader: 'shell', why: 'its lines begin with export' });
  });

  it('is the best guess where every reader has a complaint', () => {
    expect(guess('DB_HOST=d\0b\n', { 'manage.py': '' }).reader).toBe('django-environ');
  });
});
