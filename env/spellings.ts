/** A text as bytes that know where they come from, so that what is found in a decoded form is masked in the text. */
export interface Spelling {
  /** UTF-8, one character of the string for each byte. */
  readonly bytes: string;
  /** For each byte, the index of the first character of the text that it stands for. */
  readonly from: readonly number[];
  /** For each byte, the index after the last one. */
  readonly to: readonly number[];
}

class SpellingWriter {
  readonly #bytes: string[] = [];
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  add(bytes: string, from: number, to: number): void {
    for (const byte of bytes) {
      this.#bytes.push(byte);
      this.#from.push(from);
      this.#to.push(to);
    }
  }

  copy(spelling: Spelling, start: number, end: number): void {
    for (let place = start; place < end; place++)
      this.add(spelling.bytes.charAt(place), spelling.from[place] ?? 0, spelling.to[place] ?? 0);
  }

  get spelling(): Spelling {
    return { bytes: this.#bytes.join(''), from: this.#from, to: this.#to };
  }
}

/** The text as it is written. */
export function spell(text: string): Spelling {
  const writer = new SpellingWriter();
  let at = 0;
  for (const character of text) {
    writer.add(bytesOf(character), at, at + character.length);
    at += character.length;
  }
  return writer.spelling;
}

const bytesOf = (character: string): string =>
  character <= '\x7f' ? character : Buffer.from(character).toString('latin1');

/**
 * Without line ends, the blanks around them, and the container or the step of a build that a log names in each line:
 * as before the lines were wrapped.
 */
export function joinLines(spelling: Spelling): Spelling {
  return replace(spelling, wrap, () => '');
}

const lineName = '(?:[\\w.-]{1,64} +\\| |#\\d{1,4} [\\d.]{1,12} )';
const lineBreak = '[ \\t]*\\r?\\n\\s*';
/** After the name, a line may hold nothing but blanks. */
const wrap = new RegExp(`(?<![ \\t])${lineBreak}(?:${lineName}(?:${lineBreak}${lineName})*)?`, 'g');

/**
 * Takes one layer of escapes off: those of JSON, Python, JavaScript, C and bash (a backslash, or several where the
 * escape was escaped again), percent-encoding, HTML, doubled `%` and `$`, and the colours of a terminal.
 */
export function decodeEscapes(spelling: Spelling, escapes: RegExp = anyEscape): Spelling {
  return replace(spelling, escapes, ({ groups = {} }) => {
    const { high, low, code, octal, letter, html } = groups;
    const byte = groups.byte ?? groups.percent;
    if (high !== undefined && low !== undefined)
      return bytesOf(String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)));
    if (code !== undefined) return bytesOfCode(Number.parseInt(code.replaceAll(/[{}]/g, ''), 16));
    if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    if (letter !== undefined) return controls.get(letter) ?? '';
    if (html?.startsWith('#'))
      return bytesOfCode(Number(html.replace(/^#x?/i, (sign) => (sign === '#' ? '' : '0x'))));
    return html === undefined ? '' : (entities.get(html) ?? '');
  });
}

/** How often an encoding is taken off another one. */
const layers = 3;

/** The spelling as it is, and with one layer of escapes after the other taken off. */
export function decodings(spelling: Spelling, escapes?: RegExp): Spelling[] {
  const found = [spelling];
  for (let layer = 0, last = spelling; layer < layers; layer++) {
    const next = decodeEscapes(last, escapes);
    if (next.bytes === last.bytes) break;
    found.push(next);
    last = next;
  }
  return found;
}

const hex = '[0-9A-Fa-f]';
const letterEscape = '(?<!\\\\)\\\\+(?<letter>[nrtfvbae])';
const codeEscape = [
  `(?<!\\\\)\\\\+(?:u(?<high>[dD][89ABab]${hex}{2})\\\\+u(?<low>[dD][C-Fc-f]${hex}{2})`,
  `|[uU](?<code>\\{${hex}{1,6}\\}|(?<=U)${hex}{8}|(?<=u)${hex}{4})|x(?<byte>${hex}{2}))`,
].join('');
const octalEscape = '(?<!\\\\)\\\\+(?<octal>[0-3][0-7]{2}|0)';
const percentEscape = `%(?<percent>${hex}{2})`;
const htmlEscape = `&(?<html>#\\d{1,7}|#[xX]${hex}{1,6}|amp|lt|gt|quot|apos|nbsp);`;
const others = '%(?=%)|\\$(?=\\$)|\\x1b\\[[\\d;]*m';
const sorts = [letterEscape, codeEscape, octalEscape, percentEscape, htmlEscape, others];
/** One sort at a time: with another one, the end of a secret and what follows it may look like one more escape. */
export const sortsOfEscapes: readonly RegExp[] = sorts.map((sort) => new RegExp(sort, 'g'));
const anyEscape = new RegExp(sorts.join('|'), 'g');
const controls = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['f', '\f'],
  ['v', '\v'],
  ['b', '\b'],
  ['a', '\x07'],
  ['e', '\x1b'],
]);
const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
]);

const bytesOfCode = (code: number): string => (code <= 0x10ffff ? bytesOf(String.fromCodePoint(code)) : '');

function replace(
  spelling: Spelling,
  pattern: RegExp,
  replacement: (match: RegExpExecArray) => string,
): Spelling {
  const writer = new SpellingWriter();
  let copied = 0;
  for (const match of spelling.bytes.matchAll(pattern)) {
    const end = match.index + match[0].length;
    writer.copy(spelling, copied, match.index);
    writer.add(replacement(match), spelling.from[match.index] ?? 0, spelling.to[end - 1] ?? 0);
    copied = end;
  }
  if (copied === 0) return spelling;
  writer.copy(spelling, copied, spelling.bytes.length);
  return writer.spelling;
}

/**
 * What base64 and hexadecimal digits stand for, with a zero byte between one run of digits and the next. A run may
 * begin anywhere in a group of digits, so each beginning is tried.
 */
export function decodeDigits(spelling: Spelling): Spelling[] {
  return [
    ...[0, 1, 2, 3].map((skipped) => decodeRuns(spelling, /[\w+/-]{6,}/g, 6, base64Value, skipped)),
    ...[0, 1].map((skipped) => decodeRuns(spelling, /[\dA-Fa-f]{8,}/g, 4, hexValue, skipped)),
  ].filter(({ bytes }) => bytes !== '');
}

const base64Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const base64Values = new Map([...base64Digits].map((digit, value) => [digit, value]));
const base64Value = (digit: string): number => base64Values.get(digit) ?? (digit === '-' ? 62 : 63);
const hexValue = (digit: string): number => Number.parseInt(digit, 16);

function decodeRuns(
  spelling: Spelling,
  runs: RegExp,
  bitsPerDigit: number,
  digitValue: (digit: string) => number,
  skipped: number,
): Spelling {
  const writer = new SpellingWriter();
  for (const { index, 0: run } of spelling.bytes.matchAll(runs)) {
    writer.add('\0', spelling.from[index] ?? 0, spelling.from[index] ?? 0);
    let bits = 0;
    let value = 0;
    let first = index + skipped;
    const end = index + run.length;
    const padding = /^={0,2}/.exec(spelling.bytes.slice(end, end + 2))?.[0].length ?? 0;
    for (let place = first; place < end; place++) {
      if (bits === 0) first = place;
      value = ((value << bitsPerDigit) | digitValue(spelling.bytes.charAt(place))) & 0xffff;
      bits += bitsPerDigit;
      if (bits < 8) continue;
      bits -= 8;
      const last = place + 1 === end ? place + padding : place;
      writer.add(
        String.fromCharCode((value >> bits) & 0xff),
        spelling.from[first] ?? 0,
        spelling.to[last] ?? 0,
      );
      // The digit also holds the first bits of the next byte.
      first = place;
    }
  }
  return writer.spelling;
}
