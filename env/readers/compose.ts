import { type Expansion, expandReference, Scope, worse } from './expansion.ts';
import { type FlawKind, flawKinds } from './flaws.ts';
import {
  type Assignment,
  blankIn,
  controlEscapes,
  type Flaw,
  type LookUp,
  lineEnd,
  type Reading,
  skip,
  trimEndOf,
} from './reading.ts';

const blank = new RegExp(`[${blankIn.go}]`);
/** Compose's own white space, which ends no line. */
const gap = /[\t\v\f\r \u0085\u00a0]/;
const oddInName = /[^\p{L}\p{N}_.\-[\]\t\v\f\r \u0085\u00a0]/u;

/**
 * Docker Compose, `env_file` and the project's `.env`: one statement that it can't read makes it refuse the whole
 * text. `$` is expanded except in single quotes; `:` may stand for the `=`. Source: compose-go, dotenv/parser.go.
 */
export function readAsCompose(text: string, lookUp?: LookUp): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  const scope = new Scope(lookUp);
  for (let at = skip(text, 0, blank); at < text.length; at = skip(text, at, blank)) {
    if (text[at] === '#') {
      at = lineEnd(text, at);
      continue;
    }
    // Go's \\s is that of ASCII, without VT.
    const start = skip(
      text,
      at + (/^export(?=[\t\n\f\r ])/.exec(text.slice(at, at + 7))?.[0].length ?? 0),
      gap,
    );
    const sign = start + text.slice(start).search(/[=:\n]|$/);
    const spelledName = text.slice(start, sign);
    const name = trimEndOf(spelledName, blank);
    const odd = oddInName.test(spelledName);
    if (odd || name.includes(' ') || (name === '' && text[sign] !== '\n'))
      flaws.push({ at: start, ...flawKinds.composeName });
    if (odd || sign >= text.length || text[sign] === '\n') {
      at = lineEnd(text, sign) + 1;
      continue;
    }
    const valueStart = skip(text, sign + 1, gap);
    const { value, end, problem } = readValue(text, valueStart, scope);
    if (problem) flaws.push({ at: start, ...problem });
    assignments.push({ key: name, value, start, valueStart, valueEnd: end });
    scope.set(name, value, problem);
    // What follows a closing quote is read as the next statement.
    at =
      /["']/.test(text.charAt(valueStart)) && problem !== flawKinds.unclosedQuote
        ? end
        : lineEnd(text, end) + 1;
  }
  return { assignments, flaws };
}

function readValue(text: string, from: number, scope: Scope): Expansion & { readonly end: number } {
  const quote = text.charAt(from);
  const line = text.slice(from, lineEnd(text, from));
  if (quote !== '"' && quote !== "'") {
    const spelled = trimEndOf(line.split(' #', 1)[0] ?? '', blank);
    return { ...substitute(spelled, scope), end: from + spelled.length };
  }
  let inner = '';
  for (let at = from + 1; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === quote) {
      if (quote === "'") return { value: inner, problem: undefined, end: at + 1 };
      return { ...substitute(readEscapes(inner), scope), end: at + 1 };
    }
    if (sign === '\\' && at + 1 < text.length) {
      // A backslash keeps the quote after it; before anything else it stays.
      at += 1;
      inner += text.charAt(at) === quote ? quote : `\\${text.charAt(at)}`;
    } else {
      inner += sign;
    }
  }
  return { value: line, problem: flawKinds.unclosedQuote, end: from + line.length };
}

const escapes: Record<string, string> = { ...controlEscapes, c: '\\c', $: '$$' };

function readEscapes(inner: string): string {
  return inner.replaceAll(/\\(?:([abcfnrtv$"\\])|0(\d{0,3}))/g, (_whole, sign?: string, digits = '') => {
    if (sign !== undefined) return escapes[sign] ?? sign;
    return /^[0-3][0-7]{2}$/.test(digits) ? String.fromCharCode(Number.parseInt(digits, 8)) : `\\${digits}`;
  });
}

function substitute(spelled: string, scope: Scope): Expansion {
  let value = '';
  let problem: FlawKind | undefined;
  for (let at = 0; at < spelled.length; ) {
    const found = spelled[at] === '$' ? expandReference(spelled, at, scope) : undefined;
    if (found) {
      value += found.value;
      problem = worse(problem, found.problem);
      at = found.end;
    } else if (spelled.startsWith('$$', at)) {
      value += '$';
      at += 2;
    } else {
      if (spelled.startsWith('${', at)) problem = worse(problem, flawKinds.composeReference);
      value += spelled.charAt(at);
      at += 1;
    }
  }
  return { value, problem };
}
