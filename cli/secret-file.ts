import { randomBytes } from 'node:crypto';
import { closeSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/**
 * Writes a file that only its owner may read (on Windows, the folder decides who may). Without `overwrite`, the path
 * must be free. With it, the new file is written next to the old one and then takes its place; a symbolic link stays,
 * and what it points to is replaced.
 *
 * @throws the errors of the file system as they are.
 */
export function writeSecretFile(path: string, text: string, options: { overwrite: boolean }): void {
  if (!options.overwrite) {
    createSecretFile(path, text);
    return;
  }
  const existing = statSync(path, { throwIfNoEntry: false });
  if (existing !== undefined && !existing.isFile()) {
    // A device or a pipe has nothing to lose, and replacing it with a file would break the host. A folder is refused.
    writeFileSync(path, text);
    return;
  }
  const target = existing === undefined ? path : realpathSync(path);
  const temporary = `${target}.${randomBytes(6).toString('hex')}`;
  createSecretFile(temporary, text);
  try {
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function createSecretFile(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    try {
      writeFileSync(file, text, { flush: true });
    } finally {
      closeSync(file);
    }
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}
