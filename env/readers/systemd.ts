import { droppedAs, type FlawKind, flawKinds } from './flaws.ts';
import { type Assignment, type Flaw, lineEnd, type Reading, skip, trimEndOf } from './reading.ts';

const blank = /[ \t]/;

/**
 * systemd's `EnvironmentFile=`: quotes anywhere, joined; a backslash at the end of a line joins the next one;
 * comments only at the start of a line, with `#` or `;`; a name that isn't one is dropped. Source: src/basic/env-file.c.
 */
export function readAsSystemd(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  let at = 0;
  while (at < text.length) {
    const start = skip(text, at, /[ \t\n]/);
    if (start === text.length) break;
    const end = lineEnd(text, start);
    const line = text.slice(start, end);
    if (/^[#;]/.test(line)) {
      const next = text.slice(end + 1, lineEnd(text, end + 1));
      if (line.endsWith('\\') && !/^[ \t]*(?:[#;].*)?(?<!\\)$/s.test(next))
        flaws.push({ at: start, ...flawKinds.systemdComment });
      at = end + 1;
      continue;
    }
    // A sign at the start is a part of the name.
    const sign = line.indexOf('=', 1);
    if (sign === -1) {
      at = end + 1;
      continue;
    }
    const key = trimEndOf(line.slice(0, sign), blank);
    const { value, start: valueStart, end: valueEnd, next, problem } = scanValue(text, start + sign + 1);
    if (problem) flaws.push({ at: start, ...problem });
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) assignments.push({ key, value, start, valueStart, valueEnd });
    else flaws.push({ at: start, ...droppedAs(flawKinds.systemdName, text.slice(start, valueEnd)) });
    at = next;
  }
  return { assignments, flaws };
}

interface ScannedValue {
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** After the line end. */
  readonly next: number;
  readonly problem: FlawKind | undefined;
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
    end: start + trimEndOf(text.slice(start, end), blank).length,
    next: end + 1,
    problem:
      quote !== ''
        ? flawKinds.unclosedQuote
        : isCut || (text.charAt(end - 1) === '\\' && text.charAt(end - 2) !== '\\' && end === text.length)
          ? flawKinds.joinsNextLine
          : undefined,
  };
}
