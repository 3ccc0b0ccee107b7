/**
 * An env that is spread over parameters below a path, each with one value. No program reads it as a text: this is how
 * such an env is written for the rules, which work over texts. Any value can be spelled, and in one way only.
 */
import { flawKinds } from './flaws.ts';
import type { Assignment, Flaw, Read } from './reading.ts';

/** A value as a JSON string: without a line end, and without a byte order mark. */
export const spellForPath = (value: string): string => JSON.stringify(value).replaceAll('\uFEFF', '\\ufeff');

/** The text of an env: a line for each key, sorted. */
export const pathText = (values: Iterable<readonly [key: string, value: string]>): string =>
  sortedLines([...values].map(([key, value]) => `${key}=${spellForPath(value)}\n`).join(''));

/** A text with its lines in the order that `pathText` gives them. */
export const sortedLines = (text: string): string =>
  text
    .split(/(?<=\n)/)
    .sort()
    .join('');

export const readAsPath: Read = (text) => {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  let start = 0;
  for (const line of text.split('\n')) {
    const [, key, spelled = ''] = /^([\w.-]+)=(".*")$/s.exec(line) ?? [];
    const value = key === undefined ? undefined : unquoted(spelled);
    if (key !== undefined && value !== undefined) {
      const valueEnd = start + line.length;
      assignments.push({ key, value, start, valueStart: valueEnd - spelled.length, valueEnd });
    } else if (line !== '') flaws.push({ at: start, ...flawKinds.noParameter });
    start += line.length + 1;
  }
  return { assignments, flaws };
};

function unquoted(spelled: string): string | undefined {
  try {
    const value: unknown = JSON.parse(spelled);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
