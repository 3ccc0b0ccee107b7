import { flawKinds } from './flaws.ts';
import { type Assignment, type Flaw, lineEnd, type Reading } from './reading.ts';

/** A quoted value may span lines; an unquoted one ends at any `#`. `:` and white space may stand for the `=`. */
const statement =
  /(?=[\w.-])(?<=^[^\S\n]*)(?<exported>export\s+)?(?<key>[\w.-]+)(?<sign>\s*=\s*?|:\s+?)(?<value>\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\n]+)?\s*(?:#.*)?$/gm;

/**
 * The npm package dotenv, as of 16. It never fails: a line it can't read is as if it weren't there. Its blanks are
 * JavaScript's.
 */
export function readAsDotenv(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  for (const { index, groups } of text.matchAll(statement)) {
    const { exported = '', key = '', sign = '', value = '' } = groups ?? {};
    const start = index + exported.length;
    const keyEnd = start + key.length;
    const spelled = value.trim();
    const valueStart = keyEnd + sign.length + value.length - value.trimStart().length;
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
