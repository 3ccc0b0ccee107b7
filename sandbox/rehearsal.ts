/** What is rehearsed: a target with its files, checked before anything is packaged. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeText, UnreadableText } from '../env/decode-text.ts';
import { readEnvText } from '../env/document.ts';
import { effectiveEntries } from '../env/entries.ts';
import { loadTarget, ownTargets, TargetInvalid, targetsDirectory } from '../targets/load.ts';
import type { DeployedTarget } from '../workflow/target.ts';
import { listNames } from '../workflow/words.ts';
import { type CommandLine, Mistake } from './command-line.ts';
import type { FunctionBundle } from './metric-function.ts';
import { NothingFits } from './seed/made-up-env.ts';
import { defaultTarget, makeSeed, type Seed } from './seed/seed.ts';
import { workOf } from './workers.ts';

export interface Rehearsal {
  readonly target: DeployedTarget;
  /** The folder with the target's file. */
  readonly targets: string;
  readonly seed: Seed;
  readonly bundle: FunctionBundle | undefined;
  /** What a person should know of the file with the keys, a line for each; key names only. */
  readonly notes: readonly string[];
}

/** @throws Mistake about the target, its file, or the files that the command names. */
export function openRehearsal(commandLine: CommandLine): Rehearsal {
  const { scenario, target: name, keysFrom, functionZip, functionHandler } = commandLine;
  try {
    const isDefault = name === defaultTarget && commandLine.targets === undefined;
    const targets = isDefault ? ownTargets : targetsDirectory(commandLine.targets);
    const target = { name, ...loadTarget(name, targets) };
    if (functionZip !== undefined && target.metricFunction?.deploy !== false)
      throw new Mistake(
        `--function-zip is for a function of your own, and the target has ${target.metricFunction ? 'metricFunction.deploy: true' : 'no metricFunction'}`,
      );
    const like = keysFrom === undefined ? undefined : readFile(keysFrom);
    // Since the metric has stopped, more has come in than the workers get done.
    const backlog = scenario === 'healthy' ? undefined : workOf(target).grown;
    return {
      target,
      targets,
      seed: makeSeed(target, scenario, { backlog, like }),
      bundle: functionZip === undefined ? undefined : { zip: resolve(functionZip), handler: functionHandler },
      notes: keysFrom === undefined || like === undefined ? [] : [noteOn(keysFrom, like, target)].flat(),
    };
  } catch (error) {
    if (error instanceof TargetInvalid || error instanceof NothingFits || error instanceof UnreadableText)
      throw new Mistake(error.message);
    throw error;
  }
}

function readFile(path: string): string {
  try {
    return decodeText(readFileSync(path), path, { path: resolve(path), platform: process.platform });
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      throw new Mistake(`${path}: can't be read (${String(error.code)})`);
    throw error;
  }
}

function noteOn(path: string, like: string, { parameter }: DeployedTarget): string | readonly string[] {
  const keys = [...effectiveEntries(readEnvText(like, parameter.reader)).keys()];
  const missing = parameter.requiredKeys.filter((key) => !keys.includes(key));
  return [
    `The env has the keys of ${path}, with values that are made up; none of its values is kept`,
    ...(missing.length > 0
      ? [`${path} lacks ${listNames(missing, 20)}, which parameter.requiredKeys names`]
      : []),
  ];
}
