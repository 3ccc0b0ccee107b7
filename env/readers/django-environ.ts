import { flawKinds } from './flaws.ts';
import { type Assignment, type Flaw, type LookUp, lineEnd, type Reading } from './reading.ts';

/** What ends a line for Python's `str.splitlines` beside LF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are some of these.
const otherLineEnd = /[\v\f\x1c-\x1e\u0085\u2028\u2029]/;
const statement = /^(?:export )?([A-Za-z_0-9]+)=/;

/**
 * The Python package django-environ, `Env.read_env()` and `env('NAME')`, as of 0.12: each line by itself, without a
 * comment after the value. Quotes count only around all of it. A value that begins with `$` names another variable, set
 * anywhere in the text; no quotes keep it from that. Source: environ/environ.py.
 *
 * Versions 0.11.0 to 0.11.2 cut an unquoted or double-quoted value at its first `#`.
 */
export function readAsDjangoEnviron(text: string, lookUp: LookUp = () => undefined): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  for (let at = 0; at < text.length; at = lineEnd(text, at) + 1) {
    const lines = text.slice(at, lineEnd(text, at)).split(otherLineEnd);
    if (lines.length > 1) flaws.push({ at, ...flawKinds.djangoLineEnd });
    let start = at;
    for (const line of lines) {
      const [opening, key] = statement.exec(line) ?? [];
      if (opening !== undefined && key !== undefined) {
        const spelled = line.slice(opening.length);
        assignments.push({
          key,
          value: unquote(spelled),
          start: start + opening.length - key.length - 1,
          valueStart: start + opening.length,
          valueEnd: start + line.length,
        });
      } else if (!/^\s*#/.test(line) && line.includes('=')) {
        flaws.push({ at: start, ...flawKinds.djangoDrops });
      }
      start += line.length + 1;
    }
  }

  const values = new Map(assignments.map(({ key, value }) => [key, value]));
  /** What each name stands for in the end; `undefined` where that is nothing, or itself. */
  const meanings = new Map<string, string | undefined>();
  const resolve = (spelled: string) => {
    const names = new Set<string>();
    let value: string | undefined = spelled;
    while (value?.startsWith('$')) {
      const name: string = value.replace(/^\$+/, '');
      if (meanings.has(name) || names.has(name)) {
        value = meanings.get(name);
        break;
      }
      names.add(name);
      value = values.get(name);
      if (value === undefined) {
        value = lookUp(name);
        break;
      }
    }
    for (const name of names) meanings.set(name, value);
    return value;
  };
  const resolved = assignments.map((assignment) => {
    const value = resolve(assignment.value);
    if (value === undefined) flaws.push({ at: assignment.start, ...flawKinds.djangoReference });
    return { ...assignment, value: value ?? '' };
  });
  return { assignments: resolved, flaws };
}

function unquote(spelled: string): string {
  const inner = /^'(.*)'$/s.exec(spelled)?.[1] ?? spelled;
  const doublyQuoted = /^"(.*)"$/s.exec(inner)?.[1];
  // A backslash stays before these three, and goes before anything else.
  return doublyQuoted?.replaceAll(/\\([^rnt])/gs, '$1') ?? inner;
}
