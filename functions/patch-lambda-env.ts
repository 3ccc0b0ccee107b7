import type { SSMClient } from '@aws-sdk/client-ssm';
import type * as v from 'valibot';
import { requireCompleteEnv } from '../aws/complete-env.ts';
import { readFunctionEnv, updateFailed, writeFunctionEnv } from '../aws/function-environment.ts';
import { type LambdaClients, openLambda } from '../aws/lambda-clients.ts';
import { fenceOf, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { valuesOf } from '../env/entries.ts';
import { knownVersionOf, PatchLambdaEnvInput, unseenSince } from '../workflow/chain.ts';
import { functionEnvLimitBytes, patchFrom, patchVariables } from '../workflow/function-patch.ts';
import { refuseUnapproved } from '../workflow/plan.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { FunctionPatch } from '../workflow/results.ts';
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
 * until the function runs with it. An environment that is already right is not written.
 *
 * @throws RecoveryError EnvOverlooked, EnvReplaced, InternalKeyMissing, FunctionNotFound, FunctionEnvUnreadable, FunctionEnvTooLarge (all
 *   before the update), PlanOutdated, LeaseLost, FunctionUpdateConflict, FunctionUpdateFailed.
 */
export async function patchLambdaEnv(
  state: PatchLambdaEnvInput,
  services: PatchLambdaEnvServices,
): Promise<FunctionPatch> {
  const { execution, plan } = state;
  const { target, clock, ssm, lambda } = services;
  const fence = fenceOf(leaseDoor(services), execution);
  const functionName = target.metricFunction.name;
  const { text } = await requireCompleteEnv(
    ssm,
    target.parameter,
    { clock, known: knownVersionOf(state) },
    { startedAt: unseenSince(state), consequence: `Function ${functionName} was not changed.` },
  );
  const patch = patchFrom(valuesOf(text, target.parameter.reader), target);
  const deadline = clock.now() + updateWithinSeconds * 1000;
  const changed = { set: new Set<string>(), removed: new Set<string>() };

  for (;;) {
    const current = await readFunctionEnv(lambda.reader, functionName);
    const { variables, setKeys, removedKeys, keptKeyCount } = patchVariables(current.variables, patch);
    const sizeBytes = Buffer.byteLength(JSON.stringify(variables));
    let isOurs = setKeys.length + removedKeys.length === 0;
    if (current.updateStatus !== 'InProgress') {
      if (isOurs) {
        if (current.updateStatus === 'Failed') throw updateFailed(functionName, current.updateReasonCode);
        // A try of this state whose answer was lost may have changed the function: that counts too.
        const isWritten = changed.set.size + changed.removed.size > 0;
        const isRecent = current.modifiedAtMs > Date.parse(execution.startedAt);
        return {
          outcome: isWritten || isRecent ? 'Patched' : 'Unchanged',
          functionName,
          setKeys: [...changed.set],
          removedKeys: [...changed.removed],
          keptKeyCount,
          sizeBytes,
          completedAt: new Date(clock.now()).toISOString(),
        };
      }
      refuseTooLarge(functionName, sizeBytes);
      await refuseUnapproved(
        plan,
        `the variables of function ${functionName} to change are`,
        () => isSubset(setKeys, plan.function.setKeys) && isSubset(removedKeys, plan.function.removedKeys),
      );
      await fence();
      const answer = await writeFunctionEnv(lambda.writer, functionName, variables, current);
      if (answer === 'Accepted') {
        isOurs = true;
        for (const key of setKeys) changed.set.add(key);
        for (const key of removedKeys) changed.removed.add(key);
      }
      // `Changed` and `Busy`: read and merge again, with whatever the other writer has changed.
    }
    if (clock.now() >= deadline) {
      throw new RecoveryError(
        'FunctionUpdateConflict',
        `function ${functionName}: ${isOurs ? 'the update that it needs did not end' : 'others kept it busy and no update was accepted'} within ${updateWithinSeconds} s.`,
      );
    }
    await clock.sleep(secondsBetweenLooks * 1000);
  }
}

const isSubset = (some: readonly string[], all: readonly string[]) => some.every((one) => all.includes(one));

/** Checked before the call, because Lambda's own error quotes the whole environment, secrets included. */
function refuseTooLarge(functionName: string, sizeBytes: number): void {
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
