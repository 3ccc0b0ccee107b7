import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageTarget } from '../sandbox/package.ts';

const directoryOf = (target: string) => join(import.meta.dirname, '..', '.sandbox', 'tests', target);

/** Where the tests find a target's compiled template and zips. */
export const packagedIn = (target: string) => join(directoryOf(target), '.serverless');

/** Packages once for all test files, as `npm run package` does. */
export default async function packageStacks(): Promise<void> {
  const targets = ['sandbox', 'academy-api'];
  for (const target of targets) rmSync(directoryOf(target), { recursive: true, force: true });
  await Promise.all(targets.map((target) => packageTarget(target, directoryOf(target))));
}
