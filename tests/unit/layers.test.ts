/** The layers of the project: each imports only from those below it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** What the modules of a folder may import from, besides their own folder. */
const layers: Record<string, readonly string[]> = {
  env: [],
  workflow: ['env'],
  aws: ['env', 'workflow'],
  targets: ['env', 'workflow'],
  stack: ['env', 'workflow', 'targets'],
  functions: ['env', 'workflow', 'aws'],
  cli: ['env', 'workflow', 'aws', 'targets'],
  sandbox: ['env', 'workflow', 'aws', 'targets', 'stack'],
};
/** Packages that a pure layer may use: they look at nothing outside. */
const purePackages = ['valibot', 'node:crypto', 'node:vm'];

const importPattern = /^(?:import|export)\b[^;]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

const modules = Object.keys(layers).flatMap((layer) =>
  readdirSync(join(root, layer), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ layer, file: join(layer, file) })),
);
const importsOf = (file: string, { withTypes = true } = {}): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(importPattern)]
    .filter(([statement]) => withTypes || !/^(?:import|export) type\b/.test(statement))
    .map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '');
/** The folder below the root that a relative import leads into. */
const layerOf = (file: string, specifier: string) =>
  relative(root, join(root, dirname(file), specifier)).split(sep)[0] ?? '';

describe('each layer', () => {
  it.each(Object.entries(layers))('%s imports from nothing but itself and %j', (layer, below) => {
    const wrong = modules
      .filter((module) => module.layer === layer)
      .flatMap(({ file }) =>
        importsOf(file)
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => ({ file, from: layerOf(file, specifier) })),
      )
      .filter(({ from }) => from !== layer && !below.includes(from))
      .map(({ file, from }) => `${file} imports from ${from}`);
    expect(wrong).toEqual([]);
  });

  it.each(['env', 'workflow'])('%s knows no AWS, no file and no clock', (layer) => {
    const own = modules.filter((module) => module.layer === layer);
    const packages = own.flatMap(({ file }) =>
      importsOf(file)
        .filter((specifier) => !specifier.startsWith('.') && !purePackages.includes(specifier))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(packages).toEqual([]);
    const clocks = own
      .filter(({ file }) =>
        /\bDate\.now\(\)|\bnew Date\(\)|\bsetTimeout\b|\bprocess\./.test(
          readFileSync(join(root, file), 'utf8'),
        ),
      )
      .map(({ file }) => file);
    expect(clocks).toEqual([]);
  });

  it('is seen: the pattern finds the imports of a module', () => {
    expect(importsOf(join('aws', 'parameter.ts'))).toEqual(
      expect.arrayContaining(['@aws-sdk/client-ssm', './call.ts']),
    );
  });
});

/** The ways that lead from a module back to itself, by what each module imports; one for each circle. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles = new Map<string, string>();
  for (const start of imports.keys()) {
    const visited = new Set<string>();
    const ways = [[start]];
    for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
      for (const next of imports.get(way.at(-1) ?? '') ?? []) {
        if (next === start) circles.set([...way].sort().join(), [...way, start].join(' -> '));
        if (visited.has(next)) continue;
        visited.add(next);
        ways.push([...way, next]);
      }
    }
  }
  return [...circles.values()];
}

describe('modules', () => {
  // Types are gone when a program runs: a type may well be named by what its own module imports.
  it('import each other in no circle, types apart', () => {
    const imports = modules.map(({ file }): [string, string[]] => [
      file,
      importsOf(file, { withTypes: false })
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => join(dirname(file), specifier)),
    ]);
    expect(circlesIn(new Map(imports))).toEqual([]);
  });

  it('would be found in a circle, once, however many they are', () => {
    const circle = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', []],
    ]);
    expect(circlesIn(circle)).toEqual([expect.stringMatching(/^. -> . -> . -> .$/)]);
  });

  it('have 300 lines at most, tests too', () => {
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|coverage$)/.test(entry.name))
      .map(({ name }) => name);
    const files = [
      ...readdirSync(root),
      ...folders.flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
          join(folder, file),
        ),
      ),
    ].filter((file) => file.endsWith('.ts'));
    expect(files).toEqual(expect.arrayContaining(modules.map(({ file }) => file)));
    const lines = (file: string) => readFileSync(join(root, file), 'utf8').split('\n').length - 1;
    expect(files.filter((file) => lines(file) > 300)).toEqual([]);
  });
});

/** All modules and packages that a module imports, or what it imports imports. */
function reachedFrom(file: string, reached = new Set<string>()): Set<string> {
  for (const specifier of importsOf(file)) {
    const found = specifier.startsWith('.') ? join(dirname(file), specifier) : specifier;
    if (reached.has(found)) continue;
    reached.add(found);
    if (specifier.startsWith('.') && found.endsWith('.ts')) reachedFrom(found, reached);
  }
  return reached;
}

const doctor = 'functions/doctor/diagnose-chain.ts';
describe('functions/', () => {
  it.each([
    // It looks at what scales the workers, which is what a recovery is for.
    ['@aws-sdk/client-auto-scaling', ['functions/confirm-backlog.ts', doctor]],
    // The largest of the clients, in the function that runs least often.
    ['@aws-sdk/client-ec2', [doctor]],
    ['@aws-sdk/client-eventbridge', [doctor]],
    ['@aws-sdk/client-iam', []],
    ['@aws-sdk/client-scheduler', []],
    ['@commander-js/extra-typings', []],
    ['yaml', []],
  ])('need %s only in %j', (name, needing) => {
    const inFunctions = modules.filter(({ layer }) => layer === 'functions').map(({ file }) => file);
    expect(inFunctions.filter((file) => reachedFrom(file).has(name))).toEqual(
      needing.map((file) => join(...file.split('/'))),
    );
    const all = modules.map(({ file }) => file);
    expect(all.filter((file) => reachedFrom(file).has(name))).not.toEqual([]);
  });

  it('has only the states at its top, and nothing that a state imports from another one', () => {
    const wrong = modules
      .filter(({ layer }) => layer === 'functions')
      .flatMap(({ file }) => importsOf(file).map((specifier) => ({ file, specifier })))
      .filter(({ specifier }) => /^\.\/[^/]+\.ts$/.test(specifier))
      .filter(({ file }) => dirname(file) === 'functions');
    expect(wrong).toEqual([]);
  });
});
