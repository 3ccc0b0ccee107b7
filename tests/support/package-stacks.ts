import * as v from 'valibot';
import { type PackageOptions, packageTarget } from '../../sandbox/package.ts';

const Directories = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string()));

/** Where the tests find a target's compiled template and zips. */
export const packagedIn = (target: string): string =>
  v.parse(Directories, process.env.PACKAGED_STACKS)[target] ?? '';

/** Packages for all test files, as `npm run package` does, if the sources have changed. */
export async function packageAll(targets: readonly string[], options?: PackageOptions): Promise<void> {
  const packaged = targets.map(async (target) => [target, await packageTarget(target, options)] as const);
  process.env.PACKAGED_STACKS = JSON.stringify(Object.fromEntries(await Promise.all(packaged)));
}

export default () => packageAll(['sandbox', 'academy-api']);
