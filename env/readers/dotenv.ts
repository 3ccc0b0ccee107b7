import { flawKinds } from './flaws.ts';
import { type Assignment, type Flaw, lineEnd, type Reading } from './reading.ts';

/** A quoted value may span lines; an unquoted one ends at any `#`. `:` and white space may stand for the `=`. */
const statement =
  /^[^\S\n]*(?:export\s+)?(?<key>[\w.-]+)(?:\s*=\s*?|:\s+?)(?<value>\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\n]+)?\s*(?:#.*)?$/dgm;

/** The npm package dotenv. It never fails: a line it can't read is as if it weren't there. Its blanks are JavaScript's. */
export function readAsDotenv(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  for (const { groups, indices } of text.matchAll(statement)) {
    const { key = '', value = '' } = groups ?? {};
    const [start, keyEnd] = indices?.groups?.key ?? [0, 0];
    const spelled = value.trim();
    const from = indices?.groups?.value?.[0] ?? text.indexOf('=', keyEnd) + 1;
    const valueStart = from + value.length - value.trimStart().length;
    assignments.push({
      key,
      value: unquote(spelled),
      start,
      valueStart,
      valueEnd: valueStart + spelled.length,
    });
    if (valueStart > lineEnd(text, keyEnd) && spelled !== '')
      flaws.push({ at: start, ...flawKinds.dotenvNextLine });
    if (/^["'`]/.test(spelled) && !spelled.slice(1).includes(spelled.charAt(0)))
      flaws.push({ at: start, ...flawKinds.unclosedQuote });
  }
  return { assignments, flaws };
}

function unquote(spelled: string): string {
  const inner = spelled.replace(/^(['"`])([\s\S]*)\1$/gm, '$2');
  return spelled.startsWith('"') ? inner.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : inner;
}
