import {
  type FunctionConfiguration,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { FunctionBuild } from '../workflow/function-patch.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { callAws, required } from './call.ts';

export interface FunctionEnv extends FunctionBuild {
  readonly arn: string | undefined;
  /** `Active`, `Inactive` after weeks without a call, `Pending` or `Failed`. */
  readonly state: string | undefined;
  readonly stateReasonCode: string | undefined;
  /** `undefined` if it is in no VPC. */
  readonly vpc:
    | { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] }
    | undefined;
  readonly revisionId: string;
  readonly updateStatus: string | undefined;
  readonly updateReasonCode: string | undefined;
  /** The customer managed key that encrypts the variables, if one does. */
  readonly kmsKeyArn: string | undefined;
  /** Milliseconds since the epoch. */
  readonly modifiedAtMs: number;
  readonly roleArn: string | undefined;
}

/**
 * @param functionName or `<name>:<qualifier>` for a version, or for the one that an alias points to.
 * @throws RecoveryError FunctionNotFound; FunctionEnvUnreadable if Lambda can't decrypt the variables.
 */
export async function readFunctionEnv(lambda: LambdaClient, functionName: string): Promise<FunctionEnv> {
  const call = { action: 'lambda:GetFunctionConfiguration', resource: `function ${functionName}` };
  const configuration = await callAws(
    call,
    () => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName })),
    {
      ResourceNotFoundException: () => {
        throw new RecoveryError(
          'FunctionNotFound',
          `function ${functionName} does not exist in this region.`,
        );
      },
    },
  );
  const { KMSKeyArn: kmsKeyArn } = configuration;
  if (configuration.Environment?.Error) {
    // The variables are not in the answer, so an update would write the environment without them.
    throw new RecoveryError(
      'FunctionEnvUnreadable',
      `function ${functionName}: Lambda can't decrypt its variables${withKey(kmsKeyArn)} (${configuration.Environment.Error.ErrorCode}). Nothing was changed.`,
    );
  }
  const { SubnetIds: subnetIds = [], SecurityGroupIds: securityGroupIds = [] } =
    configuration.VpcConfig ?? {};
  return {
    arn: configuration.FunctionArn,
    vpc: subnetIds.length > 0 ? { subnetIds, securityGroupIds } : undefined,
    state: configuration.State,
    stateReasonCode: configuration.StateReasonCode,
    variables: configuration.Environment?.Variables ?? {},
    codeSha256: configuration.CodeSha256,
    settings: settingsOf(configuration),
    // Without it, an update would be unconditional.
    revisionId: required(call, 'RevisionId', configuration.RevisionId),
    updateStatus: configuration.LastUpdateStatus,
    kmsKeyArn,
    updateReasonCode: configuration.LastUpdateStatusReasonCode,
    modifiedAtMs: Date.parse(configuration.LastModified ?? '') || 0,
    roleArn: configuration.Role,
  };
}

/**
 * What decides what runs besides code and variables. It leaves out what differs between `$LATEST` and a version made of
 * it: version, ARN, revision, times, states, and how far SnapStart is.
 */
function settingsOf(configuration: FunctionConfiguration): Readonly<Record<string, string>> {
  const { Layers = [], VpcConfig, SnapStart, ...rest } = configuration;
  const settings = {
    Runtime: rest.Runtime,
    Handler: rest.Handler,
    Role: rest.Role,
    MemorySize: rest.MemorySize,
    Timeout: rest.Timeout,
    Architectures: rest.Architectures,
    EphemeralStorage: rest.EphemeralStorage,
    FileSystemConfigs: rest.FileSystemConfigs?.length ? rest.FileSystemConfigs : undefined,
    ImageConfig: rest.ImageConfigResponse?.ImageConfig,
    KMSKeyArn: rest.KMSKeyArn,
    Layers: Layers.length > 0 ? Layers.map(({ Arn }) => Arn) : undefined,
    SnapStart: SnapStart?.ApplyOn === 'None' ? undefined : SnapStart?.ApplyOn,
    VpcConfig: VpcConfig?.SubnetIds?.length
      ? [VpcConfig.SubnetIds.toSorted(), VpcConfig.SecurityGroupIds?.toSorted()]
      : undefined,
  };
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, JSON.stringify(value)]],
    ),
  );
}

/**
 * Replaces the whole environment if nobody has changed the function since it was read.
 *
 * @returns whether Lambda took it: `Changed` means that the revision is no longer the newest, `Busy` that another
 *   update is in progress.
 */
export async function writeFunctionEnv(
  lambda: LambdaClient,
  functionName: string,
  variables: Readonly<Record<string, string>>,
  { revisionId, kmsKeyArn }: Pick<FunctionEnv, 'revisionId' | 'kmsKeyArn'>,
): Promise<'Accepted' | 'Changed' | 'Busy'> {
  return callAws<'Accepted' | 'Changed' | 'Busy'>(
    {
      action: 'lambda:UpdateFunctionConfiguration',
      resource: `function ${functionName}${withKey(kmsKeyArn)}`,
    },
    async () => {
      await lambda.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName: functionName,
          Environment: { Variables: { ...variables } },
          RevisionId: revisionId,
        }),
      );
      return 'Accepted';
    },
    { PreconditionFailedException: () => 'Changed', ResourceConflictException: () => 'Busy' },
  );
}

/** @param reasonCode as Lambda gives it, e.g. `InvalidSecurityGroup`. */
export function updateFailed(functionName: string, reasonCode: string | undefined): RecoveryError {
  return new RecoveryError(
    'FunctionUpdateFailed',
    `function ${functionName}: its last update failed (${reasonCode ?? 'no reason given'}).`,
  );
}

/** For a message: Lambda's refusals don't name the key. */
export const withKey = (kmsKeyArn: string | undefined): string =>
  kmsKeyArn === undefined ? '' : ` with KMS key ${kmsKeyArn}`;
