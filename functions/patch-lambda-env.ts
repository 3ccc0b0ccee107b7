import type { SSMClient } from '@aws-sdk/client-ssm';
import type * as v from 'valibot';
import { requireCompleteEnv } from '../aws/complete-env.ts';
import { type AliasFinding, lookAtAlias, moveAlias } from '../aws/function-alias.ts';
import {
  type FunctionEnv,
  readFunctionEnv,
  updateFailed,
  writeFunctionEnv,
} from '../aws/function-environment.ts';
import { type LambdaClients, openLambda } from '../aws/lambda-clients.ts';
import { fenceOf, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { valuesOf } from '../env/entries.ts';
import { knownVersionOf, PatchLambdaEnvInput, unseenSince } from '../workflow/chain.ts';
import { functionEnvLimitBytes, patchFrom, patchVariables } from '../workflow/function-patch.ts';
import { refuseUnapproved } from '../workflow/plan.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { AliasMove, FunctionPatch, PatchedFunction } from '../workflow/results.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { LeaseResources } from './runtime/resources.ts';

type PatchLambdaEnvServices = Services<v.InferOutput<typeof LeaseResources>> &
  LeaseClients & {
    readonly ssm: SSMClient;
    readonly lambda: Pick<LambdaClients, 'reader' | 'writer'>;
  };

const secondsBetweenLooks = 1;
/** An update in a VPC takes about a minute. */
const updateWithinSeconds = 180;

/**
 * Gives the metric function the environment that the target asks for, and leaves its other variables alone. Waits
 * until the function runs with it: `$LATEST`, and then the version that its alias points to, if the target names one.
 * An environment that is already right is not written, and an alias that is right is not moved. A target without a metric
 * function has nothing here.
 *
 * @throws RecoveryError EnvOverlooked, EnvReplaced, InternalKeyMissing, FunctionNotFound, FunctionEnvUnreadable,
 *   FunctionEnvTooLarge, FunctionAliasNotFound, FunctionAliasWeighted, FunctionChangesUnpublished (all before the
 *   update), PlanOutdated, LeaseLost, FunctionUpdateConflict, FunctionUpdateFailed.
 */
export async function patchLambdaEnv(
  state: PatchLambdaEnvInput,
  services: PatchLambdaEnvServices,
): Promise<FunctionPatch> {
  const { execution, plan } = state;
  const { target, clock, ssm, lambda } = services;
  const { metricFunction } = target;
  if (metricFunction === undefined) return { outcome: 'NotInTarget' };
  const fence = fenceOf(leaseDoor(services), execution);
  const { name: functionName, alias } = metricFunction;
  const { text } = await requireCompleteEnv(
    ssm,
    target.parameter,
    { clock, known: knownVersionOf(state) },
    { startedAt: unseenSince(state), consequence: `Function ${functionName} was not changed.` },
  );
  const patch = patchFrom(valuesOf(text, target.parameter.reader), target, metricFunction);
  const deadline = clock.now() + updateWithinSeconds * 1000;
  const isOver = () => clock.now() >= deadline;
  const done: Done = { set: new Set(), removed: new Set(), aliasMove: undefined };

  for (;;) {
    const current = await readFunctionEnv(lambda.reader, functionName);
    const patched = patchVariables(current.variables, patch);
    let isOurs = patched.setKeys.length + patched.removedKeys.length === 0;
    if (current.updateStatus !== 'InProgress') {
      if (isOurs && current.updateStatus === 'Failed')
        throw updateFailed(functionName, current.updateReasonCode);
      const aliased =
        alias === undefined
          ? undefined
          : await lookAtAlias(lambda.reader, { name: functionName, alias }, current, patch);
      if (!isOurs) {
        const { variables, setKeys, removedKeys } = patched;
        refuseTooLarge(functionName, variables);
        await refuseUnapproved(
          plan,
          `the variables of function ${functionName} to change are`,
          () =>
            isSubset(setKeys, plan.function?.setKeys) && isSubset(removedKeys, plan.function?.removedKeys),
        );
        await fence();
        // `Changed` and `Busy`: read and merge again, with whatever the other writer has changed.
        if ((await writeFunctionEnv(lambda.writer, functionName, variables, current)) === 'Accepted') {
          isOurs = true;
          for (const key of setKeys) done.set.add(key);
          for (const key of removedKeys) done.removed.add(key);
        }
      } else if (aliased?.move) {
        const { move } = aliased;
        await refuseUnapproved(
          plan,
          `the version that alias ${move.name} of function ${functionName} points to is`,
          () =>
            plan.function?.aliasMove?.name === move.name &&
            plan.function.aliasMove.fromVersion === move.fromVersion,
        );
        await moveAlias(lambda, functionName, current, aliased, { clock, isOver, fence });
        done.aliasMove ??= move;
      } else {
        const completedAt = new Date(clock.now()).toISOString();
        return { functionName, ...outcomeOf(done, state, current, aliased), ...sizeOf(patched), completedAt };
      }
    }
    if (isOver()) {
      throw new RecoveryError(
        'FunctionUpdateConflict',
        `function ${functionName}: ${isOurs ? 'the update that it needs did not end' : 'others kept it busy and no update was accepted'} within ${updateWithinSeconds} s.`,
      );
    }
    await clock.sleep(secondsBetweenLooks * 1000);
  }
}

/** What this try has changed. */
interface Done {
  readonly set: Set<string>;
  readonly removed: Set<string>;
  aliasMove: AliasMove | undefined;
}

/** A try of this state whose answer was lost may have changed the function, or moved the alias: that counts too. */
function outcomeOf(
  { set, removed, ...own }: Done,
  { execution, plan }: PatchLambdaEnvInput,
  { modifiedAtMs }: FunctionEnv,
  aliased: AliasFinding | undefined,
): Pick<PatchedFunction, 'outcome' | 'setKeys' | 'removedKeys' | 'aliasMove'> {
  const aliasMove = own.aliasMove ?? plan.function?.aliasMove;
  const isChanged =
    set.size + removed.size > 0 || aliasMove !== undefined || modifiedAtMs > Date.parse(execution.startedAt);
  return {
    outcome: isChanged ? 'Patched' : 'Unchanged',
    setKeys: [...set],
    removedKeys: [...removed],
    ...(aliasMove && aliased ? { aliasMove: { ...aliasMove, toVersion: aliased.version } } : {}),
  };
}

const sizeOf = ({ variables, keptKeyCount }: ReturnType<typeof patchVariables>) => ({
  keptKeyCount,
  sizeBytes: bytesOf(variables),
});

const bytesOf = (variables: Readonly<Record<string, string>>) => Buffer.byteLength(JSON.stringify(variables));

const isSubset = (some: readonly string[], all: readonly string[] = []) =>
  some.every((one) => all.includes(one));

/** Checked before the call, because Lambda's own error quotes the whole environment, secrets included. */
function refuseTooLarge(functionName: string, variables: Readonly<Record<string, string>>): void {
  const sizeBytes = bytesOf(variables);
  if (sizeBytes > functionEnvLimitBytes) {
    throw new RecoveryError(
      'FunctionEnvTooLarge',
      `function ${functionName}: its environment would have ${sizeBytes} bytes as JSON, Lambda holds ${functionEnvLimitBytes}. Nothing was changed.`,
    );
  }
}

export const handler = stateHandler(
  PatchLambdaEnvInput,
  LeaseResources,
  () => ({
    ...openLease(),
    ssm: openSsm().reader,
    lambda: openLambda(),
  }),
  patchLambdaEnv,
);
