import { flawKinds } from './flaws.ts';
import { type Assignment, blankIn, type Flaw, lineEnd, type Reading, skip, trimEndOf } from './reading.ts';

const blank = new RegExp(`[${blankIn.go}]`);

/**
 * `docker run --env-file`: each line by itself; everything after the first `=` is the value, with its quotes and
 * comments. A name alone stands for the caller's own variable. Source: docker/cli, pkg/kvfile.
 */
export function readAsDocker(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  for (let at = 0; at < text.length; at = lineEnd(text, at) + 1) {
    const end = lineEnd(text, at);
    const start = at + skip(text.slice(at, end), 0, blank);
    if (start === end || text[start] === '#') continue;
    const [name = ''] = text.slice(start, end).split('=', 1);
    // In a name it refuses space and tab only; any other character is a part of it.
    if (name === '') flaws.push({ at: start, ...flawKinds.dockerName });
    else if (/[ \t]/.test(name)) flaws.push({ at: start, ...flawKinds.dockerBlankInName });
    const valueStart = start + name.length + 1;
    const key = trimEndOf(name.replace(/^export[ \t]+/, ''), /[ \t]/);
    // Words before the sign are a message, not a name.
    if (key !== '' && !/[ \t]/.test(key) && valueStart <= end)
      assignments.push({
        key,
        value: text.slice(valueStart, end),
        start,
        valueStart,
        valueEnd: end,
      });
  }
  return { assignments, flaws };
}
