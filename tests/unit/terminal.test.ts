import { once } from 'node:events';
import { PassThrough, type Readable, Writable } from 'node:stream';
import { Terminal } from '../../cli/terminal.ts';

/** A terminal on which somebody types. */
function typing(...answers: string[]) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  for (const answer of answers) input.write(answer);
  return input;
}
let shown: string;
beforeEach(() => {
  shown = '';
});

/** The program's surroundings; standard error is a screen unless it `isFile`. */
function around(input: Readable & { readonly isTTY?: boolean }, isFile = false) {
  const screen = () =>
    new Writable({
      write: (part, _encoding, done) => {
        shown += String(part);
        done();
      },
    });
  return { input, output: screen(), errorOutput: Object.assign(screen(), { isTTY: !isFile }) };
}

describe('Terminal', () => {
  it.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['\u0003', false],
    ['y\u0003', false],
    ['y\ny\n', false],
    ['\u0004', false],
  ])('takes %j for %s', async (answer, expected) => {
    expect(await new Terminal({}, around(typing(answer))).confirm('Write?')).toBe(expected);
    expect(shown).toContain('Write? [y/N] ');
  });

  it.each(['ended', 'destroyed'])(
    'takes the end of an input that has %s before the question for no',
    async (how) => {
      const input = typing();
      if (how === 'ended') await once(input.end().resume(), 'end');
      else input.destroy();
      expect(await new Terminal({}, around(input)).confirm('Write?')).toBe(false);
    },
  );

  it('asks twice, and takes each answer for its own question', async () => {
    const input = typing('y\n');
    const terminal = new Terminal({}, around(input));
    expect(await terminal.confirm('Write?')).toBe(true);
    input.write('y\n');
    expect(await terminal.confirm('Is it meant?')).toBe(true);
  });

  it('does not ask what --yes has answered', async () => {
    expect(await new Terminal({ yes: true }, around(typing())).confirm('Write?')).toBe(true);
    expect(shown).toBe('');
  });

  it('does not show a secret as it is typed', async () => {
    expect(await new Terminal({}, around(typing('canary 값\n'))).readSecret('Value: ')).toBe('canary 값');
    expect(shown).toContain('Value: ');
    expect(shown).not.toContain('canary');
  });

  it('asks for no secret where it would be seen, since standard error goes into a file', async () => {
    await expect(
      new Terminal({}, around(typing('canary\n'), true)).readSecret('Value: '),
    ).rejects.toMatchObject({
      name: 'UsageError',
    });
  });

  it.each(['\u0003', '\u0004', 'canary\u0003'])('takes %j for no secret', async (keys) => {
    expect(await new Terminal({}, around(typing(keys))).readSecret('Value: ')).toBeUndefined();
    expect(shown).not.toContain('canary');
  });

  it.each(['-----BEGIN\ncanary\n-----END\n', 'canary-1\ncanary-2'])(
    'refuses a paste of several lines, %j',
    async (paste) => {
      await expect(new Terminal({}, around(typing(paste))).readSecret('Value: ')).rejects.toThrow(
        /standard input/,
      );
      expect(shown).not.toContain('canary');
    },
  );

  it('says how to pipe a value that came in another encoding, and nothing of the value', async () => {
    const input = new PassThrough();
    input.end(Buffer.from([0x63, 0xc7, 0xd1]));
    await expect(new Terminal({}, around(input)).readSecret('Value: ')).rejects.toMatchObject({
      name: 'UnreadableText',
      message: expect.not.stringMatching(/0xc7|iconv/i),
    });
  });

  it.each<[string, Uint8Array]>([
    ['UTF-8', Buffer.from('canary 값\n')],
    ['CRLF', Buffer.from('canary 값\r\n')],
    ['UTF-16 with a byte order mark', Buffer.from('\uFEFFcanary 값\r\n', 'utf16le')],
  ])('reads a secret from a pipe in %s, less its line end', async (_encoding, bytes) => {
    const input = new PassThrough();
    input.end(bytes);
    expect(await new Terminal({}, around(input)).readSecret('Value: ')).toBe('canary 값');
    expect(shown).toBe('');
  });

  it('asks nobody where nobody is', async () => {
    await expect(new Terminal({}, around(new PassThrough())).confirm('Write?')).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('--yes'),
    });
  });
});
