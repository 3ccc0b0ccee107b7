import { PassThrough } from 'node:stream';
import { Terminal } from '../cli/terminal.ts';

/** A terminal on which somebody types. */
function typing(...answers: string[]) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  for (const answer of answers) input.write(answer);
  return input;
}
let shown: string;
beforeEach(() => {
  shown = '';
  const keep = (part: string | Uint8Array) => {
    shown += String(part);
    return true;
  };
  jest.spyOn(process.stderr, 'write').mockImplementation(keep);
  jest.spyOn(process.stdout, 'write').mockImplementation(keep);
});
afterEach(() => jest.restoreAllMocks());

describe('Terminal', () => {
  it.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
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
