import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { readTextFile } from '../../cli/text-file.ts';
import { decodeText, UnreadableText } from '../../env/decode-text.ts';
import { runs } from '../support/properties.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), '환경 파일 '));
  path = join(directory, '.env');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const bom = '\uFEFF';
const utf8 = (text: string) => Buffer.from(text, 'utf8');
const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
/** `# 한글` in cp949. */
const koreanCommentInCp949 = Buffer.from([0x23, 0x20, 0xc7, 0xd1, 0xb1, 0xdb]);

/** What is wrong with bytes. */
function refusal(bytes: Uint8Array, path = '/x/.env', platform: NodeJS.Platform = 'linux'): string {
  try {
    decodeText(bytes, path, { path, platform });
  } catch (error) {
    if (error instanceof UnreadableText) return error.message;
    throw error;
  }
  throw new Error('the bytes were decoded');
}

describe('readTextFile', () => {
  const text = '# 데이터베이스 가각간\r\nDB_PASSWORD="한글 값 🔑"\r\nB=2\r\n';

  it.each([
    { encoding: 'UTF-8', bytes: utf8(text), read: text },
    { encoding: 'UTF-8 with a byte order mark', bytes: utf8(bom + text), read: bom + text },
    { encoding: 'UTF-16LE', bytes: utf16le(text), read: text },
    { encoding: 'UTF-16LE with a byte order mark', bytes: utf16le(bom + text), read: bom + text },
    { encoding: 'UTF-16BE', bytes: utf16be(text), read: text },
    { encoding: 'UTF-16BE with a byte order mark', bytes: utf16be(bom + text), read: bom + text },
    { encoding: 'ASCII', bytes: utf8('A=1\n'), read: 'A=1\n' },
    { encoding: 'nothing at all', bytes: utf8(''), read: '' },
  ])('reads $encoding, and keeps the line ends', ({ bytes, read }) => {
    writeFileSync(path, bytes);
    expect(readTextFile(path)).toBe(read);
  });

  it('lets through what the file system says', () => {
    expect(() => readTextFile(path)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(() => readTextFile(directory)).toThrow(/folder|directory/);
  });

  it('reads a file of 64 KB and refuses a larger one', () => {
    writeFileSync(path, 'A'.repeat(64 * 1024));
    expect(readTextFile(path)).toHaveLength(64 * 1024);
    writeFileSync(path, 'A'.repeat(64 * 1024 + 1));
    expect(() => readTextFile(path)).toThrow(
      new UnreadableText(
        `${path} is larger than 64 KB, so it is no .env. Name the file whose text the parameter is to hold.`,
      ),
    );
  });

  it('names a file that it cannot decode', () => {
    writeFileSync(path, koreanCommentInCp949);
    expect(() => readTextFile(path)).toThrow(UnreadableText);
    expect(() => readTextFile(path)).toThrow(`${path} is neither UTF-8 nor UTF-16`);
  });

  it('gives the whole path in the command that converts the file, as it may be run elsewhere', () => {
    writeFileSync(path, koreanCommentInCp949);
    expect(() => readTextFile(relative(process.cwd(), path))).toThrow(`'${path}.utf8'`);
  });
});

describe('decodeText', () => {
  const characters = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''));

  it('gives back any text, in any encoding that has a byte order mark', () => {
    fc.assert(
      fc.property(characters, (text) => {
        for (const encode of [utf8, utf16le, utf16be])
          expect(decodeText(encode(bom + text), '.env')).toBe(bom + text);
      }),
      runs(),
    );
  });

  it('gives back any text in UTF-8', () => {
    fc.assert(
      fc.property(characters, (text) => {
        expect(decodeText(utf8(text), '.env')).toBe(text);
      }),
      runs(),
    );
  });

  it('tells UTF-16 without a byte order mark, also where little of the text is ASCII', () => {
    const line = fc.tuple(
      fc.string({ unit: fc.constantFrom('A', '_', '9'), minLength: 1 }),
      fc.string({ unit: fc.constantFrom('가', '값', '전', '한', '글', '一', '─', '═', '…', ' ') }),
    );
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (lines) => {
        const text = lines.map(([key, value]) => `${key}=${value}\n`).join('');
        expect(decodeText(utf16le(text), '.env')).toBe(text);
        expect(decodeText(utf16be(text), '.env')).toBe(text);
      }),
      runs(),
    );
  });

  it('refuses cp949 with the byte, the line and how to convert it', () => {
    const bytes = Buffer.concat([utf8('A=1\nB="한글"\n'), koreanCommentInCp949]);
    expect(refusal(bytes, '/home/operator/.env', 'darwin')).toBe(
      '/home/operator/.env is neither UTF-8 nor UTF-16 (byte 0xC7 at line 3). It was probably saved in the code page ' +
        'of Windows ("ANSI", cp949). Convert it first, and use the new file in its place:\n' +
        "(umask 077; iconv -f CP949 -t UTF-8 '/home/operator/.env' > '/home/operator/.env.utf8')",
    );
    expect(refusal(bytes, 'C:\\x\\.env', 'win32')).toBe(
      'C:\\x\\.env is neither UTF-8 nor UTF-16 (byte 0xC7 at line 3). It was probably saved in the code page ' +
        'of Windows ("ANSI", cp949). Convert it first, in PowerShell, and use the new file in its place:\n' +
        "[IO.File]::WriteAllText('C:\\x\\.env.utf8', [Text.Encoding]::GetEncoding(949, " +
        '[Text.EncoderFallback]::ExceptionFallback, [Text.DecoderFallback]::ExceptionFallback)' +
        ".GetString([IO.File]::ReadAllBytes('C:\\x\\.env')))",
    );
  });

  it('quotes spaces and apostrophes for the shell, and also typographic ones for PowerShell', () => {
    expect(refusal(koreanCommentInCp949, "/home/operator/It's $HOME/.env", 'linux')).toContain(
      "(umask 077; iconv -f CP949 -t UTF-8 '/home/operator/It'\\''s $HOME/.env' > '/home/operator/It'\\''s $HOME/.env.utf8')",
    );
    const onWindows = refusal(koreanCommentInCp949, "C:\\It's ‘mine’ $x\\.env", 'win32');
    expect(onWindows).toContain("WriteAllText('C:\\It''s ‘‘mine’’ $x\\.env.utf8',");
    expect(onWindows).toContain("ReadAllBytes('C:\\It''s ‘‘mine’’ $x\\.env')");
  });

  it.each([
    { bytes: [0xe9], byte: '0xE9', what: 'latin-1' },
    { bytes: [0xef, 0xbf, 0xbd, 0xc7, 0xd1], byte: '0xC7', what: 'cp949 after a whole U+FFFD' },
    { bytes: [0xef, 0xbf, 0x41], byte: '0xEF', what: 'the start of a U+FFFD' },
    { bytes: [0xed, 0xa0, 0x80], byte: '0xED', what: 'a surrogate in UTF-8' },
    {
      bytes: [0xef, 0xbb, 0xbf, 0xc7, 0xd1],
      byte: '0xC7',
      what: 'cp949 after the byte order mark of UTF-8',
    },
    { bytes: [0xed, 0x95], byte: '0xED', what: 'UTF-8 that ends within a character' },
  ])('refuses $what and names the byte $byte', ({ bytes, byte }) => {
    expect(refusal(Buffer.concat([utf8('A=1\n'), Buffer.from(bytes)]))).toContain(`(byte ${byte} at line 2)`);
  });

  it('refuses UTF-16 that was cut', () => {
    expect(refusal(utf16le(`${bom}A=1\n`).subarray(0, -1))).toContain('an odd number of bytes');
    expect(refusal(utf16le('A=1\n').subarray(0, -1))).toContain('an odd number of bytes');
    expect(refusal(utf16be(`${bom}A=🔑`).subarray(0, -2))).toContain('half a surrogate pair');
    expect(refusal(utf16le(`${bom}A=\uDD11\n`))).toContain('half a surrogate pair');
  });

  it.each([
    { what: 'UTF-8', bytes: utf8('A=1\nB=\0\n') },
    { what: 'UTF-8 of a few characters', bytes: utf8('A=1\n\0') },
    { what: 'UTF-16', bytes: utf16le(`${bom}A=1\nB=\0\n`) },
    {
      what: 'UTF-16 appended to UTF-8 by a shell',
      bytes: Buffer.concat([utf8('A=1\n'), utf16le('LONGER_NAME=2\n')]),
    },
    { what: 'a compiled program', bytes: Buffer.from('7f454c460201010a00000000b5', 'hex') },
  ])('refuses NUL in $what and names the line', ({ bytes }) => {
    expect(refusal(bytes)).toContain('/x/.env holds a NUL character at line 2');
  });

  it('refuses UTF-32', () => {
    expect(refusal(Buffer.from('fffe000041000000', 'hex'))).toContain('NUL character at line 1');
  });

  it('never quotes the content', () => {
    const secret = utf8('PASSWORD=hunter2\n');
    const cases = [
      Buffer.concat([secret, koreanCommentInCp949]),
      Buffer.concat([koreanCommentInCp949, secret]),
      Buffer.concat([secret, Buffer.from([0])]),
      utf16le(`${bom}PASSWORD=hunter2\0`),
      utf16le(`${bom}PASSWORD=hunter2\n`).subarray(0, -1),
      utf16le(`${bom}PASSWORD=hunter2\uD800`),
    ];
    for (const bytes of cases) {
      for (const platform of ['linux', 'darwin', 'win32'] as const)
        expect(refusal(bytes, '/x/.env', platform)).not.toMatch(/PASSWORD|hunter2|한글|[\0\uFFFD]/);
    }
  });
});
