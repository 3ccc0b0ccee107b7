import { type Expansion, expandReference } from './expansion.ts';
import { type Assignment, type Flaw, lineEnd, type Reading, skip, unclosedQuote } from './reading.ts';

/** White space that ends no line. */
const blank = /[\t\v\f\r \u0085\u00a0]/;

/**
 * Docker Compose, `env_file` and the project's `.env`: one statement that it can't read makes it refuse the whole
 * text. `$` is expanded except in single quotes; `:` may stand for the `=`. Source: compose-go, dotenv/parser.go.
 */
export function readAsCompose(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  const values = new Map<string, string>();
  for (let at = skip(text, 0, /\s/); at < text.length; at = skip(text, at, /\s/)) {
    if (text[at] === '#') {
      at = lineEnd(text, at);
      continue;
    }
    const start = skip(text, at + (/^export(?=\s)/.exec(text.slice(at, at + 7))?.[0].length ?? 0), blank);
    const sign = start + text.slice(start).search(/[=:\n]|$/);
    const name = text.slice(start, sign).trimEnd();
    const odd = /[^\p{L}\p{N}_.\-[\]\s]/u.test(name);
    if (odd || name.includes(' ') || (name === '' && text[sign] !== '\n'))
      flaws.push({ at: start, problem: 'Compose refuses a line without a name, or with white space in it' });
    if (odd || sign >= text.length || text[sign] === '\n') {
      at = lineEnd(text, sign) + 1;
      continue;
    }
    const valueStart = skip(text, sign + 1, blank);
    const { value, end, problem } = readValue(text, valueStart, values);
    if (problem) flaws.push({ at: start, problem });
    assignments.push({ key: name, value, start, valueStart, valueEnd: end });
    values.set(name, value);
    // What follows a closing quote is read as the next statement.
    at = /["']/.test(text.charAt(valueStart)) && problem !== unclosedQuote ? end : lineEnd(text, end) + 1;
  }
  return { assignments, flaws };
}

function readValue(
  text: string,
  from: number,
  values: ReadonlyMap<string, string>,
): Expansion & { readonly end: number } {
  const quote = text.charAt(from);
  const line = text.slice(from, lineEnd(text, from));
  if (quote !== '"' && quote !== "'") {
    const spelled = (line.split(' #', 1)[0] ?? '').trimEnd();
    return { ...substitute(spelled, values), end: from + spelled.length };
  }
  let inner = '';
  for (let at = from + 1; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === quote) {
      if (quote === "'") return { value: inner, problem: undefined, end: at + 1 };
      return { ...substitute(readEscapes(inner), values), end: at + 1 };
    }
    if (sign === '\\' && at + 1 < text.length) {
      // A backslash keeps the quote after it; before anything else it stays.
      at += 1;
      inner += text.charAt(at) === quote ? quote : `\\${text.charAt(at)}`;
    } else {
      inner += sign;
    }
  }
  return { value: line, problem: unclosedQuote, end: from + line.length };
}

const escapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  c: '\\c',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  $: '$$',
  '"': '"',
  '\\': '\\',
};

function readEscapes(inner: string): string {
  return inner.replaceAll(/\\(?:([abcfnrtv$"\\])|0(\d{0,3}))/g, (_whole, sign?: string, digits = '') => {
    if (sign !== undefined) return escapes[sign] ?? sign;
    return /^[0-3][0-7]{2}$/.test(digits) ? String.fromCharCode(Number.parseInt(digits, 8)) : `\\${digits}`;
  });
}

function substitute(spelled: string, values: ReadonlyMap<string, string>): Expansion {
  let value = '';
  let problem: string | undefined;
  for (let at = 0; at < spelled.length; ) {
    const found = spelled[at] === '$' ? expandReference(spelled, at, values) : undefined;
    if (found) {
      value += found.value;
      problem ??= found.problem;
      at = found.end;
    } else if (spelled.startsWith('$$', at)) {
      value += '$';
      at += 2;
    } else {
      if (spelled.startsWith('${', at))
        problem ??= 'Compose refuses this ${...}, or reads more into it than can be told here';
      value += spelled.charAt(at);
      at += 1;
    }
  }
  return { value, problem };
}
