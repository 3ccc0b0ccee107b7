import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { packageTarget } from '../../sandbox/package.ts';

/** Where the tests find a target's compiled template and zips. */
export const packagedIn = (target: string) => join(process.env.PACKAGED_STACKS ?? '', target, '.serverless');

/** Packages once for all test files, as `npm run package` does; in a folder of its own for each run of the tests. */
export default async function packageStacks(): Promise<void> {
  const root = join(import.meta.dirname, '..', '..', '.sandbox');
  mkdirSync(root, { recursive: true });
  const directory = mkdtempSync(join(root, 'tests-'));
  process.env.PACKAGED_STACKS = directory;
  await Promise.all(
    ['sandbox', 'academy-api'].map((target) => packageTarget(target, join(directory, target))),
  );
}
