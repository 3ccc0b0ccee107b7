import { readAsCompose } from './compose.ts';
import { readAsDjangoEnviron } from './django-environ.ts';
import { readAsDocker } from './docker.ts';
import { readAsDotenv } from './dotenv.ts';
import { readAsNode } from './node.ts';
import { readAsPath } from './path.ts';
import { readAsPythonDecouple } from './python-decouple.ts';
import { readAsPythonDotenv } from './python-dotenv.ts';
import type { Read } from './reading.ts';
import { readAsShell } from './shell.ts';
import { readAsSystemd } from './systemd.ts';

/** Which program reads the text on the host. Of 45 spellings tried, only 6 meant the same to all of them. */
export const envReaders = [
  'docker',
  'compose',
  'dotenv',
  'python-dotenv',
  'systemd',
  'shell',
  'node',
  'django-environ',
  'python-decouple',
] as const;

/** `path` is for an env that is no text: one parameter for each key, whose value is what the parameter holds. */
export type EnvReader = (typeof envReaders)[number] | 'path';

interface ReaderTraits {
  readonly read: Read;
  /** What a line means may depend on what its references stand for. */
  readonly expands?: true;
  /** Hands all lines with one key to the program, which takes its pick; all others hand on the last. */
  readonly handsOnDuplicates?: true;
  /** Doesn't know a byte order mark, and takes it as a part of the first name. */
  readonly stumblesOverBom?: true;
  /** Where it takes a CR before the LF as a part of the value: always, the second of two, or between quotes. */
  readonly stumblesOverCrlf?: 'always' | 'doubled' | 'quoted';
}

export const readers: Record<EnvReader, ReaderTraits> = {
  docker: { read: readAsDocker, handsOnDuplicates: true, stumblesOverCrlf: 'doubled' },
  compose: { read: readAsCompose, expands: true, stumblesOverCrlf: 'quoted' },
  dotenv: { read: readAsDotenv },
  'python-dotenv': { read: readAsPythonDotenv, expands: true, stumblesOverBom: true },
  systemd: { read: readAsSystemd, stumblesOverBom: true, stumblesOverCrlf: 'quoted' },
  shell: { read: readAsShell, expands: true, stumblesOverBom: true, stumblesOverCrlf: 'always' },
  node: { read: readAsNode, stumblesOverBom: true },
  'django-environ': { read: readAsDjangoEnviron, expands: true, stumblesOverBom: true },
  'python-decouple': { read: readAsPythonDecouple, stumblesOverBom: true },
  path: { read: readAsPath },
};
