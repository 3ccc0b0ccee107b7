import { flawKinds } from './flaws.ts';
import { type Assignment, type Flaw, lineEnd, type Reading, skip, trimEndOf } from './reading.ts';

/**
 * Node's own parser, of `node --env-file` and `util.parseEnv`, as of Node 24. Source: src/node_dotenv.cc.
 *
 * Versions before 22.16 keep tabs around a value, and take a line without a sign into the name of the next one.
 */
export function readAsNode(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  const blank = /[ \t\n]/;
  for (let at = skip(text, 0, blank); at < text.length; ) {
    const end = lineEnd(text, at);
    const sign = text.indexOf('=', at);
    // After a comment or an empty or quoted value, an indented comment is not told from a name.
    if (text[at] === '\n' || text[at] === '#') {
      at = end + 1;
      continue;
    }
    if (sign === -1 || sign > end) {
      at = skip(text, end + 1, blank);
      continue;
    }
    const start = skip(text, at, blank);
    if (sign === start) {
      // Without a name, what follows the sign is tried as one.
      at = text[sign + 1] === '\n' ? sign + 2 : skip(text, sign + 1, blank);
      continue;
    }
    const name = trimEndOf(text.slice(start, sign), blank);
    // An empty value ends with its line, and its name keeps an "export"; one of spaces takes in the next line.
    const isEmpty = sign + 1 === text.length || text[sign + 1] === '\n';
    const key = isEmpty ? name : name.replace(/^export [ \t]*(?=.)/, '');
    const valueStart = isEmpty ? sign + 1 : skip(text, sign + 1, blank);
    const quote = /["'`]/.exec(text.charAt(valueStart))?.[0];
    const close = quote === undefined ? -1 : text.indexOf(quote, valueStart + 1);
    let valueEnd: number;
    let value: string;
    if (quote !== undefined && close !== -1) {
      valueEnd = close + 1;
      value = text.slice(valueStart + 1, close);
      if (quote === '"') value = value.replaceAll('\\n', '\n');
      at = lineEnd(text, valueEnd) + 1;
      const isMultiline = text.slice(valueStart, close).includes('\n');
      if (isMultiline && !/^[ \t]*(?:#.*)?$/s.test(text.slice(valueEnd, lineEnd(text, valueEnd))))
        flaws.push({ at: start, ...flawKinds.unclosedQuote });
    } else {
      const rest = text.slice(valueStart, lineEnd(text, valueStart));
      value = trimEndOf(quote === undefined ? (rest.split('#', 1)[0] ?? '') : rest, blank);
      valueEnd = valueStart + value.length;
      if (quote !== undefined) {
        // If the quote is never closed, the whole line is the value.
        value = rest;
        flaws.push({ at: start, ...flawKinds.unclosedQuote });
      }
      at = isEmpty ? valueStart + 1 : skip(text, lineEnd(text, valueStart) + 1, blank);
    }
    if (valueStart > end && value !== '') flaws.push({ at: start, ...flawKinds.nodeNextLine });
    assignments.push({ key, value, start, valueStart, valueEnd });
  }
  return { assignments, flaws };
}
