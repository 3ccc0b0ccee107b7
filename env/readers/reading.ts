/**
 * What a program makes of a .env text. Each reader here follows the real one's own grammar, and is held to it by
 * tests/unit/readers/, which keeps what the real one answered.
 */

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

/** Why the reader refuses the text, or understands something other than its author meant. Quotes no value. */
export interface Flaw {
  readonly at: number;
  readonly problem: string;
}

export interface Reading {
  /** In the order of the text; both of them, if a key occurs twice. */
  readonly assignments: readonly Assignment[];
  readonly flaws: readonly Flaw[];
}

/** @param text without a byte order mark, and with LF as line end. */
export type Read = (text: string) => Reading;

export const unclosedQuote = 'a quote is opened and never closed';

/** The offset of the first line end at or after `at`, or of the end of the text. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** The offset after all the characters from `at` on that match. */
export function skip(text: string, at: number, pattern: RegExp): number {
  let end = at;
  while (end < text.length && pattern.test(text.charAt(end))) end += 1;
  return end;
}
