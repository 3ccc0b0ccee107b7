import { PassThrough } from 'node:stream';
import { Terminal } from '../../cli/terminal.ts';

/** A terminal on which somebody types. */
function typing(...answers: string[]) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  for (const answer of answers) input.write(answer);
  return input;
}
let shown: string;
const wasTTY = process.stderr.isTTY;
beforeEach(() => {
  shown = '';
  process.stderr.isTTY = true;
  const keep = (part: string | Uint8Array) => {
    shown += String(part);
    return true;
  };
  jest.spyOn(process.stderr, 'write').mockImplementation(keep);
  jest.spyOn(process.stdout, 'write').mockImplementation(keep);
});
afterEach(() => {
  process.stderr.isTTY = wasTTY;
  jest.restoreAllMocks();
});

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
    expect(await new Terminal({}, typing(answer)).confirm('Write?')).toBe(expected);
    expect(shown).toContain('Write? [y/N] ');
  });

  it('does not ask what --yes has answered', async () => {
    expect(await new Terminal({ yes: true }, typing()).confirm('Write?')).toBe(true);
    expect(shown).toBe('');
  });

  it('does not show a secret as it is typed', async () => {
    expect(await new Terminal({}, typing('canary 값\n')).readSecret('Value: ')).toBe('canary 값');
    expect(shown).toContain('Value: ');
    expect(shown).not.toContain('canary');
  });

  it('asks for no secret where it would be seen, since standard error goes into a file', async () => {
    process.stderr.isTTY = false;
    await expect(new Terminal({}, typing('canary\n')).readSecret('Value: ')).rejects.toMatchObject({
      name: 'UsageError',
    });
  });

  it.each(['-----BEGIN\ncanary\n-----END\n', 'canary-1\ncanary-2'])(
    'refuses a paste of several lines, %j',
    async (paste) => {
      await expect(new Terminal({}, typing(paste)).readSecret('Value: ')).rejects.toThrow(/standard input/);
      expect(shown).not.toContain('canary');
    },
  );

  it('says how to pipe a value that came in another encoding, and nothing of the value', async () => {
    const input = new PassThrough();
    input.end(Buffer.from([0x63, 0xc7, 0xd1]));
    await expect(new Terminal({}, input).readSecret('Value: ')).rejects.toMatchObject({
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
    expect(await new Terminal({}, input).readSecret('Value: ')).toBe('canary 값');
    expect(shown).toBe('');
  });

  it('asks nobody where nobody is', async () => {
    await expect(new Terminal({}, new PassThrough()).confirm('Write?')).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('--yes'),
    });
  });
});
