import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createProgram } from '../../cli/commands.ts';
import { parts, readDocument, withPart } from '../../docs/write.ts';
import { scenarioNames } from '../../sandbox/scenarios.ts';
import { errorNames } from '../../workflow/errors.ts';
import { RefusalReport } from '../../workflow/report.ts';
import { Skip } from '../../workflow/results.ts';
import { TargetFields } from '../../workflow/target/sections.ts';
import { examples } from './notifications/examples.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');

it.each(parts.map((part) => [part.name, part.file, part] as const))(
  'the part %s of %s says what the code says',
  (_name, _file, part) => {
    expect(readDocument(part)).toBe(withPart(readDocument(part), part));
  },
);

describe('the README', () => {
  it('names every scenario, in at most 120 lines', () => {
    const readme = read('README.md');
    for (const scenario of scenarioNames.slice(1)) expect(readme).toContain(scenario);
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(120);
  });
});

describe('the architecture', () => {
  const architecture = read('docs', 'architecture.md');

  it('says of every runtime dependency why it is there', () => {
    const { dependencies } = JSON.parse(read('package.json'));
    for (const name of Object.keys(dependencies))
      expect(architecture).toContain(
        `\`${name.replace('@aws-sdk/client-', '-').replace(/^-ssm$/, '@aws-sdk/client-ssm')}\``,
      );
  });

  it('names every folder of the product', () => {
    for (const folder of [
      'env',
      'workflow',
      'aws',
      'functions',
      'cli',
      'targets',
      'stack',
      'sandbox',
      'tests',
    ])
      expect(architecture).toContain(`| \`${folder}/\``);
  });
});

const documents = ['.', 'docs', join('docs', 'decisions')].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file)),
);

describe('each document', () => {
  const anchorsOf = (file: string) =>
    [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );

  it.each(documents)('%s links to what exists', (document) => {
    const broken = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !link.includes('://'))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const file = path === '' ? document : join(dirname(document), path);
        return !existsSync(join(root, file)) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
      });
    expect(broken).toEqual([]);
  });

  it.each(readdirSync(join(root, 'docs', 'decisions')))('the decision %s is short', (file) => {
    expect(read('docs', 'decisions', file).trimEnd().split('\n').length).toBeLessThanOrEqual(25);
  });
});

describe('each field of a target', () => {
  /** The names of an object's fields, in all its variants. */
  function fieldsOf(
    schema: unknown,
    inputs: readonly unknown[] = [{}, { names: [] }, { path: '' }],
  ): string[] {
    if (typeof schema !== 'object' || schema === null) return [];
    if ('entries' in schema && typeof schema.entries === 'object') return Object.keys(schema.entries ?? {});
    if ('getter' in schema && typeof schema.getter === 'function') {
      const { getter } = schema;
      return inputs.flatMap((input) => fieldsOf(getter(input)));
    }
    if ('options' in schema && Array.isArray(schema.options))
      return schema.options.flatMap((one) => fieldsOf(one));
    return 'wrapped' in schema ? fieldsOf(schema.wrapped) : [];
  }
  const sections = Object.entries(TargetFields.entries).map(
    ([section, schema]) => [section, [...new Set(fieldsOf(schema))]] as const,
  );
  const rows = read('docs', 'targets.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const example = read('targets', 'academy-api.yml');

  it('is found in its schema', () => {
    expect(sections.filter(([, fields]) => fields.length === 0)).toEqual([]);
    expect(sections.flatMap(([, fields]) => fields)).toEqual(
      expect.arrayContaining(['names', 'path', 'backupPath', 'expectStatus', 'apiSecurityGroupId', 'act']),
    );
  });

  it.each(sections)(
    '%s is in the table of docs/targets.md, and in targets/academy-api.yml',
    (section, fields) => {
      const row = rows.find((line) => new RegExp(`^\\| \`${section}[\`.]`).test(line)) ?? '';
      expect(fields.filter((field) => !new RegExp(`[\`.]${field}\\b`).test(row))).toEqual([]);
      expect(fields.filter((field) => !new RegExp(`\\b${field}:`).test(example))).toEqual([]);
    },
  );
});

describe('the costs', () => {
  it('have sums that add up', () => {
    const sums = read('docs', 'costs.md')
      .split('\n## ')
      .flatMap((section) => {
        const rows = [...section.matchAll(/^\| ([^|]+) \|[^|]*\| ([\d.]+) \|$/gm)];
        const figures = rows.map(([, what = '', usd]) => ({ what, usd: Number(usd) }));
        const together = figures.findLast(({ what }) => what === 'Together');
        const parts = figures.filter((figure) => figure !== together);
        return together ? [{ together: together.usd, parts: parts.map(({ usd }) => usd) }] : [];
      });
    expect(sums).toHaveLength(3);
    for (const { together, parts } of sums)
      expect(parts.reduce((sum, usd) => sum + usd, 0)).toBeCloseTo(together, 6);
  });
});

describe('the page about one key', () => {
  it('shows commands that there are, with the value on none of them', async () => {
    const commands = [
      ...read('docs', 'one-key.md').matchAll(
        /(?:npx --no-install recover|node cli[/\\]recover\.js) (env [^"|<`\n]+)/g,
      ),
    ].map(([, words = '']) => words.trim().split(' '));
    expect(commands.length).toBeGreaterThan(5);
    const streams = { output: process.stdout, errorOutput: process.stderr };
    for (const words of commands) {
      expect(words.slice(0, 2)).toEqual(['env', 'set']);
      const run = jest.fn(async () => undefined);
      await createProgram(streams, run, run).parseAsync(words, { from: 'user' });
      expect(run).toHaveBeenCalledWith(expect.objectContaining({ target: 'academy-api' }), expect.anything());
    }
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
