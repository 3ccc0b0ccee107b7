import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parts, readDocument, withPart } from '../../docs/write.ts';
import { scenarioNames } from '../../sandbox/scenarios.ts';
import { errorNames } from '../../workflow/errors.ts';
import { RefusalReport } from '../../workflow/report.ts';
import { Skip } from '../../workflow/results.ts';
import { examples } from './notifications/examples.ts';

const read = (...path: string[]) => readFileSync(join(import.meta.dirname, '..', '..', ...path), 'utf8');

it.each(parts.map((part) => [part.name, part.file, part] as const))(
  'the part %s of %s says what the code says',
  (_name, _file, part) => {
    expect(readDocument(part)).toBe(withPart(readDocument(part), part));
  },
);

describe('the README', () => {
  it('names every scenario and every runtime dependency', () => {
    const { dependencies } = JSON.parse(read('package.json'));
    const readme = read('README.md');
    for (const scenario of scenarioNames.slice(1)) expect(readme).toContain(scenario);
    for (const name of Object.keys(dependencies))
      expect(readme).toContain(name.replace('@aws-sdk/client', ''));
  });
});

describe('the runbook', () => {
  const runbook = read('docs', 'runbook.md');
  const headings = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  const outcomes = [...runbook.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);

  it('has a section of its own for each error', () => {
    for (const name of errorNames) expect(headings.filter((heading) => heading === name)).toHaveLength(1);
  });

  it('has each section that a message links to', () => {
    const anchors = headings.map((heading) => heading.toLowerCase().replaceAll(' ', '-'));
    const links = Object.values(examples).flatMap(({ text }) =>
      [...text.matchAll(/docs\/runbook\.md#(\S+)/g)].map(([, anchor]) => anchor),
    );
    expect(links).toEqual(
      expect.arrayContaining(['deployfailed', 'stopped-by-a-person', 'out-of-time', 'any-other-error']),
    );
    expect(anchors).toEqual(expect.arrayContaining(links));
  });

  it('says of each other outcome of an execution what to do', () => {
    expect(outcomes).toEqual([...Skip.entries.outcome.options, ...RefusalReport.entries.outcome.options]);
  });
});
