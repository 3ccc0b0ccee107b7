import { RecoveryError } from './recovery-error.ts';
import type { Target } from './target.ts';

/** Lambda holds at most 4 KB of environment, counted as the JSON of all variables. */
export const functionEnvLimitBytes = 4096;

export interface EnvPatch {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

/**
 * What the target asks of the function's environment, with the values of the env in it.
 *
 * @throws RecoveryError InternalKeyMissing
 */
export function patchFrom(
  env: ReadonlyMap<string, string>,
  { parameter, metricFunction }: Pick<Target, 'parameter' | 'metricFunction'>,
): EnvPatch {
  const fromEnv = Object.entries(metricFunction.setFromEnv).map(([variable, key]) => {
    const value = env.get(key);
    if (value === undefined) {
      throw new RecoveryError(
        'InternalKeyMissing',
        `parameter ${parameter.name} has no value for ${key}, which ${variable} of function ${metricFunction.name} needs.`,
      );
    }
    return [variable, value];
  });
  return {
    set: { ...metricFunction.set, ...Object.fromEntries(fromEnv) },
    remove: metricFunction.remove,
  };
}

/** The environment with the patch applied, and the names of what it changes; other variables keep their values. */
export function patchVariables(
  variables: Readonly<Record<string, string>>,
  { set, remove }: EnvPatch,
): { variables: Record<string, string>; setKeys: string[]; removedKeys: string[]; keptKeyCount: number } {
  const setKeys = Object.keys(set).filter((key) => variables[key] !== set[key]);
  const removedKeys = remove.filter((key) => Object.hasOwn(variables, key));
  const kept = Object.entries(variables).filter(([key]) => !remove.includes(key) && !Object.hasOwn(set, key));
  return {
    variables: { ...Object.fromEntries(kept), ...set },
    setKeys,
    removedKeys,
    keptKeyCount: kept.length,
  };
}
