/** Unpacks a function's zip once for all sandboxes, even those in other processes. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';

/** @returns the folder with the content of the zip: the same folder for the same content. */
export function unpack(zip: string, parent: string): string {
  const packed = readFileSync(zip);
  const directory = join(parent, createHash('sha256').update(packed).digest('hex').slice(0, 16));
  if (existsSync(directory)) return directory;
  const temporary = join(parent, randomUUID());
  // On Lambda no package.json is above /var/task; this one hides the project's own.
  const files = { 'package.json': '{}', ...unzipSync(packed) };
  for (const [name, content] of Object.entries(files)) {
    const path = join(temporary, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  try {
    renameSync(temporary, directory);
  } catch (error) {
    // Another process may have been faster.
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(directory)) throw error;
  }
  return directory;
}
