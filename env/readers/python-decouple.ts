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
    const start = skip(text, at, blank);
    const end = lineEnd(text, at);
    const sign = text.indexOf('=', start);
    if (start >= end || text[start] === '#' || sign === -1 || sign >= end) continue;
    // A name of no characters is one that no program can ask for.
    if (sign === start) continue;
    const key = trimEndOf(text.slice(start, sign), blank);
    if (blank.test(key)) {
      flaws.push({ at: start, ...flawKinds.decoupleName });
      continue;
    }
    const valueStart = Math.min(skip(text, sign + 1, blank), end);
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
