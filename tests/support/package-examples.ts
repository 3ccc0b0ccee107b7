import { exampleNames, exampleTargets } from './example-targets.ts';
import { packageAll } from './package-stacks.ts';

export default () => packageAll(exampleNames, { targets: exampleTargets });
