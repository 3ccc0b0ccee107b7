import { copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Copies a file, or a folder with all that is in it. Not by `fs.cpSync`: on Windows, if the path has letters beyond
 * ASCII, as in a home folder with a Korean name, it ends the process without a word, or copies nothing
 * (https://github.com/nodejs/node/issues/54476, https://github.com/nodejs/node/issues/61878).
 */
export function copyAll(from: string, to: string): void {
  if (!statSync(from).isDirectory()) {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
    return;
  }
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) copyAll(join(from, name), join(to, name));
}
