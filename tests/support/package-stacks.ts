import { dirname, join } from 'node:path';
import { packageTarget } from '../../sandbox/package.ts';

/** Where the tests find a target's compiled template and zips. */
export const packagedIn = (target: string) => join(process.env.PACKAGED_STACKS ?? '', target);

/** Packages for all test files, as `npm run package` does, if the sources have changed. */
export default async function packageStacks(): Promise<void> {
  const [directory = ''] = await Promise.all(
    ['sandbox', 'academy-api'].map((target) => packageTarget(target)),
  );
  process.env.PACKAGED_STACKS = dirname(directory);
}
