/** What a value has that nobody types on purpose, but that a pipe, a console or a copied page leaves in it. */

const signs: readonly (readonly [found: string, sign: RegExp])[] = [
  ['has a blank at its beginning or end', /^\s|\s$/u],
  // Letters of Hangul that take room and show nothing are no format characters for Unicode.
  [
    'has a character that cannot be seen',
    /[^\P{C}\n\r\t\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|[^\P{Z} ]|[\u115f\u1160\u3164\uffa0\u2800]/u,
  ],
  ['has a character that turns the direction of writing', /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u],
  ['has question marks in a row, as where a console has lost letters', /\?{3}/u],
  ['has a mark for a lost letter (U+FFFD)', /\ufffd/u],
  ['stands in quotes', /^\s*(?:".*"|'.*'|`.*`|“.*”|‘.*’)\s*$/su],
];

/** What is odd about the value, each as the rest of a sentence about it that shows nothing of it; empty if nothing is. */
export function oddities(value: string): string[] {
  return signs.filter(([, sign]) => sign.test(value)).map(([found]) => found);
}
