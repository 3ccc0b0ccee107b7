import { type Assignment, type Flaw, type Reading, unclosedQuote } from './reading.ts';

/**
 * systemd's `EnvironmentFile=`: quotes anywhere, joined; a backslash at the end of a line joins the next one;
 * comments only at the start of a line, with `#` or `;`; a name that isn't one is dropped. Source: src/basic/env-file.c.
 */
export function readAsSystemd(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  let at = 0;
  while (at < text.length) {
    const start = at + (/^[ \t\n]*/.exec(text.slice(at))?.[0].length ?? 0);
    if (start === text.length) break;
    let end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    const line = text.slice(start, end);
    if (/^[#;]/.test(line)) {
      // Since version 254 the next line counts; before, it was swallowed.
      if (line.endsWith('\\'))
        flaws.push({
          at: start,
          problem: 'a comment ends with \\, and older systemd takes the next line into it',
        });
      at = end + 1;
      continue;
    }
    const sign = line.indexOf('=');
    if (sign === -1) {
      at = end + 1;
      continue;
    }
    const key = line.slice(0, sign).replace(/[ \t]+$/, '');
    const scanned = scanValue(text, start + sign + 1);
    if (scanned.problem) flaws.push({ at: start, problem: scanned.problem });
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
      flaws.push({
        at: start,
        problem: 'systemd drops a line whose name is not one, or has "export" before it',
      });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what systemd refuses.
    else if (/[\x00-\x08\x0b-\x1f\x7f]/.test(scanned.value))
      flaws.push({ at: start, problem: 'systemd drops a value with control characters' });
    const name = key.replace(/^export\s+/, '');
    // Words before the sign are a message, not a name.
    if (name !== '' && !/\s/.test(name))
      assignments.push({
        key: name,
        value: scanned.value,
        start,
        valueStart: scanned.start,
        valueEnd: scanned.end,
      });
    at = scanned.next;
  }
  return { assignments, flaws };
}

interface ScannedValue {
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** After the line end. */
  readonly next: number;
  readonly problem: string | undefined;
}

function scanValue(text: string, from: number): ScannedValue {
  let value = '';
  /** How much of the value remains when white space at its end is cut off. */
  let solid = 0;
  let quote = '';
  let isBeforeValue = true;
  let start = from;
  let at = from;
  for (; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (quote === '' && sign === '\n') break;
    if (quote !== '') {
      if (sign === quote) {
        quote = '';
        isBeforeValue = true;
      } else if (sign === '\\' && quote === '"') {
        at += 1;
        const next = text.charAt(at);
        if (/["\\`$]/.test(next)) value += next;
        else if (next !== '\n') value += `\\${next}`;
      } else {
        value += sign;
      }
      solid = value.length;
    } else if (isBeforeValue && (sign === '"' || sign === "'")) {
      quote = sign;
    } else if (sign === '\\') {
      at += 1;
      const next = text.charAt(at);
      if (next !== '\n') value += next;
      solid = value.length;
      isBeforeValue = false;
    } else if (/[ \t]/.test(sign)) {
      if (isBeforeValue && value === '') start = at + 1;
      if (!isBeforeValue) value += sign;
    } else {
      isBeforeValue = false;
      value += sign;
      solid = value.length;
    }
  }
  const isCut = at > text.length;
  const end = Math.min(at, text.length);
  return {
    value: isBeforeValue ? value : value.slice(0, solid),
    start,
    end: start + text.slice(start, end).replace(/[ \t]+$/, '').length,
    next: end + 1,
    problem:
      quote !== ''
        ? unclosedQuote
        : isCut || (text.charAt(end - 1) === '\\' && text.charAt(end - 2) !== '\\' && end === text.length)
          ? 'the text ends with \\, which would join it with whatever comes next'
          : undefined,
  };
}
