import {
  GetFunctionConfigurationCommand,
  type LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { callAws } from './aws.ts';
import { RecoveryError } from './errors.ts';
import type { FunctionSettings } from './settings.ts';

/** Lambda holds at most 4 KB of environment, counted as the JSON of all variables. */
export const functionEnvLimitBytes = 4096;

export interface FunctionEnv {
  /** Secret values. */
  readonly variables: Readonly<Record<string, string>>;
  readonly revisionId: string | undefined;
  readonly updateStatus: string | undefined;
  readonly updateReasonCode: string | undefined;
  /** Milliseconds since the epoch. */
  readonly modifiedAtMs: number;
}

/** @throws RecoveryError FunctionNotFound; FunctionEnvUnreadable if Lambda can't decrypt the variables. */
export async function readFunctionEnv(lambda: LambdaClient, functionName: string): Promise<FunctionEnv> {
  const configuration = await callAws(
    { action: 'lambda:GetFunctionConfiguration', resource: `function ${functionName}` },
    () => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName })),
    {
      ResourceNotFoundException: () => {
        throw new RecoveryError(
          'FunctionNotFound',
          `function ${functionName} does not exist in this region. Check metricFunction.name in the target file.`,
        );
      },
    },
  );
  if (configuration.Environment?.Error) {
    // Its variables are not in the answer, so an update would write the environment without them.
    throw new RecoveryError(
      'FunctionEnvUnreadable',
      `function ${functionName}: Lambda can't decrypt its variables (${configuration.Environment.Error.ErrorCode}). Check its KMS key. Nothing was changed.`,
    );
  }
  return {
    variables: configuration.Environment?.Variables ?? {},
    revisionId: configuration.RevisionId,
    updateStatus: configuration.LastUpdateStatus,
    updateReasonCode: configuration.LastUpdateStatusReasonCode,
    modifiedAtMs: Date.parse(configuration.LastModified ?? '') || 0,
  };
}

/**
 * Replaces the whole environment, provided that nobody has changed the function since `revisionId`.
 *
 * @returns whether Lambda took it: `Changed` means that the revision has moved on, `Busy` that another update
 *   is in progress.
 */
export async function writeFunctionEnv(
  lambda: LambdaClient,
  functionName: string,
  variables: Readonly<Record<string, string>>,
  revisionId: string | undefined,
): Promise<'Accepted' | 'Changed' | 'Busy'> {
  return callAws<'Accepted' | 'Changed' | 'Busy'>(
    { action: 'lambda:UpdateFunctionConfiguration', resource: `function ${functionName}` },
    async () => {
      await lambda.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName: functionName,
          Environment: { Variables: { ...variables } },
          ...(revisionId === undefined ? {} : { RevisionId: revisionId }),
        }),
      );
      return 'Accepted';
    },
    { PreconditionFailedException: () => 'Changed', ResourceConflictException: () => 'Busy' },
  );
}

export interface EnvPatch {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

/**
 * What the target asks of the function's environment, with the values of the env in it.
 *
 * @throws RecoveryError InternalKeyMissing
 */
export function patchFrom(env: ReadonlyMap<string, string>, settings: FunctionSettings): EnvPatch {
  const fromEnv = Object.entries(settings.FUNCTION_SET_FROM_ENV).map(([variable, key]) => {
    const value = env.get(key);
    if (value === undefined) {
      throw new RecoveryError(
        'InternalKeyMissing',
        `parameter ${settings.ENV_PARAMETER} has no value for ${key}, which ${variable} of function ${settings.FUNCTION_NAME} needs. Put it into the parameter.`,
      );
    }
    return [variable, value];
  });
  return {
    set: { ...settings.FUNCTION_SET, ...Object.fromEntries(fromEnv) },
    remove: settings.FUNCTION_REMOVE,
  };
}

/** The environment with the patch applied, and by name what that changes; every other variable keeps its value. */
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
