import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageTarget } from '../sandbox/package.ts';

/** Where the tests find a target's compiled template and zips. */
export const packagedIn = (target: string) => join(import.meta.dirname, '..', '.sandbox', 'tests', target);

/** Packages once for all test files, as `npm run package` does. */
export default async function packageStacks(): Promise<void> {
  const targets = ['sandbox', 'academy-api'];
  for (const target of targets) rmSync(packagedIn(target), { recursive: true, force: true });
  await Promise.all(targets.map((target) => packageTarget(target, packagedIn(target))));
}
