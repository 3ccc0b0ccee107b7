/** The alias by which the metric function is invoked: `$LATEST` changes, but what an alias points to never does. */
import {
  GetAliasCommand,
  type LambdaClient,
  PublishVersionCommand,
  paginateListAliases,
  UpdateAliasCommand,
} from '@aws-sdk/client-lambda';
import { type EnvPatch, isPatched, unpublishedChanges } from '../workflow/function-patch.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { AliasMove } from '../workflow/results.ts';
import { listNames } from '../workflow/words.ts';
import { callAws, callPages, required } from './call.ts';
import type { Clock } from './clock.ts';
import { type FunctionEnv, readFunctionEnv, updateFailed } from './function-environment.ts';
import type { LambdaClients } from './lambda-clients.ts';

const latest = '$LATEST';

export interface AliasFinding {
  readonly name: string;
  readonly version: string;
  readonly revisionId: string;
  /** What has to be done so that all of its invocations run with the patch; `undefined` if they do. */
  readonly move: AliasMove | undefined;
}

/**
 * Looks at what an alias points to, and whether a version with the patch can be put in its place.
 *
 * @param current `$LATEST`, patched or not.
 * @throws RecoveryError FunctionAliasNotFound; FunctionAliasWeighted or FunctionChangesUnpublished if it has to be moved
 *   and can't be.
 */
export async function lookAtAlias(
  lambda: LambdaClient,
  { name: functionName, alias }: { readonly name: string; readonly alias: string },
  current: FunctionEnv,
  patch: EnvPatch,
): Promise<AliasFinding> {
  const { version, weighted, revisionId } = await readAlias(lambda, functionName, alias);
  const found = { name: alias, version, revisionId };
  const read = async (one: string) =>
    one === latest ? current : await readFunctionEnv(lambda, `${functionName}:${one}`);
  const [running, ...others] = [await read(version), ...(await Promise.all(weighted.map(read)))];
  // What points to $LATEST runs with the patch as soon as $LATEST has it.
  const wrong = [version, ...weighted].filter((one, index) => {
    const env = index === 0 ? running : others[index - 1];
    return one !== latest && env !== undefined && !isPatched(env.variables, patch);
  });
  if (wrong.length === 0) return { ...found, move: undefined };
  if (weighted.length > 0)
    throw new RecoveryError(
      'FunctionAliasWeighted',
      `alias ${alias} of function ${functionName} divides its invocations among the versions ${[version, ...weighted].join(', ')}, and the variables of ${wrong.join(', ')} are not what the target asks for.`,
    );
  const unpublished = unpublishedChanges(current, running, patch);
  if (unpublished.length > 0)
    throw new RecoveryError(
      'FunctionChangesUnpublished',
      `function ${functionName}: $LATEST is not as version ${version}, to which alias ${alias} points, but has changes that were never published: ${listNames(unpublished, 5)}.`,
    );
  return { ...found, move: { name: alias, fromVersion: version, toVersion: null } };
}

async function readAlias(lambda: LambdaClient, functionName: string, alias: string) {
  const call = { action: 'lambda:GetAlias', resource: `alias ${alias} of function ${functionName}` };
  const found = await callAws(
    call,
    () => lambda.send(new GetAliasCommand({ FunctionName: functionName, Name: alias })),
    {
      ResourceNotFoundException: () => {
        throw new RecoveryError('FunctionAliasNotFound', `function ${functionName} has no alias ${alias}.`);
      },
    },
  );
  const weights = Object.entries(found.RoutingConfig?.AdditionalVersionWeights ?? {});
  return {
    version: required(call, 'FunctionVersion', found.FunctionVersion),
    weighted: weights.filter(([, weight]) => weight > 0).map(([version]) => version),
    // Without it, an update would be unconditional.
    revisionId: required(call, 'RevisionId', found.RevisionId),
  };
}

/** The names of all aliases of a function; none if there is no such function. */
export async function listAliases(lambda: LambdaClient, functionName: string): Promise<string[]> {
  const call = { action: 'lambda:ListAliases', resource: `function ${functionName}` };
  const pages = paginateListAliases({ client: lambda }, { FunctionName: functionName });
  const aliases = await callPages(call, pages, 'Aliases', { ResourceNotFoundException: () => [] });
  return aliases.map(({ Name }) => required(call, 'Name', Name));
}

const secondsBetweenLooks = 1;

/**
 * Publishes `$LATEST` as it was read, and points the alias to that version when it is ready. Each call is bound to the
 * revision that was looked at, so nobody else's change goes live with it. A repeated call makes no further version:
 * Lambda answers with the one there is as long as nothing has changed since it was published.
 *
 * @param isOver whether to wait no longer.
 * @param fence makes sure of the lease, right before each change.
 * @returns `Changed` if somebody has changed the function or the alias meanwhile, or if it was busy: look again.
 * @throws RecoveryError FunctionUpdateFailed if Lambda can't set up the version.
 */
export async function moveAlias(
  { reader, writer }: Pick<LambdaClients, 'reader' | 'writer'>,
  functionName: string,
  current: FunctionEnv,
  { name, revisionId }: AliasFinding,
  {
    clock,
    isOver,
    fence,
  }: { readonly clock: Clock; readonly isOver: () => boolean; readonly fence: () => Promise<void> },
): Promise<'Moved' | 'Changed'> {
  await fence();
  const version = await publishVersion(writer, functionName, current);
  if (version === undefined) return 'Changed';
  for (;;) {
    const { state, stateReasonCode } = await readFunctionEnv(reader, `${functionName}:${version}`);
    if (state === 'Failed') throw updateFailed(`${functionName}:${version}`, stateReasonCode);
    if (state !== 'Pending') break;
    if (isOver()) return 'Changed';
    await clock.sleep(secondsBetweenLooks * 1000);
  }
  await fence();
  return callAws<'Moved' | 'Changed'>(
    { action: 'lambda:UpdateAlias', resource: `alias ${name} of function ${functionName}` },
    async () => {
      await writer.send(
        new UpdateAliasCommand({
          FunctionName: functionName,
          Name: name,
          FunctionVersion: version,
          RevisionId: revisionId,
        }),
      );
      return 'Moved';
    },
    { PreconditionFailedException: () => 'Changed', ResourceConflictException: () => 'Changed' },
  );
}

/** @returns `undefined` if `$LATEST` has changed since it was read, or is being updated. */
async function publishVersion(
  writer: LambdaClient,
  functionName: string,
  { revisionId }: FunctionEnv,
): Promise<string | undefined> {
  const call = { action: 'lambda:PublishVersion', resource: `function ${functionName}` };
  return callAws<string | undefined>(
    call,
    async () => {
      const published = await writer.send(
        new PublishVersionCommand({ FunctionName: functionName, RevisionId: revisionId }),
      );
      return required(call, 'Version', published.Version);
    },
    { PreconditionFailedException: () => undefined, ResourceConflictException: () => undefined },
  );
}
