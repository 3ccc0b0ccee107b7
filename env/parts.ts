/**
 * An env of several texts, as one: before each of them, a line says whose it is. Each text is read, merged and checked by
 * itself; of a key that two of them have, the later one counts.
 */

export interface Part {
  /** Of the parameter; empty for what stands before the first line that names one. */
  readonly name: string;
  readonly text: string;
}

/**
 * What begins such a line: half of a UTF-16 pair, which UTF-8 can't hold, and so neither can a parameter or a file.
 * Whatever somebody writes into a text, it stays one text.
 */
const opening = '\uD800#:parameter ';

export const isPartLine = (line: string): boolean => line.startsWith(opening);

export const partLineOf = (name: string): string => `${opening}${name}`;

/** @returns `undefined` if it is one text. */
export function partsOf(text: string): Part[] | undefined {
  if (!text.includes(opening)) return undefined;
  const parts: { name: string; lines: string[] }[] = [{ name: '', lines: [] }];
  for (const line of text.split(/(?<=\n)/)) {
    if (isPartLine(line)) parts.push({ name: line.slice(opening.length).replace(/\n$/, ''), lines: [] });
    else parts.at(-1)?.lines.push(line);
  }
  if (parts.length === 1) return undefined;
  return parts
    .map(({ name, lines }) => ({ name, text: lines.join('') }))
    .filter(({ name, text }) => name !== '' || text !== '');
}

/** The text of several. */
export const joinParts = (parts: readonly Part[]): string =>
  parts
    .map(({ name, text }) => {
      const closed = text === '' || text.endsWith('\n') ? text : `${text}\n`;
      return name === '' ? closed : `${partLineOf(name)}\n${closed}`;
    })
    .join('');

/**
 * What is made of the texts that have the same name in three texts; of the three themselves, if each is one.
 *
 * @param make gets an empty text for one that isn't there.
 */
export function byPart(
  first: string,
  second: string,
  third: string,
  make: (first: string, second: string, third: string) => string,
): string {
  const found = [first, second, third].map(partsOf);
  if (found.every((parts) => parts === undefined)) return make(first, second, third);
  const [one, two, three] = [first, second, third].map((text, index) => found[index] ?? [{ name: '', text }]);
  const all = [one, two, three].flatMap((parts) => parts ?? []);
  const textIn = (parts: readonly Part[] | undefined, name: string) =>
    parts?.find((part) => part.name === name)?.text ?? '';
  return joinParts(
    [...new Set(all.map(({ name }) => name))].map((name) => ({
      name,
      text: make(textIn(one, name), textIn(two, name), textIn(three, name)),
    })),
  );
}

/** The text with other names in its lines, each in the place of the one that it has. */
export const renameParts = (text: string, from: readonly string[], to: readonly string[]): string =>
  joinParts(
    (partsOf(text) ?? [{ name: '', text }]).map((part) => ({
      name: to[from.indexOf(part.name)] ?? part.name,
      text: part.text,
    })),
  );
