import { expandBraces } from './expansion.ts';
import { type Assignment, type Flaw, lineEnd, type Reading, skip } from './reading.ts';

const escapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * The Python package python-dotenv, as of 1.2. It drops a line that it can't read, with a warning, and expands
 * `${NAME}` in every value, even in single quotes. Source: dotenv/parser.py, dotenv/variables.py.
 */
export function readAsPythonDotenv(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  const values = new Map<string, string>();
  const at = (pattern: RegExp, position: number) => {
    const sticky = new RegExp(pattern, 'y');
    sticky.lastIndex = position;
    return sticky.exec(text);
  };
  for (let position = skip(text, 0, /\s/); position < text.length; position = skip(text, position, /\s/)) {
    const start = position + (at(/export[^\S\n]+/, position)?.[0].length ?? 0);
    const name = text[start] === '#' ? undefined : at(text[start] === "'" ? /'([^']+)'/ : /[^=#\s]+/, start);
    const key = name?.[1] ?? name?.[0];
    const sign = skip(text, start + (name?.[0].length ?? 0), /[^\S\n]/);
    const valueStart = text[sign] === '=' ? skip(text, sign + 1, /[^\S\n]/) : sign;
    const spelled = text[sign] === '=' ? readValue(valueStart) : { value: undefined, end: sign };
    const rest = spelled && at(/(?:[^\S\n]*#[^\n]*)?[^\S\n]*(?=\n|$)/, spelled.end);
    if ((text[start] !== '#' && key === undefined) || !spelled || !rest) {
      position = lineEnd(text, rest ? start : (spelled?.end ?? start));
      if (text.slice(start, position).includes('='))
        flaws.push({ at: start, problem: 'python-dotenv drops this line' });
      continue;
    }
    if (key !== undefined && spelled.value === undefined && values.has(key))
      flaws.push({
        at: start,
        problem: 'a name without a value, for which python-dotenv forgets the one above',
      });
    if (key !== undefined && spelled.value !== undefined) {
      const expanded = expandBraces(spelled.value, values);
      if (expanded.problem) flaws.push({ at: start, problem: expanded.problem });
      assignments.push({ key, value: expanded.value, start, valueStart, valueEnd: spelled.end });
      values.set(key, expanded.value);
    }
    position = spelled.end + rest[0].length;
  }
  return { assignments, flaws };

  function readValue(from: number): { value: string; end: number } | undefined {
    const quote = text.charAt(from);
    if (quote === "'" || quote === '"') {
      const quoted = at(quote === "'" ? /'((?:\\'|[^'])*)'/ : /"((?:\\"|[^"])*)"/, from);
      if (!quoted) return undefined;
      const escaped = quote === "'" ? /\\[\\']/g : /\\[\\'"abfnrtv]/g;
      const value = (quoted[1] ?? '').replace(escaped, ([, sign = '']) => escapes[sign] ?? sign);
      return { value, end: from + quoted[0].length };
    }
    const line = text.slice(from, lineEnd(text, from));
    const value = line.replace(/\s+#.*/, '').trimEnd();
    return { value, end: from + value.length };
  }
}
