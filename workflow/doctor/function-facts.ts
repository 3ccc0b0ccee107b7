/** Takes from the metric function's configuration what may be told. */
import { patchVariables } from '../function-patch.ts';
import type { MetricFunction } from '../target.ts';
import type { FunctionFacts } from './facts.ts';

/** What is read of the function. `variables` are secret. */
export interface FunctionConfiguration {
  readonly variables: Readonly<Record<string, string>>;
  readonly state: string | undefined;
  readonly stateReasonCode: string | undefined;
  readonly updateStatus: string | undefined;
  readonly updateReasonCode: string | undefined;
  readonly roleArn?: string | undefined;
}

/** @param env the env's values by key; `undefined` if they could not be read. What it lacks is not compared. */
export function functionFacts(
  { variables, state, stateReasonCode, updateStatus, updateReasonCode, roleArn }: FunctionConfiguration,
  env: ReadonlyMap<string, string> | undefined,
  { set, setFromEnv, remove }: Pick<MetricFunction, 'set' | 'setFromEnv' | 'remove'>,
): FunctionFacts {
  const fromEnv = Object.entries(setFromEnv).map(([variable, key]) => [
    variable,
    env?.get(key) ?? variables[variable] ?? '',
  ]);
  const patch = { set: { ...set, ...Object.fromEntries(fromEnv) }, remove };
  const { setKeys, removedKeys } = patchVariables(variables, patch);
  return {
    // Only newer functions have a state.
    state: state ?? 'Active',
    stateReason: stateReasonCode ?? null,
    updateStatus: updateStatus ?? 'Successful',
    updateReason: updateReasonCode ?? null,
    wrongVariables: setKeys,
    extraVariables: removedKeys,
    roleArn: roleArn ?? null,
  };
}
