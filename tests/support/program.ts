import { join } from 'node:path';
import { systemEnvironment } from '../../sandbox/host/host.ts';

/** The folder of this project. */
export const projectDirectory = join(import.meta.dirname, '..', '..');

/**
 * The environment of a program of the project that a test starts. What Node compiles for one of them is kept for the
 * next: that is half of what a short one has to do.
 */
export const programEnvironment = (variables: Readonly<Record<string, string>>): Record<string, string> => ({
  ...systemEnvironment(),
  NODE_COMPILE_CACHE: join(projectDirectory, '.sandbox', 'compiled'),
  ...variables,
});
