/** The forms in which a secret is looked for, and in which a text is compared with them. */
import { decodings, type Spelling, spell } from './spellings.ts';

/** Shorter secrets are not looked for: they are in every text by chance. */
export const minSecretLength = 4;
/** A shorter one is found in other words by chance, if it is a word itself. */
export const minLengthWithinWords = 8;

/** One form in which a secret may be found. */
export interface Pattern {
  readonly bytes: string;
  /** It counts only where it stands as a word of its own: `test` isn't shown by `latest`. */
  readonly isWord: boolean;
  readonly hasBlanks: boolean;
  /** How many signs the compact form leaves out. */
  readonly signs: number;
  /** It begins or ends with a sign that the compact form leaves out. */
  readonly isWrapped: boolean;
}

/** What is compared: a spelling without some of its bytes, with the place of each that is left. */
export interface Form {
  readonly bytes: string;
  readonly places: readonly number[];
  readonly spelling: Spelling;
}

export interface Index {
  readonly byHead: ReadonlyMap<number, readonly Pattern[]>;
  readonly byTail: ReadonlyMap<number, readonly Pattern[]>;
}

/** Blanks, quotes and escape signs, which quoting and wrapping add, and `+`, which forms write for a blank. */
export const isLeftOut = (byte: number): boolean =>
  isBlank(byte) || byte === 0x22 || byte === 0x27 || byte === 0x2b || byte === 0x5c || byte === 0x60;
const isBlank = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

export const compactForm = (spelling: Spelling): Form => formOf(spelling, isLeftOut);
export const plainForm = (spelling: Spelling): Form => formOf(spelling, () => false);

function formOf(spelling: Spelling, leaveOut: (byte: number) => boolean): Form {
  const places: number[] = [];
  const kept: string[] = [];
  for (let place = 0; place < spelling.bytes.length; place++) {
    if (leaveOut(spelling.bytes.charCodeAt(place))) continue;
    places.push(place);
    kept.push(spelling.bytes.charAt(place));
  }
  return { bytes: kept.join('').replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()), places, spelling };
}

/** Letters alone, or a number or version; what mixes them, or has other signs, is in no text by chance. */
const isShortWord = (secret: string): boolean =>
  secret.length < minLengthWithinWords && /^(?:[a-z]+|v?[\d.:]+)$/i.test(secret);

/**
 * The secret itself, and as it is without an encoding of its own: the text may be free of that, too. Percent-encoded as
 * well: with a % right before it, its first two digits look like an escape of their own, and are not found decoded. And
 * with doubled signs, of which a short secret has too few left when they are decoded.
 */
export function compactPatterns(secret: string): Pattern[] {
  // Only of ASCII letters does the compact form know which belong together.
  const letters = new Set([secret, secret.toLowerCase(), secret.toUpperCase()]);
  const encoded = [
    percentEncoded(secret),
    percentEncoded(percentEncoded(secret)),
    formEncoded(secret),
    percentEncoded(formEncoded(secret)),
    percentEncoded(Buffer.from(secret).toString('base64')),
    ...[/[$%]/g, /\$/g, /%/g].map((signs) => secret.replaceAll(signs, '$&$&')),
  ];
  return [...[...letters].flatMap((spelled) => decodings(spell(spelled))), ...encoded.map(spell)].map(
    (spelling) => ({
      bytes: compactForm(spelling).bytes,
      isWord: isShortWord(spelling.bytes),
      signs: (spelling.bytes.match(/['"+\\`]/g) ?? []).length,
      hasBlanks: /\s/.test(spelling.bytes),
      isWrapped:
        isLeftOut(spelling.bytes.charCodeAt(0)) ||
        isLeftOut(spelling.bytes.charCodeAt(spelling.bytes.length - 1)),
    }),
  );
}

/** Half a pair of surrogates can't be encoded; a log shows it as U+FFFD. */
const percentEncoded = (text: string): string => encodeURIComponent(text.toWellFormed());

/** As forms are sent, with `+` for a blank. */
const formEncoded = (text: string): string => percentEncoded(text).replaceAll('%20', '+');

/** So little is left in the compact form that the secret has to be looked for as it is. */
export const isMostlySigns = (secret: string): boolean =>
  compactForm(spell(secret)).bytes.length < minSecretLength;

/** For such a secret, the spellings that only add signs. */
export function plainPatterns(secret: string): Pattern[] {
  const spellings = [
    secret,
    secret.replaceAll("'", "'\\''"),
    secret.replaceAll("'", `'"'"'`),
    secret.replaceAll(/[^\w]/g, '\\$&'),
    secret.replaceAll(/["\\]/g, '\\$&'),
    secret.replaceAll(/['\\]/g, '\\$&'),
    secret.replaceAll(' ', '+'),
  ];
  return spellings.map((spelling) => ({
    bytes: plainForm(spell(spelling)).bytes,
    isWord: isShortWord(secret),
    signs: 0,
    hasBlanks: true,
    isWrapped: false,
  }));
}

/** By the first and by the last four bytes. */
export function indexOf(patterns: readonly Pattern[]): Index {
  const byHead = new Map<number, Pattern[]>();
  const byTail = new Map<number, Pattern[]>();
  const unique = new Map(patterns.map((pattern) => [pattern.bytes, pattern]));
  for (const pattern of unique.values()) {
    if (pattern.bytes.length < minSecretLength) continue;
    for (const [map, key] of [
      [byHead, fourBytes(pattern.bytes, 0)],
      [byTail, fourBytes(pattern.bytes, pattern.bytes.length - 4)],
    ] as const) {
      const others = map.get(key);
      if (others) others.push(pattern);
      else map.set(key, [pattern]);
    }
  }
  return { byHead, byTail };
}

export const fourBytes = (bytes: string, at: number): number =>
  (bytes.charCodeAt(at) << 24) |
  (bytes.charCodeAt(at + 1) << 16) |
  (bytes.charCodeAt(at + 2) << 8) |
  bytes.charCodeAt(at + 3);
