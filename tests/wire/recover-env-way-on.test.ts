import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCase } from '../support/cases.ts';
import { complete, oneKey, parameterName, useOperator } from '../support/operator.ts';

const { aws, directory, file, latest, put, run, versionsOf } = useOperator();

const page = readCase('02-html-page.html').replace(
  '</body>',
  '  <pre>\nq83vEjRWeJq8wQ9zT4uV==\n  </pre>\n</body>',
);
/** As many lines that look like keys as others, so that nobody can tell that it is no env. */
const half = 'first=canary\nsecond=canary\nq83vEjRWeJq8wQ9zT4uV==\nAKIAIOSFODNN7EXAMPLE=canary\nprose\n';
/** Names a way on: a command, an option, or something to do. */
const wayOn =
  /`(?:recover|aws) [^`]+`|--[a-z-]+|\b(?:[Cc]orrect|[Kk]eep only|[Ee]ncode|[Ss]pell|[Pp]ull|[Cc]hoose|[Cc]heck|[Nn]ame|[Tt]ake it out|[Pp]ipe|pass|give|type|set it again|convert|Convert|save it)\b/;

describe('over a page that somebody has put into the parameter', () => {
  beforeEach(() => {
    put(complete());
    put(page);
  });

  it.each([
    ['fills it', ['restore']],
    ['goes back to a version', ['restore', '--version', '1']],
  ])('%s, and needs no waiver', async (_what, command) => {
    const [good] = versionsOf(parameterName);
    expect(await run([...command, '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/without lines 1, 2, .* of version 2; they stay in the history/),
    });
    expect(latest().Value).toBe(good?.Value);
  });

  it('pushes a file, and needs no waiver', async () => {
    const text = complete();
    expect(await run(['push', file(text), '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(text);
  });

  it('pushes a file that was made from the version before, and takes nothing of the page', async () => {
    const text = complete();
    expect(await run(['push', file(text), '--since', '1', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(text);
  });
});

describe('a push that would lose keys whose names may be secrets', () => {
  it('names their lines, and goes on with the name of the parameter, and with no other', async () => {
    put(complete() + half);
    const text = complete();
    const path = file(text);
    const refused = await run(['push', path, '--yes']);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /4 keys: first, second, .*whose name may be a secret \(lines? [\d, ]+\).*--replace/,
      ),
    });
    expect(refused.stderr).not.toContain('q83v');
    for (const wrong of [[], ['/sandbox/api/other']])
      expect(await run(['push', path, '--yes', '--replace', ...wrong])).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining(`--replace ${parameterName}`),
      });
    expect(latest().Version).toBe(1);
    expect(await run(['push', path, '--yes', '--replace', parameterName])).toMatchObject({ exitCode: 0 });
    expect(latest().Value).toBe(text);
  });

  it.each([
    [parameterName, 0, 2],
    ['y', 1, 1],
  ])('asks on a terminal for the name of the parameter, and takes %s', async (typed, exitCode, version) => {
    put(complete() + half);
    expect(await run(['push', file(complete()), '--replace'], { typed: [typed] })).toMatchObject({
      exitCode,
      stderr: expect.stringContaining('This gives up 4 keys. To go on, type the name of the parameter:'),
    });
    expect(latest().Version).toBe(version);
  });

  it('keeps with --replace what somebody else adds in the same moment', async () => {
    put(complete() + half);
    aws().meanwhile('PutParameter', () => put(`${latest().Value}THEIRS_NOW=canary\n`));
    expect(await run(['push', file(complete()), '--yes', '--replace', parameterName])).toMatchObject({
      exitCode: 0,
    });
    expect(latest().Value).toContain('THEIRS_NOW=canary\n');
    expect(latest().Value).not.toContain('first=');
  });

  it('goes back with --replace to a version just as it was', async () => {
    const old = complete();
    put(old);
    put(complete() + half);
    expect(await run(['restore', '--version', '1', '--replace', parameterName, '--yes'])).toMatchObject({
      exitCode: 0,
    });
    expect(latest().Value).toBe(old);
  });

  it('never gives up what the target requires', async () => {
    put(complete());
    expect(await run(['push', file(oneKey()), '--yes', '--replace', parameterName])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/EnvInvalid.*DB_HOST is missing/),
    });
    expect(latest().Version).toBe(1);
  });
});

describe('an old version', () => {
  it('can be pulled into a file', async () => {
    const old = complete();
    put(old);
    put(complete());
    const path = join(directory(), 'old.env');
    expect(await run(['pull', path, '--version', '1'])).toMatchObject({ exitCode: 0 });
    expect(readFileSync(path, 'utf8')).toBe(old);
    expect(await run(['pull', path, '--version', '7', '--yes'])).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('recover env history'),
    });
  });
});

describe('a text over the limit of its tier', () => {
  it('is written where the parameter may move up', async () => {
    put(complete());
    const path = file(`${complete()}LONG_TEXT=${'x'.repeat(5000)}\n`);
    expect(await run(['push', path, '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/EnvTooLarge.*--advanced/),
    });
    expect(await run(['push', path, '--yes', '--advanced'])).toMatchObject({ exitCode: 0 });
    expect(latest().Tier).toBe('Advanced');
  });
});

describe('keys that occur more than once', () => {
  it('are refused in a file, and told where the parameter has them already, as after a restore', async () => {
    const text = complete();
    put(`${text}TWICE=canary\nTWICE=canary-2\n`);
    const path = file(`${text}TWICE=canary\nTWICE=canary-3\n`);
    expect(await run(['push', path, '--yes'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('lines 9, 10, as in the parameter; the last one counts'),
    });
    expect(await run(['push', file(`${text}DB_HOST=canary\nTWICE=canary-3\n`), '--yes'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Keep only the line that counts'),
    });
  });
});

describe('a refusal', () => {
  it.each<[string, string[], { text?: string; input?: string; file?: string }]>([
    ['a check of no parameter', ['check'], {}],
    ['a history of no parameter', ['history'], {}],
    ['a pull of no parameter', ['pull', 'x.env'], {}],
    ['a set in no parameter', ['set', 'A'], { input: 'canary' }],
    ['no value', ['set', 'DB_HOST'], { text: complete(), input: '' }],
    ['a name that is none', ['set', 'a.b'], { text: complete(), input: 'canary' }],
    ['an odd value', ['set', 'DB_HOST'], { text: complete(), input: ' canary' }],
    ['a placeholder', ['set', 'DB_HOST'], { text: complete(), input: '<changeme>' }],
    ['braces', ['set', 'OPTIONAL'], { text: complete(), input: '{{ name }}' }],
    ['a value over the limit', ['set', 'OPTIONAL'], { text: complete(), input: 'x'.repeat(5000) }],
    ['a place after an open quote', ['set', 'ADDED'], { text: `${complete()}A="canary\n`, input: 'canary' }],
    ['an unset of a required key', ['unset', 'DB_HOST', '--yes'], { text: complete() }],
    ['an unset of the last key of a prefix', ['unset', 'R2_KEY', '--yes'], { text: complete() }],
    ['an unset of no key', ['unset', 'NOBODY', '--yes'], { text: complete() }],
    ['a restore without a source', ['restore', '--yes'], { text: oneKey() }],
    ['a restore of no version', ['restore', '--version', '9', '--yes'], { text: complete() }],
    [
      'a restore without --version that gives up keys',
      ['restore', '--replace', '--yes'],
      { text: complete() },
    ],
    [
      'a push that loses keys',
      ['push', 'FILE', '--yes'],
      { text: `${complete()}A_B=canary\n`, file: complete() },
    ],
    ['a push of an incomplete file', ['push', 'FILE', '--yes'], { file: oneKey() }],
    ['a push of duplicates', ['push', 'FILE', '--yes'], { file: `${complete()}DB_HOST=canary\n` }],
    ['a push that nobody confirms', ['push', 'FILE'], { file: complete() }],
    ['a push since no version', ['push', 'FILE', '--yes', '--since', '9'], { file: complete() }],
    ['a push of a file that is not there', ['push', 'nowhere.env'], {}],
    ['a push of a folder', ['push', '.'], {}],
    ['a push of too much', ['push', 'FILE'], { file: 'x'.repeat(70_000) }],
    ['a push of a NUL', ['push', 'FILE'], { file: 'A=\0' }],
    ['a short key of fingerprints', ['check', 'FILE'], { file: complete() }],
  ])('of %s names a way on', async (what, command, { text, input = '', file: content }) => {
    if (text !== undefined) put(text);
    const path = content === undefined ? '' : file(content);
    const environment: Record<string, string> = what.includes('fingerprints')
      ? { RECOVER_FINGERPRINT_KEY: 'short' }
      : {};
    const { exitCode, stdout, stderr } = await run(
      command.map((word) => (word === 'FILE' ? path : word)),
      { input, environment },
    );
    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).toMatch(wayOn);
  });
});
