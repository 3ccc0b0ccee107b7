/**
 * Finds the places of a text that show a secret, however a log spells it: quoted, escaped, encoded, wrapped over
 * lines, in other letters, or cut short.
 *
 * Text and secrets are brought to one form, and compared there. Each byte of that form remembers which characters
 * of the text it comes from. That takes linear time, however many secrets there are.
 */
import {
  compactForm,
  compactPatterns,
  type Form,
  fourBytes,
  type Index,
  indexOf,
  isLeftOut,
  isMostlySigns,
  minLengthWithinWords,
  minSecretLength,
  type Pattern,
  plainForm,
  plainPatterns,
} from './secret-patterns.ts';
import {
  decodeDigits,
  decodeEscapes,
  decodings,
  joinLines,
  type Spelling,
  sortsOfEscapes,
  spell,
} from './spellings.ts';

/** The characters from `from` up to, but without, `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** This many characters of the beginning or the end of a secret give too much away. */
const minPartLength = 6;
/** At the edge of a line, which is where lines end anyway, it takes more to be sure that something was cut. */
const minPartLengthAtLine = 8;

/** Where the text shows any of the secrets; overlapping and adjacent places are one. */
export function findLeaks(text: string, secrets: ReadonlySet<string>): Span[] {
  const all = [...secrets].filter((secret) => secret.length >= minSecretLength);
  if (all.length === 0) return [];
  const compact = indexOf(all.flatMap(compactPatterns));
  const plain = indexOf(all.filter(isMostlySigns).flatMap(plainPatterns));
  const written = spell(text);
  const joined = joinLines(written);
  const decoded = [undefined, ...sortsOfEscapes].flatMap((escapes) => [
    ...decodings(written, escapes).slice(1),
    ...decodings(joined, escapes).slice(1),
  ]);
  const spellings = unique([written, joined, ...decoded]);
  const digits = unique([joined, joinLines(decodeEscapes(written))]).flatMap(decodeDigits);
  const spans = [...spellings, ...digits].flatMap((spelling) => search(compactForm, spelling, compact));
  const literal = spellings.flatMap((spelling) => search(plainForm, spelling, plain));
  return merge([...spans, ...literal]);
}

/** Where the bytes are the same, so are the places: escapes only get shorter. */
const unique = (spellings: readonly Spelling[]): Spelling[] => [
  ...new Map(spellings.map((spelling) => [spelling.bytes, spelling])).values(),
];

function search(toForm: (spelling: Spelling) => Form, spelling: Spelling, { byHead, byTail }: Index): Span[] {
  if (byHead.size === 0) return [];
  const form = toForm(spelling);
  const spans: Span[] = [];
  const edges = edgesOf(form);
  const { bytes } = form;
  for (let at = 0; at + minSecretLength <= bytes.length; at++) {
    const key = fourBytes(bytes, at);
    for (const pattern of byHead.get(key) ?? []) {
      const length = commonPrefix(bytes, at, pattern.bytes);
      const end = at + length;
      const isWhole = length === pattern.bytes.length;
      if (isWhole ? isShown(form, at, end, pattern) : isCutAfter(form, at, end, pattern, edges))
        spans.push(spanOf(form, at, end, pattern));
    }
    for (const pattern of byTail.get(key) ?? []) {
      const end = at + minSecretLength;
      const start = end - commonSuffix(bytes, end, pattern.bytes);
      if (end - start < pattern.bytes.length && isCutBefore(form, start, end, pattern, edges))
        spans.push(spanOf(form, start, end, pattern));
    }
  }
  return spans;
}

function commonPrefix(bytes: string, at: number, pattern: string): number {
  let length = 0;
  while (length < pattern.length && bytes.charCodeAt(at + length) === pattern.charCodeAt(length)) length++;
  return length;
}

function commonSuffix(bytes: string, end: number, pattern: string): number {
  let length = 0;
  while (
    length < pattern.length &&
    length < end &&
    bytes.charCodeAt(end - 1 - length) === pattern.charCodeAt(pattern.length - 1 - length)
  )
    length++;
  return length;
}

/** A short word has to stand alone, and a short secret has no blanks in it but where a line was wrapped. */
function isShown(form: Form, at: number, end: number, { bytes, isWord, hasBlanks }: Pattern): boolean {
  if (isWord && !(startsWord(form, at) && endsWord(form, end))) return false;
  const inside = form.spelling.bytes.slice(form.places[at], (form.places[end - 1] ?? 0) + 1);
  return (
    hasBlanks ||
    bytes.length >= minLengthWithinWords ||
    !/[ \t]/.test(inside.replaceAll(/[ \t\\]*\r?\n\s*/g, ''))
  );
}

/** Letters of other scripts aren't counted: a Korean particle follows a word without a blank. */
const isWordByte = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x5f;

/** Whether something of the text was left out before this byte. */
const isGap = ({ from, to }: Spelling, place: number): boolean => (from[place] ?? 0) > (to[place - 1] ?? 0);

function startsWord({ spelling, places }: Form, at: number): boolean {
  const place = places[at] ?? 0;
  if (!isWordByte(spelling.bytes.charCodeAt(place)) || place === 0) return true;
  // After an option of one letter, such as mysql's -p, a value follows without a blank.
  if (/(?:^|\s)-[A-Za-z]$/.test(spelling.bytes.slice(Math.max(0, place - 3), place))) return true;
  return !isWordByte(spelling.bytes.charCodeAt(place - 1)) || isGap(spelling, place);
}

function endsWord({ spelling, places }: Form, end: number): boolean {
  const place = places[end - 1] ?? 0;
  if (!isWordByte(spelling.bytes.charCodeAt(place)) || place + 1 === spelling.bytes.length) return true;
  return !isWordByte(spelling.bytes.charCodeAt(place + 1)) || isGap(spelling, place + 1);
}

/** How many characters of a secret, beside this place, show that it was cut here; 0 where nothing is ever cut. */
function edgesOf({ bytes, places, spelling }: Form): Uint8Array {
  const edges = new Uint8Array(bytes.length + 1);
  for (let at = 1; at < bytes.length; at++) {
    const [before = 0, after = 0] = [places[at - 1], places[at]];
    if (after - before > 1 && spelling.bytes.slice(before, after).includes('\n'))
      edges[at] = minPartLengthAtLine;
    if (after - before === 1 && isGap(spelling, after)) edges[at] = minPartLengthAtLine;
  }
  for (const { index, 0: mark } of bytes.matchAll(
    /[[(<]?(?:\.{2,}|\xe2\x80\xa6|truncated|snip|\0)[\])>]?/g,
  )) {
    edges[index] = minPartLength;
    edges[index + mark.length] = minPartLength;
  }
  edges[0] = minPartLength;
  edges[bytes.length] = minPartLength;
  return edges;
}

/** The secret may go on, by chance, in the first characters after the edge. */
const charactersByChance = 4;

function isCutAfter(form: Form, at: number, end: number, pattern: Pattern, edges: Uint8Array): boolean {
  const length = end - at + Math.min(pattern.signs, 2);
  if (length < minPartLength || (pattern.isWord && !startsWord(form, at))) return false;
  for (let edge = end; edge > end - charactersByChance; edge--)
    if (edges[edge] && length - (end - edge) >= (edges[edge] ?? 0)) return true;
  return endsWord(form, end) && isTelling(form.bytes.slice(at, end), pattern, end - at);
}

function isCutBefore(form: Form, start: number, end: number, pattern: Pattern, edges: Uint8Array): boolean {
  const length = end - start + Math.min(pattern.signs, 2);
  if (length < minPartLength || (pattern.isWord && !endsWord(form, end))) return false;
  for (let edge = start; edge < start + charactersByChance; edge++)
    if (edges[edge] && length - (edge - start) >= (edges[edge] ?? 0)) return true;
  const cut = pattern.bytes.length - (end - start);
  return startsWord(form, start) && isTelling(form.bytes.slice(start, end), pattern, cut);
}

/** A part with letters and digits, which is long or was cut within a word, stands in no text by chance. */
function isTelling(part: string, { bytes }: Pattern, cut: number): boolean {
  const isWithinWord = isWordByte(bytes.charCodeAt(cut - 1)) && isWordByte(bytes.charCodeAt(cut));
  return (isWithinWord || part.length >= minLengthWithinWords) && /[a-z]/.test(part) && /\d/.test(part);
}

function spanOf({ spelling, places }: Form, at: number, end: number, { isWrapped }: Pattern): Span {
  let first = places[at] ?? 0;
  let last = places[end - 1] ?? 0;
  if (isWrapped) {
    while (first > 0 && isLeftOut(spelling.bytes.charCodeAt(first - 1))) first--;
    while (last + 1 < spelling.bytes.length && isLeftOut(spelling.bytes.charCodeAt(last + 1))) last++;
  }
  return { from: spelling.from[first] ?? 0, to: spelling.to[last] ?? 0 };
}

function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((one, other) => one.from - other.from)) {
    const last = merged.at(-1);
    if (last && span.from <= last.to)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else merged.push(span);
  }
  return merged;
}
