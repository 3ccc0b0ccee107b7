/** `recover target init`: a first target file, from a .env and from what can be read in the account. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { draftContract } from '../../env/contract-draft.ts';
import { readEnvText } from '../../env/document.ts';
import { guessReader, isNeighbour } from '../../env/reader-guess.ts';
import { envReaders } from '../../env/readers/readers.ts';
import { pathArgument } from '../../env/shell-quotes.ts';
import { loadTarget, stillToDo, TargetInvalid, targetFileOf, targetsDirectory } from '../../targets/load.ts';
import { counted } from '../../workflow/words.ts';
import type { CallerOptions } from '../caller.ts';
import { UsageError } from '../failure.ts';
import type { Outcome } from '../session.ts';
import type { Desk } from '../terminal.ts';
import { readTextFile } from '../text-file.ts';
import { lookAround } from './account.ts';
import { textOfDraft } from './draft-text.ts';

export interface InitOptions extends CallerOptions {
  readonly targets?: string | undefined;
  /** A .env, or an example of one; by default, the text of the parameter. */
  readonly from?: string | undefined;
  readonly parameter?: string | undefined;
  readonly reader?: string | undefined;
  /** `Key=value` */
  readonly instances?: string | undefined;
  readonly function?: string | undefined;
  /** `Namespace/Name` */
  readonly metric?: string | undefined;
}

/**
 * Writes `<name>.yml`, never over a file that is there. What could not be found out is marked, and named by
 * `recover target check`.
 *
 * @throws UsageError, TargetInvalid, UnreadableText
 */
export async function initTarget(name: string, options: InitOptions, desk: Desk): Promise<Outcome> {
  const { terminal, environment } = desk;
  const directory = targetsDirectory(options.targets, environment);
  const file = targetFileOf(name, directory);
  requireFree(name, directory, file);
  const reader = envReaders.find((one) => one === options.reader);
  if (options.reader !== undefined && reader === undefined)
    throw new UsageError(`--reader: expected one of ${envReaders.join(', ')}`);
  const given = options.from === undefined ? undefined : readTextFile(options.from);
  const parameterName =
    options.parameter ?? (await terminal.ask('Name of the SSM parameter, such as /app/api/env: '));

  const around = await lookAround({ ...options, parameter: parameterName || undefined }, desk, given);
  if (around.text === undefined)
    throw new UsageError(
      `give a .env or an example of one with --from <file>, or a parameter that can be read with --parameter <name>${around.whyNoText}`,
    );
  const source = options.from === undefined ? `parameter ${parameterName}` : basename(options.from);
  const neighbours = options.from === undefined ? new Map<string, string>() : neighboursOf(options.from);
  const guess =
    reader === undefined ? guessReader(around.text, neighbours) : { reader, why: 'it was given as --reader' };
  const text = textOfDraft({
    name,
    source,
    reader: guess,
    contract: draftContract(readEnvText(around.text, guess.reader)),
    ...around.fieldsFor(guess.reader),
  });
  writeFileSync(join(directory, `${name}.yml`), text, { flag: 'wx' });

  const mistakes = mistakesOf(name, directory);
  terminal.print(`Wrote ${file}, from ${source}. Its reader is ${guess.reader}, since ${guess.why}.`);
  for (const note of around.notSeen) terminal.print(`  ${note}`);
  if (mistakes.length > 0)
    terminal.print(`${counted(mistakes.length, 'field')} to fill in, as the comment above each says:`);
  for (const mistake of mistakes)
    terminal.print(`  ${mistake.slice(file.length + 2).replace(stillToDo, '')}`);
  const where =
    options.targets === undefined ? '' : ` --targets ${pathArgument(options.targets, process.platform)}`;
  terminal.print(`Then: npx recover target check --target ${name}${where}`);
  return { ok: true, report: { file, reader: guess.reader, toDo: mistakes, notSeen: around.notSeen } };
}

function requireFree(name: string, directory: string, file: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    throw new UsageError("a target's name has up to 31 small letters, digits and hyphens");
  if (statSync(join(directory, `${name}.yml`), { throwIfNoEntry: false }))
    throw new UsageError(`${file} is there already; choose another name, or remove the file first`);
}

function mistakesOf(name: string, directory: string): readonly string[] {
  try {
    loadTarget(name, directory);
    return [];
  } catch (error) {
    if (error instanceof TargetInvalid) return error.mistakes;
    throw error;
  }
}

/** Enough to tell which packages a program has. */
const mostBytes = 256 * 1024;

/** The files next to a .env that say who reads it, with their content. */
function neighboursOf(path: string): ReadonlyMap<string, string> {
  const directory = dirname(resolve(path));
  return new Map(
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile() && isNeighbour(entry.name))
      .map(({ name }) => [name, readStart(join(directory, name))]),
  );
}

/** Names of packages are ASCII, whatever the encoding of the rest. */
function readStart(path: string): string {
  try {
    return readFileSync(path).subarray(0, mostBytes).toString('latin1').replaceAll('\0', '');
  } catch {
    // That the file is there says something, too.
    return '';
  }
}
