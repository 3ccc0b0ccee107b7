import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenarioNames } from '../../sandbox/scenarios.ts';
import { readFiles, withPicture } from '../../statemachines/mermaid.ts';
import { errorNames } from '../../workflow/errors.ts';
import { RefusalReport, Skip } from '../../workflow/states.ts';

const read = (...path: string[]) => readFileSync(join(import.meta.dirname, '..', '..', ...path), 'utf8');

describe('the README', () => {
  it('shows the state machine as it is', () => {
    const { readme, definition } = readFiles();
    expect(readme).toBe(withPicture(readme, definition));
  });

  it('names every scenario and every runtime dependency', () => {
    const { dependencies } = JSON.parse(read('package.json'));
    const readme = read('README.md');
    for (const scenario of scenarioNames.slice(1)) expect(readme).toContain(scenario);
    for (const name of Object.keys(dependencies))
      expect(readme).toContain(name.replace('@aws-sdk/client', ''));
  });
});

describe('the runbook', () => {
  const [outcomes = '', errors = ''] = read('docs', 'runbook.md').split('## Errors');
  const rowsOf = (text: string) => [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);

  it('says of each error what to do, and of nothing else', () => {
    expect(rowsOf(errors)).toEqual([...errorNames]);
  });

  it('says of each other outcome of an execution what to do', () => {
    expect(rowsOf(outcomes)).toEqual([
      ...Skip.entries.outcome.options,
      ...RefusalReport.entries.outcome.options,
    ]);
  });
});
