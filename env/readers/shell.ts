import { expandReference } from './expansion.ts';
import { type Assignment, type Flaw, lineEnd, type Reading, skip, unclosedQuote } from './reading.ts';

const runsCommand = 'a shell runs this line as a command';
const needsQuotes = 'a shell reads more into this value than its characters; put it in single quotes';

/**
 * `source` or `set -a` in bash, for texts of plain assignments. Anything else that a shell would do, such as running
 * a command or putting its own state into a value, is a flaw.
 * Source: the bash manual, "Shell Syntax" and "Shell Expansions".
 */
export function readAsShell(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  const values = new Map<string, string>();
  for (let at = skip(text, 0, /[ \t\n]/); at < text.length; at = skip(text, at, /[ \t\n]/)) {
    if (text[at] === '#') {
      at = lineEnd(text, at);
      continue;
    }
    const [exported = '', key = ''] =
      /^(?:export[ \t]+)?([A-Za-z_]\w*)=/.exec(text.slice(at, lineEnd(text, at))) ?? [];
    if (key === '') {
      const isName = /^export[ \t]+[A-Za-z_]\w*[ \t]*(?:#.*)?$/.test(text.slice(at, lineEnd(text, at)));
      if (!isName) flaws.push({ at, problem: runsCommand });
      at = lineEnd(text, at);
      continue;
    }
    const start = at + exported.length - key.length - 1;
    const valueStart = at + exported.length;
    const { value, end, problem } = readWord(text, valueStart, values, exported.startsWith('export'));
    if (problem) flaws.push({ at: start, problem });
    assignments.push({ key, value, start, valueStart, valueEnd: end });
    values.set(key, value);
    const rest = text.slice(end, lineEnd(text, end));
    if (!problem && !/^[ \t]*$|^[ \t]+#/.test(rest))
      flaws.push({ at: start, problem: /[;&|<>()]/.test(rest.charAt(0)) ? needsQuotes : runsCommand });
    at = lineEnd(text, end);
  }
  return { assignments, flaws };
}

function readWord(
  text: string,
  from: number,
  values: ReadonlyMap<string, string>,
  isArgument: boolean,
): { value: string; end: number; problem: string | undefined } {
  let value = '';
  let problem: string | undefined;
  let quote = '';
  let at = from;
  for (; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (quote === "'") {
      if (sign === "'") quote = '';
      else value += sign;
    } else if (sign === '\\') {
      at += 1;
      const next = text.charAt(at);
      if (next === '' || (next === '\n' && at + 1 >= text.length))
        problem ??= 'the text ends with \\, which would join it with whatever comes next';
      else if (next === '\n') continue;
      else value += quote === '"' && !/["\\`$]/.test(next) ? `\\${next}` : next;
    } else if (sign === '$') {
      const found = expandReference(text, at, values);
      if (found) {
        value += found.value;
        problem ??= found.problem;
        at = found.end - 1;
      } else {
        // Special parameters, `$(…)`, `$'…'` and the like.
        if (
          /[\w({'"$!?#@*[-]/.test(text.charAt(at + 1)) &&
          !(quote === '"' && /["']/.test(text.charAt(at + 1)))
        )
          problem ??= needsQuotes;
        value += sign;
      }
    } else if (sign === '`') {
      problem ??= needsQuotes;
      value += sign;
    } else if (sign === '"') {
      quote = quote === '"' ? '' : '"';
    } else if (quote === '"') {
      value += sign;
    } else if (sign === "'") {
      quote = "'";
    } else if (/[ \t\n;&|<>()]/.test(sign)) {
      break;
    } else {
      // A ~ stands for the home directory, and `export A={b,c}` is two arguments.
      if ((sign === '~' && (at === from || text[at - 1] === ':')) || (sign === '{' && isArgument))
        problem ??= needsQuotes;
      value += sign;
    }
  }
  if (quote !== '')
    return { value: text.slice(from, lineEnd(text, from)), end: lineEnd(text, from), problem: unclosedQuote };
  return { value, end: Math.min(at, text.length), problem };
}
