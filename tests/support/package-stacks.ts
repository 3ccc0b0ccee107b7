import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { packageTarget } from '../../sandbox/package.ts';
import { ownTargets } from '../../targets/load.ts';

/** The folder of the example targets, and their names. */
export const exampleTargets = join(ownTargets, 'examples');
export const exampleNames = readdirSync(exampleTargets).map((file) => file.replace(/\.yml$/, ''));

const Directories = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string()));

/** Where the tests find a target's compiled template and zips. */
export const packagedIn = (target: string): string =>
  v.parse(Directories, process.env.PACKAGED_STACKS)[target] ?? '';

/** Packages for all test files, as `npm run package` does, if the sources have changed. */
export default async function packageStacks(): Promise<void> {
  const own = ['sandbox', 'academy-api'].map(
    async (target) => [target, await packageTarget(target)] as const,
  );
  const examples = exampleNames.map(
    async (target) => [target, await packageTarget(target, { targets: exampleTargets })] as const,
  );
  process.env.PACKAGED_STACKS = JSON.stringify(Object.fromEntries(await Promise.all([...own, ...examples])));
}
