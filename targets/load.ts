/** Reads and checks target files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import { describeIssue } from '../workflow/parse.ts';
import { Target } from '../workflow/target.ts';

/** A mistake in a target file, in one line: file, field, and what was expected. */
export class TargetInvalid extends Error {
  override readonly name = 'TargetInvalid';
}

/**
 * Checks the content of a target file.
 *
 * @param file for the message.
 * @throws TargetInvalid
 */
export function readTarget(file: string, content: unknown): Target {
  const result = v.safeParse(Target, content, { abortEarly: true });
  if (result.success) return result.output;
  throw new TargetInvalid(`${file}: ${describeIssue(result.issues[0])}`);
}

export function targetNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.yml'))
    .map((file) => file.replace(/\.yml$/, ''));
}

/**
 * Reads `targets/<name>.yml`.
 *
 * @throws TargetInvalid
 */
export function loadTarget(name: string): Target {
  const file = `targets/${name}.yml`;
  // The name becomes part of the names of functions, alarms and log groups.
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    throw new TargetInvalid(`${file}: a target's name has up to 31 small letters, digits and hyphens`);
  const path = join(import.meta.dirname, `${name}.yml`);
  if (!existsSync(path)) {
    throw new TargetInvalid(`${file}: there is no such file. Targets: ${targetNames().join(', ')}`);
  }
  const text = readFileSync(path, 'utf8');
  // Serverless would put the deployer's own variables, files and secrets into the template.
  const [variable] = /\$\{(env|file|ssm|s3|cf|self|opt|param|sls|aws|strToBool)[:(]/.exec(text) ?? [];
  if (variable !== undefined)
    throw new TargetInvalid(`${file}: ${variable}…} is not expanded in a target file`);
  return readTarget(file, parseYaml(file, text));
}

function parseYaml(file: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    // The first line of a syntax error says what is wrong and where; the others show the place.
    const [what = 'not YAML'] = error instanceof Error ? error.message.split('\n') : [];
    throw new TargetInvalid(`${file}: ${what.replace(/:$/, '')}`);
  }
}
