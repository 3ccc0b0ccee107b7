/** Reads and checks target files. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { parseDocument, YAMLError } from 'yaml';
import { decodeText, UnreadableText } from '../env/decode-text.ts';
import { describeIssue } from '../workflow/parse.ts';
import { haveSameName } from '../workflow/target/checks.ts';
import { partitionOf, partitionOfArn, regionOfArn } from '../workflow/target/fields.ts';
import { TargetFields } from '../workflow/target/sections.ts';
import { toDoMark } from '../workflow/target/to-do.ts';
import { type DeployedTarget, Target } from '../workflow/target.ts';
import { CaFileUnusable, readCaFile } from './ca-file.ts';

/** What is told of a field that a person has still to fill in, after its name. */
export const stillToDo = `: still ${toDoMark}: the comment above it says what belongs there`;

/** A mistake in a target file, in one line: file, field, and what was expected. */
export class TargetInvalid extends Error {
  override readonly name = 'TargetInvalid';
  /** All mistakes that were found; the first is the message. */
  readonly mistakes: readonly string[];
  constructor(mistake: string, ...others: readonly string[]) {
    super(mistake);
    this.mistakes = [mistake, ...others];
  }
}

/**
 * Checks the content of a target file.
 *
 * @param file for the message.
 * @throws TargetInvalid
 */
export function readTarget(file: string, content: unknown): Target {
  const toDo = placesToDo(content);
  const result = v.safeParse(Target, content, { abortPipeEarly: true });
  if (result.success && toDo.length === 0) return result.output;
  // What has to hold between fields says nothing while some of them are not there yet.
  const { issues = [] } =
    toDo.length === 0 ? result : v.safeParse(TargetFields, content, { abortPipeEarly: true });
  const others = issues.filter((issue) => !toDo.includes(v.getDotPath(issue) ?? '')).map(describeIssue);
  const [first = '', ...more] = [...toDo.map((field) => `${field}${stillToDo}`), ...others].map(
    (mistake) => `${file}: ${mistake}`,
  );
  throw new TargetInvalid(first, ...more);
}

/** The fields that `recover target init` has left to a person, as dots lead to them. */
function placesToDo(content: unknown, place = ''): string[] {
  if (content === toDoMark) return [place];
  if (typeof content !== 'object' || content === null) return [];
  return Object.entries(content).flatMap(([name, inner]) =>
    placesToDo(inner, place === '' ? name : `${place}.${name}`),
  );
}

/** The folder of this project: its example, and the sandbox's own target. */
export const ownTargets = import.meta.dirname;

/**
 * The folder with the target files, as an absolute path. They may be in a repository of their owner's, so that nobody
 * has to change this one.
 *
 * @param given from the command line; by default RECOVER_TARGETS, or else the folder of this project.
 * @throws TargetInvalid if there is no such folder.
 */
export function targetsDirectory(
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const directory = resolve(given || environment.RECOVER_TARGETS || ownTargets);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return directory;
  throw new TargetInvalid(`${directory}: there is no such folder with target files; check the path`);
}

/** The file of a target, as messages name it. */
export function targetFileOf(name: string, directory = ownTargets): string {
  return directory === ownTargets ? `targets/${name}.yml` : join(directory, `${name}.yml`);
}

export function targetNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yml'))
    .map((file) => file.replace(/\.yml$/, ''))
    .sort();
}

/** The targets of a folder, as a message lists them. */
export const listTargets = (directory: string): string =>
  targetNames(directory).join(', ') || `none in ${directory}`;

/**
 * Reads `<name>.yml`.
 *
 * @param directory as `targetsDirectory` gives it.
 * @throws TargetInvalid
 */
export function loadTarget(name: string, directory = ownTargets): Target {
  const file = targetFileOf(name, directory);
  // The name becomes part of the names of functions, alarms and log groups.
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    throw new TargetInvalid(`${file}: a target's name has up to 31 small letters, digits and hyphens`);
  const path = join(directory, `${name}.yml`);
  if (!existsSync(path)) {
    throw new TargetInvalid(`${file}: there is no such file. Targets: ${listTargets(directory)}`);
  }
  const text = readText(file, path);
  const content = parseYaml(file, text);
  refuseVariables(file, content);
  return withCertificates(file, directory, readTarget(file, content));
}

/**
 * What Serverless reads as a variable of its own: it would put the deployer's environment, files and secrets into the
 * template, and stumble over a shell's `${dir:-/srv}`. A backslash before `${` escapes one, and gets lost.
 */
function refuseVariables(file: string, content: unknown, place = ''): void {
  const texts = typeof content === 'string' ? [content] : [];
  const entries = typeof content === 'object' && content !== null ? Object.entries(content) : [];
  for (const text of [...texts, ...entries.map(([name]) => name)]) {
    const [found, backslash, source] = /(\\)\$\{|\$\{([a-z][A-Za-z0-9.-]*)[:(]/.exec(text) ?? [];
    const where = place === '' ? '' : `${place.slice(0, 80)}: `;
    if (backslash !== undefined)
      throw new TargetInvalid(
        `${file}: ${where}Serverless would take the backslash before \${ away: put the command into a script on the host`,
      );
    if (source !== undefined)
      throw new TargetInvalid(
        `${file}: ${where}${found}…} is not expanded in a target file, and Serverless would try to: give a variable of the shell a name in capitals, or put the command into a script on the host`,
      );
  }
  for (const [name, inner] of entries) refuseVariables(file, inner, place === '' ? name : `${place}.${name}`);
}

/**
 * Holds the keys of a target, and what else it names by ARN or by region, against the region that its stack is for: a
 * key or a calendar works in its own region only, and nothing works beyond its partition.
 *
 * @param file for the message.
 * @throws TargetInvalid
 */
export function requireKeysOf(region: string, target: DeployedTarget, file: string): void {
  const { parameter, restore, metricFunction, pauses, stack } = target;
  const keys = {
    'parameter.kmsKeyArn': parameter.kmsKeyArn,
    'metricFunction.kmsKeyArn': metricFunction?.kmsKeyArn,
    'stack.kmsKeyArn': stack.kmsKeyArn,
  };
  for (const [field, arn] of Object.entries(keys))
    if (arn !== undefined && regionOfArn(arn) !== region)
      throw new TargetInvalid(`${file}: ${field}: expected a key of ${region}, the region of the stack`);
  if (pauses.changeCalendars.some((name) => name.startsWith('arn:') && regionOfArn(name) !== region))
    throw new TargetInvalid(
      `${file}: pauses.changeCalendars: expected calendars of ${region}, the region of the stack`,
    );
  requirePartitionOf(region, target, file);
  const { backupParameter, backupRegion } = restore;
  if (backupRegion === region && haveSameName(backupParameter ?? '', parameter.name))
    throw new TargetInvalid(
      `${file}: restore.backupRegion: expected another region than ${region}, that of the stack, or another name: the copy would be the parameter itself`,
    );
}

function requirePartitionOf(region: string, { restore, notify, stack }: DeployedTarget, file: string): void {
  const partition = partitionOf(region);
  const used = [
    ['restore.backupRegion', restore.backupRegion && partitionOf(restore.backupRegion)],
    [
      'stack.permissionsBoundaryArn',
      stack.permissionsBoundaryArn && partitionOfArn(stack.permissionsBoundaryArn),
    ],
    ...notify.subscriptions.map(({ protocol, endpoint }, index) => [
      `notify.subscriptions.${index}.endpoint`,
      ['sqs', 'lambda'].includes(protocol) ? partitionOfArn(endpoint) : undefined,
    ]),
  ];
  for (const [field, found] of used)
    if (found !== undefined && found !== partition)
      throw new TargetInvalid(
        `${file}: ${field}: expected one of the partition ${partition}, as ${region} is, the region of the stack`,
      );
}

/** The target with what is in the file that `endpoint.caFile` names. */
function withCertificates(file: string, directory: string, target: Target): Target {
  const { caFile } = target.endpoint;
  if (caFile === undefined) return target;
  try {
    return { ...target, endpoint: { ...target.endpoint, caCertificates: readCaFile(directory, caFile) } };
  } catch (error) {
    if (error instanceof CaFileUnusable)
      throw new TargetInvalid(`${file}: endpoint.caFile: ${error.message}`);
    throw error;
  }
}

/** An editor or a shell of Windows may have saved it. */
function readText(file: string, path: string): string {
  try {
    return decodeText(readFileSync(path), file, { path, platform: process.platform });
  } catch (error) {
    if (error instanceof UnreadableText) throw new TargetInvalid(error.message);
    if (error instanceof Error && 'code' in error)
      throw new TargetInvalid(`${file}: can't be read as a file (${String(error.code)})`);
    throw error;
  }
}

function parseYaml(file: string, text: string): unknown {
  const document = parseDocument(text, { logLevel: 'error' });
  // A warning is for a tag, such as CloudFormation's !Ref: what follows it would be taken as it stands.
  const [mistake] = [...document.errors, ...document.warnings];
  if (mistake) throw syntaxMistake(file, mistake);
  let content: unknown;
  try {
    content = document.toJS();
  } catch (error) {
    // An alias without its anchor.
    throw syntaxMistake(file, error);
  }
  if (holdsItself(content))
    throw new TargetInvalid(`${file}: an alias (*) stands inside what its own anchor (&) names`);
  return content;
}

function holdsItself(value: unknown, outer: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return outer.includes(value) || Object.values(value).some((inner) => holdsItself(inner, [...outer, value]));
}

function syntaxMistake(file: string, error: unknown): TargetInvalid {
  if (error instanceof YAMLError && error.code === 'MULTIPLE_DOCS')
    return new TargetInvalid(`${file}: expected one document, without a line --- inside`);
  // The first line says what is wrong and where; the others show the place.
  const [what = 'not YAML'] = error instanceof Error ? error.message.split('\n') : [];
  return new TargetInvalid(`${file}: ${what.replace(/:$/, '')}`);
}
