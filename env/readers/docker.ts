import { type Assignment, type Flaw, lineEnd, type Reading } from './reading.ts';

/**
 * `docker run --env-file`: each line by itself; everything after the first `=` is the value, with its quotes and
 * comments. A name alone stands for the caller's own variable. Source: docker/cli, pkg/kvfile.
 */
export function readAsDocker(text: string): Reading {
  const assignments: Assignment[] = [];
  const flaws: Flaw[] = [];
  for (let at = 0; at < text.length; at = lineEnd(text, at) + 1) {
    const end = lineEnd(text, at);
    const line = text.slice(at, end);
    const start = end - line.trimStart().length;
    if (start === end || text[start] === '#') continue;
    const [name = ''] = text.slice(start, end).split('=', 1);
    if (name === '') flaws.push({ at: start, problem: 'docker refuses a line without a name' });
    else if (/\s/.test(name))
      flaws.push({ at: start, problem: 'docker refuses a name with white space or "export" before it' });
    const valueStart = start + name.length + 1;
    const key = name.replace(/^export\s+/, '').trim();
    // Words before the sign are a message, not a name.
    if (key !== '' && !/\s/.test(key) && valueStart <= end)
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
