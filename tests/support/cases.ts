/** What people really have, in tests/support/cases: placeholders only, and every byte counts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const readCase = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'cases', name), 'utf8');
