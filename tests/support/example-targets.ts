import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ownTargets } from '../../targets/load.ts';

/** The folder of the example targets, and their names. */
export const exampleTargets = join(ownTargets, 'examples');
export const exampleNames = readdirSync(exampleTargets).map((file) => file.replace(/\.yml$/, ''));
