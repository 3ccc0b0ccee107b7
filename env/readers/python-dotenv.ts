import { expandBraces, Scope, worse } from './expansion.ts';
import { droppedAs, type FlawKind, flawKinds } from './flaws.ts';
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

const blank = new RegExp(`[${blankIn.python}]`);
/** White space that ends no line. */
const gap = new RegExp(`(?!\\n)[${blankIn.python}]`);
const exportWord = new RegExp(`export(?:(?!\\n)[${blankIn.python}])+`, 'y');
const quotedName = /'([^']+)'/y;
const plainName = new RegExp(`[^=#${blankIn.python}]+`, 'y');
const singleQuoted = /'((?:\\'|[^'])*)'/y;
const doubleQuoted = /"((?:\\"|[^"])*)"/y;
/** What versions from 1.2.3 on take for one quoted value. */
const quotedWhole = /^(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")$/s;

interface SpelledValue {
  /** `undefined` if there is only a name. */
  readonly value: string | undefined;
  readonly end: number;
  readonly problem?: FlawKind | undefined;
}

/**
 * The Python package python-dotenv, as of 1.2. It drops a line that it can't read, with a warning, and expands
 * `${NAME}` in every value, even in single quotes. Where versions differ, what stands there is a flaw.
 * Source: dotenv/parser.py, dotenv/variables.py.
 */
export function readAsPythonDotenv(text: string, lookUp?: LookUp): Reading {
  const assignments: Assignment[] = [];
  /** By name, where its last line without a value stands, and how many assignments above. */
  const forgotten = new Map<string, { at: number; index: number }>();
  const flaws: Flaw[] = [];
  const scope = new Scope(lookUp);
  const at = (sticky: RegExp, position: number) => {
    sticky.lastIndex = position;
    return sticky.exec(text);
  };
  for (let position = skip(text, 0, blank); position < text.length; position = skip(text, position, blank)) {
    const start = position + (at(exportWord, position)?.[0].length ?? 0);
    const name = text[start] === '#' ? undefined : at(text[start] === "'" ? quotedName : plainName, start);
    const key = name?.[1] ?? name?.[0];
    const sign = skip(text, start + (name?.[0].length ?? 0), gap);
    const valueStart = text[sign] === '=' ? skip(text, sign + 1, gap) : sign;
    const spelled = readValue(sign, valueStart);
    const next = spelled && endOfStatement(spelled.end);
    if ((text[start] !== '#' && key === undefined) || !spelled || next === undefined) {
      position = lineEnd(text, spelled && next === undefined ? spelled.end : start);
      const dropped = text.slice(start, position);
      if (spelled?.problem?.isHard) flaws.push({ at: start, ...spelled.problem });
      else if (!spelled || (name === null && /^'[^']*$/.test(dropped)))
        flaws.push({ at: start, ...flawKinds.unclosedQuote });
      else if (dropped.includes('=') || dropped.includes('\n'))
        flaws.push({ at: start, ...droppedAs(flawKinds.pythonDrops, dropped) });
      continue;
    }
    if (key !== undefined && spelled.value === undefined) {
      if (scope.has(key)) flaws.push({ at: start, ...flawKinds.pythonForgets });
      forgotten.set(key, { at: start, index: assignments.length });
      scope.setToNothing(key);
    }
    if (key !== undefined && spelled.value !== undefined) {
      const expanded = expandBraces(spelled.value, scope);
      const { value } = expanded;
      const problem = worse(spelled.problem, expanded.problem);
      if (problem) flaws.push({ at: start, ...problem });
      assignments.push({ key, value, start, valueStart, valueEnd: spelled.end });
      scope.set(key, value, problem);
    }
    position = next;
  }
  for (const name of scope.missed)
    flaws.push({ at: forgotten.get(name)?.at ?? 0, ...flawKinds.pythonForgets });
  return {
    assignments: assignments.filter(({ key }, index) => index >= (forgotten.get(key)?.index ?? 0)),
    flaws,
  };

  /** Where a comment and white space end, if the line ends there, too. */
  function endOfStatement(from: number): number | undefined {
    const end = skip(text, from, gap);
    if (text[end] === '#') return lineEnd(text, end);
    return end === text.length || text[end] === '\n' ? end : undefined;
  }

  /** What stands from `from` on, after the sign at `sign`; without a value if there is no sign. */
  function readValue(sign: number, from: number): SpelledValue | undefined {
    if (text[sign] !== '=') return { value: undefined, end: sign };
    const quote = text.charAt(from);
    if (quote === '#' && from > sign + 1) return { value: '', end: from, problem: flawKinds.pythonComment };
    if (quote === "'" || quote === '"') {
      const quoted = at(quote === "'" ? singleQuoted : doubleQuoted, from);
      if (!quoted) return undefined;
      const escaped = quote === "'" ? /\\[\\']/g : /\\[\\'"abfnrtv]/g;
      const value = (quoted[1] ?? '').replace(escaped, ([, sign = '']) => controlEscapes[sign] ?? sign);
      const problem = quotedWhole.test(quoted[0]) ? undefined : flawKinds.pythonEscape;
      return { value, end: from + quoted[0].length, problem };
    }
    const line = text.slice(from, lineEnd(text, from));
    const value = trimEndOf(line.slice(0, commentStart(line)), blank);
    return { value, end: from + value.length };
  }
}

/** The first # with white space before it, or the end. */
function commentStart(line: string): number {
  for (let at = line.indexOf('#', 1); at !== -1; at = line.indexOf('#', at + 1))
    if (blank.test(line.charAt(at - 1))) return at;
  return line.length;
}
