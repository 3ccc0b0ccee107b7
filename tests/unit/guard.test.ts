import type { EnvReader } from '../../env/readers/readers.ts';
import { refuseUnsafe, tierOf, type WriteRules } from '../../workflow/guard.ts';
import type { ParameterTier } from '../../workflow/versions.ts';
import { versionOf } from '../support/versions.ts';

const rules: WriteRules = {
  name: '/app/env',
  reader: 'dotenv',
  contract: {
    requiredKeys: ['A'],
    requiredPrefixes: [],
    rules: { N: { nonEmpty: false, noPlaceholder: false, type: 'integer' } },
  },
};
const refuse = (
  before: string | undefined,
  after: string,
  part: Partial<WriteRules> = {},
  tier?: ParameterTier,
) =>
  refuseUnsafe(
    { ...rules, ...part },
    before === undefined ? undefined : versionOf(1, before, { tier: tier ?? 'Standard' }),
    after,
  );
const failing = (name: string, message: RegExp) =>
  expect.objectContaining({ name, message: expect.stringMatching(message) });

describe('refuseUnsafe', () => {
  it('lets pass what holds all keys and satisfies the contract', () => {
    refuse('A=1\nB=2\n', 'A=9\nB=2\nC=3\n');
    refuse(undefined, 'A=1\n');
  });

  it.each(['A=1\n', 'A=1\nB=\n'])('refuses to lose a key, which it names: %j', (after) => {
    expect(() => refuse('A=1\nB=2\n', after)).toThrow(
      failing('EnvWouldShrink', /would lose 1 key: B\. Nothing was written\./),
    );
  });

  it('lets only those keys go that are waived by name', () => {
    refuse('A=1\nB=2\n', 'A=1\n', { waivedKeys: ['B'] });
    expect(() => refuse('A=1\nB=2\nC=3\n', 'A=1\n', { waivedKeys: ['B'] })).toThrow(
      failing('EnvWouldShrink', /1 key: C\./),
    );
  });

  it('refuses a text that is incomplete, breaks a rule, or is not closed', () => {
    expect(() => refuse(undefined, 'B=1\n')).toThrow(failing('EnvInvalid', /A is missing/));
    expect(() => refuse(undefined, 'A=1\nN=two\n')).toThrow(failing('EnvInvalid', /N is not an integer/));
    expect(() => refuse(undefined, 'A=1\nB="open\n')).toThrow(failing('EnvInvalid', /line 2/));
  });

  it('lets a text stay as incomplete as it was, where that is allowed, and no worse', () => {
    const part = { mayStayIncomplete: true };
    refuse('B=1\n', 'B=2\n', part);
    expect(() => refuse('B=1\n', 'B=2\n')).toThrow(failing('EnvInvalid', /A is missing/));
    expect(() => refuse('B=1\n', 'B=2\nN=two\n', part)).toThrow(failing('EnvInvalid', /N is not an integer/));
    expect(() => refuse('B="open\n', 'B="other\n', part)).toThrow(failing('EnvInvalid', /line 1/));
  });

  it.each<[EnvReader, string, string]>([
    ['dotenv', 'A=1\nB="open\nC=3\n', 'A=2\nB="open\nC=3\n'],
    ['shell', 'A=1\nif x\n', 'A=2\nif x\n'],
    ['docker', 'export X=1\nA=1\n', 'export X=1\nA=2\n'],
    ['docker', 'A=1\nB C=1\n', 'A=1\nB C=1\nD=1\n'],
    ['compose', 'B C=1\nA=1\n', 'B C=1\nA=2\nD=1\n'],
  ])(
    'lets old flaws stand that %s sees, where they change nothing of what is written',
    (reader, before, after) => {
      refuse(before, after, { reader, mayStayIncomplete: true });
      expect(() => refuse(before, after, { reader })).toThrow(failing('EnvInvalid', /line \d/));
    },
  );

  it.each<[EnvReader, string, string]>([
    ['dotenv', 'A=1\nB="open\nC=3\n', 'A=1\nB="open\nC=4\n'],
    ['dotenv', 'A=1\nB="open\n', 'A=1\nB="open\nC=4\n'],
    ['shell', 'if x\nA=1\n', 'if x\nA=2\n'],
    ['docker', 'export X=1\nA=1\n', 'export X=2\nA=1\n'],
    ['docker', 'A=1\n', 'A=1\nexport X=2\n'],
  ])('refuses what stands after a flaw that %s sees, or is a new one', (reader, before, after) => {
    const part = { reader, mayStayIncomplete: true };
    expect(() => refuse(before, after, part)).toThrow(failing('EnvInvalid', /line \d/));
  });

  it("takes a text that is no env at all for nobody's, and needs no waiver to replace it", () => {
    refuse('<html>\n<a\nhref="/x"\n>\n</html>\n', 'A=1\n');
    refuse('An error occurred: request_id=1\n', 'A=1\n');
  });

  it('names by line what it can not name by key', () => {
    expect(() => refuse('A=1\nB=2\nq83vEjRWeJq8=\n', 'A=1\n')).toThrow(
      failing('EnvWouldShrink', /2 keys: B, 1 whose name may be a secret \(line 3\)\..*--replace/),
    );
  });

  it('lets a restore leave out what is odd or no env at all, and keep mistakes, but lose no sound key', () => {
    const part = { isRestore: true, reader: 'docker' as const };
    refuse('export OLD=1\nB=2\n', 'A=1\nB=2\n', part);
    refuse('<html>\n<a\nhref="/x">\n', 'A=1\n', part);
    refuse('B=2\n', 'A=None\nB=2\nN=two\n', part);
    expect(() => refuse('export OLD=1\nB=2\n', 'A=1\n', part)).toThrow(
      failing('EnvWouldShrink', /1 key: B\./),
    );
    expect(() => refuse('B=2\n', 'A=\nB=2\n', part)).toThrow(failing('EnvInvalid', /A is blank/));
    expect(() => refuse('B=2\n', 'export A=1\nB=2\n', part)).toThrow(failing('EnvInvalid', /line 1/));
    expect(() => refuse('export OLD=1\nB=2\n', 'A=1\nB=2\n', { reader: 'docker' })).toThrow(
      failing('EnvWouldShrink', /OLD|1 whose name/),
    );
  });

  it.each(['None', 'encrypted:abc', '${A}', 'your-key'])('refuses %s as a required value', (value) => {
    expect(() => refuse('A=1\n', `A=${value}\n`)).toThrow(failing('EnvInvalid', /: A (?:holds|is still)/));
    refuse('A=1\n', `A=1\nOPTIONAL=${value}\n`);
  });

  it.each<[string, string, RegExp]>([
    ['braces', 'A=1\nWELCOME=Hi {{ name }}, welcome\n', /line 2\. Nothing was written\. Spell these values/],
    ['braces in a comment', '# {{x}}\nA=1\n', /line 1\./],
    ['braces without blanks', 'A=1\nB={{resolve:ssm:x}}\nC={{}}\n', /line 2, 3\./],
  ])('refuses, as SSM does, a text with %s, by line', (_, text, message) => {
    expect(() => refuse('A=1\n', text)).toThrow(failing('EnvInvalid', message));
  });

  it('lets braces pass that SSM takes', () => {
    refuse('A=1\n', 'A=1\nB={"a":{"b":1}}\nC={x}\nD={{\nE=}}\n');
  });

  it('refuses, as SSM does, an empty text, and one that is not like the pattern of the parameter', () => {
    const contract = { ...rules.contract, requiredKeys: [] };
    const withPattern = (allowedPattern: string, text: string) =>
      refuseUnsafe(rules, versionOf(1, 'A=1\n', { allowedPattern }), text);
    expect(() => refuse(undefined, '', { contract })).toThrow(failing('EnvInvalid', /is empty/));
    expect(() => withPattern('^B=', 'A=2\n')).toThrow(failing('EnvInvalid', /AllowedPattern, \^B=,/));
    withPattern('^A=', 'A=2\n');
    withPattern('(a|a)*[', 'A=2\n');
  });

  it.each<[ParameterTier, number]>([
    ['Standard', 4096],
    ['Advanced', 8192],
    ['Intelligent-Tiering', 8192],
  ])('holds a parameter of the tier %s to %i bytes', (tier, limit) => {
    const text = (bytes: number) => `A=${'k'.repeat(bytes - 3)}\n`;
    refuse('A=1\n', text(limit), {}, tier);
    expect(() => refuse('A=1\n', text(limit + 1), {}, tier)).toThrow(
      failing(
        'EnvTooLarge',
        new RegExp(`${limit + 1} bytes, a parameter of the tier ${tier} holds ${limit}`),
      ),
    );
  });

  it('counts bytes and not characters', () => {
    expect(() => refuse('A=1\n', `A=${'가'.repeat(1400)}\n`)).toThrow(failing('EnvTooLarge', /4203 bytes/));
  });
});

describe('tierOf', () => {
  it('keeps the tier, unless the parameter may move up or is new', () => {
    expect(tierOf(versionOf(1, ''))).toBe('Standard');
    expect(tierOf(versionOf(1, '', { tier: 'Advanced' }))).toBe('Advanced');
    expect(tierOf(versionOf(1, ''), true)).toBe('Intelligent-Tiering');
    expect(tierOf(undefined)).toBe('Intelligent-Tiering');
  });
});
