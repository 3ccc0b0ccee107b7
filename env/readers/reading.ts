/**
 * What a program makes of a .env text. Each reader here follows the real one's own grammar, down to what it takes for
 * white space, and is held to it by tests/unit/readers/, which keeps what the real one answered.
 */
import type { FlawKind } from './flaws.ts';

/** One assignment. Offsets are those of the text, in UTF-16 units. */
export interface Assignment {
  readonly key: string;
  /** As the program gets it. A secret: never log it. */
  readonly value: string;
  /** Where the key begins. */
  readonly start: number;
  /** The value as it is spelled, with its quotes and without a comment after it. */
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Why the reader refuses the text, or understands something other than its author meant. */
export interface Flaw extends FlawKind {
  readonly at: number;
}

export interface Reading {
  /** In the order of the text; both of them, if a key occurs twice. Without a line that the reader drops. */
  readonly assignments: readonly Assignment[];
  readonly flaws: readonly Flaw[];
}

/** The value of a variable that isn't set in the text; `undefined` if it isn't set at all. */
export type LookUp = (name: string) => string | undefined;

/**
 * @param text without a byte order mark, and with LF as line end.
 * @param lookUp tells what else is set; nothing by default.
 */
export type Read = (text: string, lookUp?: LookUp) => Reading;

/** Characters that a language counts as white space, as a class within brackets. JavaScript's own is `\s`. */
export const blankIn = {
  /** `unicode.IsSpace`. */
  go: '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000',
  /** `str.isspace` and the `\s` of `re`. */
  python: '\\t-\\r\\x1c- \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000',
} as const;

/** The offset of the first line end at or after `at`, or of the end of the text. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** What a letter after a backslash stands for, in the languages that took it from C. */
export const controlEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The offset after all the characters from `at` on that match. */
export function skip(text: string, at: number, pattern: RegExp): number {
  let end = at;
  while (end < text.length && pattern.test(text.charAt(end))) end += 1;
  return end;
}

/** The text without the characters at its end that match. Unlike a pattern for them, it looks at no other ones. */
export function trimEndOf(text: string, pattern: RegExp): string {
  let end = text.length;
  while (end > 0 && pattern.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
