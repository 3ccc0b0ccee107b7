import { flawKinds } from './flaws.ts';
import { type Assignment, blankIn, type Flaw, lineEnd, type Reading, skip, trimEndOf } from './reading.ts';

const blank = new RegExp(`[${blankIn.python}]`);

/**
 * The Python package python-decouple, as of 3.8: each line by itself, everything after the first `=` is the value,
 * with its comments and backslashes, but without quotes around all of it. Source: decouple.py, `RepositoryEnv`.
 */
export function readAsPythonDecouple(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  for (let at = 0; at < text.length; at = lineEnd(text, at) + 1) {
    const end = lineEnd(text, at);
    const line = text.slice(at, end);
    const start = at + skip(line, 0, blank);
    const sign = at + line.indexOf('=');
    if (text[start] === '#' || sign < start) continue;
    // A name of no characters is one that no program can ask for.
    if (sign === start) continue;
    const key = trimEndOf(text.slice(start, sign), blank);
    if (blank.test(key)) {
      flaws.push({ at: start, ...flawKinds.decoupleName });
      continue;
    }
    const valueStart = at + skip(line, sign + 1 - at, blank);
    const spelled = trimEndOf(text.slice(valueStart, end), blank);
    const isQuoted = /^(["']).*\1$/s.test(spelled);
    assignments.push({
      key,
      value: isQuoted ? spelled.slice(1, -1) : spelled,
      start,
      valueStart,
      valueEnd: valueStart + spelled.length,
    });
  }
  return { assignments, flaws };
}
