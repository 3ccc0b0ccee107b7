/** `recover target check`: what packaging would find in target files, and a deploy only much later. */
import {
  loadTarget,
  requireKeysOf,
  TargetInvalid,
  targetFileOf,
  targetNames,
  targetsDirectory,
} from '../../targets/load.ts';
import { counted } from '../../workflow/words.ts';
import type { Outcome } from '../session.ts';
import type { Desk } from '../terminal.ts';

export interface CheckOptions {
  readonly target?: string | undefined;
  readonly targets?: string | undefined;
  readonly region?: string | undefined;
}

/**
 * Checks one target file, or all of the folder, and calls nothing.
 *
 * @throws TargetInvalid if there is no such folder.
 */
export function checkTargets(options: CheckOptions, { terminal, environment }: Desk): Outcome {
  const directory = targetsDirectory(options.targets, environment);
  const region = options.region || environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
  const names = options.target === undefined ? targetNames(directory) : [options.target];
  const targets = names.map((name) => ({
    file: targetFileOf(name, directory),
    mistakes: mistakesIn(name, directory, region),
  }));
  if (targets.length === 0)
    targets.push({
      file: directory,
      mistakes: [`${directory}: no target file; \`recover target init <name>\` writes a first one`],
    });

  for (const { file, mistakes } of targets) {
    for (const mistake of mistakes) terminal.print(mistake);
    if (mistakes.length === 0) terminal.print(`${file}: fine`);
  }
  const ok = targets.every(({ mistakes }) => mistakes.length === 0);
  if (!ok) {
    const count = targets.reduce((sum, { mistakes }) => sum + mistakes.length, 0);
    terminal.print(`NOT FINE: ${counted(count, 'mistake')}. What each field is: docs/targets.md`);
  }
  return { ok, report: { ok, targets } };
}

function mistakesIn(name: string, directory: string, region: string | undefined): readonly string[] {
  try {
    const target = { name, ...loadTarget(name, directory) };
    if (region) requireKeysOf(region, target, targetFileOf(name, directory));
    return [];
  } catch (error) {
    if (error instanceof TargetInvalid) return error.mistakes;
    throw error;
  }
}
