import { changesFunction, type PlannedFunction } from './plan.ts';
import { RecoveryError } from './recovery-error.ts';
import type { MetricFunction, Target } from './target.ts';
import { listNames } from './words.ts';

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
  { parameter }: Pick<Target, 'parameter'>,
  metricFunction: MetricFunction,
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

/** What a version of the function is, besides its variables. */
export interface FunctionBuild {
  /** Secret values. */
  readonly variables: Readonly<Record<string, string>>;
  readonly codeSha256: string | undefined;
  /** What else decides what runs, by the name of the field, each as one text. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Whether the patch changes nothing. */
export const isPatched = (variables: Readonly<Record<string, string>>, patch: EnvPatch): boolean => {
  const { setKeys, removedKeys } = patchVariables(variables, patch);
  return setKeys.length + removedKeys.length === 0;
};

/**
 * What would go live besides the patch if a version were made of `$LATEST`: the names of what is not as in the version
 * that runs.
 */
export function unpublishedChanges(
  latest: FunctionBuild,
  running: FunctionBuild,
  patch: EnvPatch,
): readonly string[] {
  return [
    ...(latest.codeSha256 === running.codeSha256 ? [] : ['its code']),
    ...differing(latest.settings, running.settings),
    ...differing(
      patchVariables(latest.variables, patch).variables,
      patchVariables(running.variables, patch).variables,
    ).map((name) => `variable ${name}`),
  ];
}

function differing(
  ones: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>>,
): readonly string[] {
  const all = new Set([...Object.keys(ones), ...Object.keys(others)]);
  return [...all].filter((name) => ones[name] !== others[name]);
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

/** What is done with the function, or was, in words without a value. */
export function describePatch(
  patched: Pick<PlannedFunction, 'setKeys' | 'removedKeys' | 'aliasMove'>,
): string {
  const { setKeys, removedKeys, aliasMove } = patched;
  if (!changesFunction(patched)) return 'nothing';
  const hasVariables = setKeys.length + removedKeys.length > 0;
  const to = aliasMove?.toVersion ? `version ${aliasMove.toVersion}` : 'a new one';
  return [
    ...(hasVariables ? [`set ${listNames(setKeys)}; remove ${listNames(removedKeys)}`] : []),
    ...(aliasMove ? [`move alias ${aliasMove.name} from version ${aliasMove.fromVersion} to ${to}`] : []),
  ].join('; ');
}
