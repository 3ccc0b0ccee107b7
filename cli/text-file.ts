/** A .env as an operator keeps it. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeText, UnreadableText } from '../env/decode-text.ts';

/** A parameter of SSM holds 8 KB, so a larger file than this was named by mistake. */
const maxBytes = 64 * 1024;

/**
 * Reads a file as text.
 *
 * @throws UnreadableText, and the errors of the file system as they are.
 */
export function readTextFile(path: string): string {
  const file = openSync(path, 'r');
  try {
    // Linux opens one, and says only at the read, without the path, that it is none.
    if (fstatSync(file).isDirectory()) throw new UnreadableText(`${path} is a folder. Name a file in it.`);
    // The size of the file is of no use: a pipe has none.
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    let read = 0;
    do {
      read = readSync(file, buffer, length, buffer.length - length, null);
      length += read;
    } while (read > 0);
    if (length > maxBytes)
      throw new UnreadableText(
        `${path} is larger than 64 KB, so it is no .env. Name the file whose text the parameter is to hold.`,
      );
    return decodeText(buffer.subarray(0, length), path, {
      path: resolve(path),
      platform: process.platform,
    });
  } finally {
    closeSync(file);
  }
}
