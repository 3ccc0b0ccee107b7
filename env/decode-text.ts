/**
 * Text as people keep it, on Windows, macOS or Linux. Editors and shells of Windows save UTF-8 with a byte order mark,
 * UTF-16 (`>` of Windows PowerShell), or the code page of the system.
 */

import { quoteForPowerShell, quoteForShell } from './shell-quotes.ts';

/** Bytes can't be read as text with certainty. The message says what to do, and quotes no content. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText';
}

/** A file that a command can convert. */
export interface ConvertibleFile {
  /** Absolute, since the command may be run elsewhere. */
  readonly path: string;
  /** Of the person: `win32` gets a command for PowerShell. */
  readonly platform: string;
}

/**
 * The text of UTF-8 or UTF-16 bytes. It starts with U+FEFF exactly if the bytes do. Any other encoding is refused:
 * to guess a code page is to guess a password.
 *
 * @param name of the file, or of where else the bytes come from, for messages.
 * @param file for the command that converts it.
 * @throws UnreadableText
 */
export function decodeText(bytes: Uint8Array, name: string, file?: ConvertibleFile): string {
  const encoding = encodingOf(bytes);
  if (encoding === 'utf-8') {
    // One character for each byte, so that bytes can be searched as text.
    const latin = Buffer.from(bytes).toString('latin1');
    refuseNul(latin, name);
    const text = decodeStrictly(bytes, encoding);
    if (text !== undefined) return text;
    const at = firstInvalidByte(bytes);
    const byte = (bytes[at] ?? 0).toString(16).toUpperCase();
    throw new UnreadableText(
      `${name} is neither UTF-8 nor UTF-16 (byte 0x${byte} at line ${lineAt(latin, at)}). ` +
        'It was probably saved in the code page of Windows ("ANSI", cp949). ' +
        howToConvert(file),
    );
  }

  const text = bytes.length % 2 === 0 ? decodeStrictly(bytes, encoding) : undefined;
  if (text === undefined) {
    const damage = bytes.length % 2 === 0 ? 'half a surrogate pair' : 'an odd number of bytes';
    throw new UnreadableText(
      `${name} is UTF-16 with ${damage}: a part is missing, or was appended in another encoding. ` +
        'Correct it in an editor and save it as UTF-8.',
    );
  }
  refuseNul(text, name);
  return text;
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/**
 * UTF-16 without a byte order mark is recognised by the NUL next to each `=` and line end. Other characters say less: a
 * line of U+2500 is a line of `%` in the other byte order. If two ASCII characters share one unit, it is UTF-8 with a
 * stray NUL, or with UTF-16 appended by a shell, and would be read as Chinese.
 */
function encodingOf(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  let little = 0;
  let big = 0;
  for (let index = 0; index + 1 < bytes.length; index += 2) {
    const first = bytes[index] ?? 0;
    const second = bytes[index + 1] ?? 0;
    if ((isMark(first) && isAsciiText(second)) || (isAsciiText(first) && isMark(second))) return 'utf-8';
    if (isMark(first) && second === 0) little += 1;
    if (first === 0 && isMark(second)) big += 1;
  }
  if (little === big) return 'utf-8';
  return little > big ? 'utf-16le' : 'utf-16be';
}

/** What every .env has: `=`, LF, CR. Any other text of more than one line has the last two. */
function isMark(byte: number): boolean {
  return byte === 0x3d || byte === 0x0a || byte === 0x0d;
}

function isAsciiText(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function decodeStrictly(bytes: Uint8Array, encoding: Encoding): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refuseNul(text: string, name: string): void {
  const at = text.indexOf('\0');
  if (at === -1) return;
  throw new UnreadableText(
    `${name} holds a NUL character at line ${lineAt(text, at)}, so it is no text, or is damaged. ` +
      'If it is one, save it as UTF-8 in an editor.',
  );
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** Where bytes stop being UTF-8: at the first U+FFFD from a lenient decoder that the bytes don't hold themselves. */
function firstInvalidByte(bytes: Uint8Array): number {
  const buffer = Buffer.from(bytes);
  const spelledOut = Buffer.from('\uFFFD');
  let at = 0;
  for (const character of buffer.toString('utf8')) {
    if (character === '\uFFFD' && !buffer.subarray(at, at + 3).equals(spelledOut)) break;
    at += Buffer.byteLength(character);
  }
  return at;
}

function howToConvert(file?: ConvertibleFile): string {
  if (file === undefined) return 'Convert it to UTF-8 first.';
  const where = file.platform === 'win32' ? ', in PowerShell' : '';
  return `Convert it first${where}, and use the new file in its place:\n${conversion(file)}`;
}

/** A command that writes the file as UTF-8 next to it; if it isn't cp949, it fails rather than write a `?`. */
function conversion({ path, platform }: ConvertibleFile): string {
  if (platform === 'win32') {
    const strictly = '[Text.EncoderFallback]::ExceptionFallback, [Text.DecoderFallback]::ExceptionFallback';
    return (
      `[IO.File]::WriteAllText(${quoteForPowerShell(`${path}.utf8`)}, ` +
      `[Text.Encoding]::GetEncoding(949, ${strictly})` +
      `.GetString([IO.File]::ReadAllBytes(${quoteForPowerShell(path)})))`
    );
  }
  return `(umask 077; iconv -f CP949 -t UTF-8 ${quoteForShell(path)} > ${quoteForShell(`${path}.utf8`)})`;
}
