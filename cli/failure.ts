/** What a person or a machine is told about an error. */
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommanderError } from '@commander-js/extra-typings';
import { UnreadableText } from '../env/decode-text.ts';
import { TargetInvalid } from '../targets/load.ts';
import { catalogue, type ErrorName } from '../workflow/errors.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';

/** The command can't be carried out as it was typed: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Failure {
  readonly name: string;
  /** One line, except for a command that converts a file. Holds no value. */
  readonly message: string;
  /** 2 for a mistake in the command, in a file that it names, or in credentials; else 1. */
  readonly exitCode: 1 | 2;
}

/** What somebody at a command line needs besides the catalogue's remedy, where the error has none of its own. */
const advice: Partial<Record<ErrorName, string>> = {
  CredentialsExpired:
    ' For example, run `aws sso login` or `aws configure`, or choose another profile with --profile <name>.',
};

const fileMistakes: Partial<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check the path',
  EISDIR: 'that is a folder; name a file in it',
  ENOTDIR: 'a part of the path is no folder; check it',
  EACCES: 'access denied; choose another place, or ask for the right',
  // On Windows also if another program has the file open.
  EPERM: 'access denied; close the programs that have it open, choose another place, or ask for the right',
  EBUSY: 'another program has it open; close it there',
  EROFS: 'that place is read-only; choose another one',
  EEXIST: 'there is something of that name already; choose another name',
  ENOSPC: 'the disk is full; make room, or choose another place',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
};

/** @param where AWS was called, and as whom, if that is known. */
export function failureOf(error: unknown, where?: string): Failure {
  if (error instanceof RecoveryError) {
    const { name, message } = error;
    const isCredentials = name === 'AccessDenied' || name === 'CredentialsExpired';
    const more = message.endsWith(catalogue[name].remedy) ? advice[name] : undefined;
    const place = where === undefined ? '' : ` This was in ${where}.`;
    return { name, message: `${message}${more ?? ''}${place}`, exitCode: isCredentials ? 2 : 1 };
  }
  if (error instanceof CommanderError)
    return { name: 'UsageError', message: error.message.replace(/^error: /, ''), exitCode: 2 };
  if (error instanceof UsageError || error instanceof TargetInvalid)
    return { name: error.name, message: error.message, exitCode: 2 };
  if (error instanceof UnreadableText) return { name: error.name, message: error.message, exitCode: 1 };
  if (error instanceof Error && 'code' in error && 'path' in error) {
    const mistake = fileMistakes[String(error.code)];
    // Of a file that takes the place of another one, the person knows only the other one.
    const path = 'dest' in error ? error.dest : error.path;
    if (mistake !== undefined)
      return { name: 'FileError', message: `${String(path)}: ${mistake}`, exitCode: 2 };
  }
  return { name: 'InternalError', message: describeDefect(error), exitCode: 1 };
}

/** A defect's own message may quote anything, so only its kind and its place are shown. */
function describeDefect(error: unknown): string {
  const kind = error instanceof Error && /^\w{1,80}$/.test(error.name) ? error.name : typeof error;
  const places = error instanceof Error ? ownPlaces(error.stack ?? '') : [];
  const where = places.length === 0 ? '' : ` at ${places.join(', called from ')}`;
  return `unexpected ${kind}${where}; please report it with this output.`;
}

const root = join(import.meta.dirname, '..');
const maxPlaces = 3;

/** The innermost places of a stack that are code of this project, such as `cli/env/push.ts:31:5`. */
function ownPlaces(stack: string): string[] {
  return [...stack.matchAll(/^ +at (?:.*\()?(.+):(\d+):(\d+)\)?$/gm)]
    .map(([, file = '', line, column]) => ({ path: pathWithinRoot(file), line, column }))
    .filter(({ path }) => /^(cli|aws|workflow|env|targets)\/[\w/-]+\.ts$/.test(path))
    .slice(0, maxPlaces)
    .map(({ path, line, column }) => `${path}:${line}:${column}`);
}

function pathWithinRoot(file: string): string {
  try {
    return relative(root, file.startsWith('file:') ? fileURLToPath(file) : file).replaceAll(sep, '/');
  } catch {
    // Not every text that looks like a URL of a file is one.
    return '';
  }
}
