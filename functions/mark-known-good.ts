import type * as v from 'valibot';
import { writeEnvParameter } from '../aws/guarded-write.ts';
import { type Fence, fenceOf, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { labelKnownGood, readHistorySince, readParameter } from '../aws/parameter.ts';
import { openSsm, type SsmClients } from '../aws/ssm-clients.ts';
import { readEnvText } from '../env/document.ts';
import { lostKeys } from '../env/merge.ts';
import { deployOf, knownVersionOf, MarkKnownGoodInput, restorationOf } from '../workflow/chain.ts';
import { judgeKnownGood } from '../workflow/known-good.ts';
import type { KnownGood } from '../workflow/results.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { LeaseResources } from './runtime/resources.ts';

type MarkKnownGoodServices = Services<v.InferOutput<typeof LeaseResources>> &
  LeaseClients & { readonly ssm: SsmClients };

/**
 * Marks the version with which everything was seen to work: moves the label `known-good` to it, and copies it to the
 * backup parameter. Repeats nothing that is done already, and does nothing if somebody has written the parameter since.
 *
 * @throws RecoveryError EnvReplaced if somebody has left the parameter incomplete; LeaseLost; and what
 *   `writeEnvParameter` throws.
 */
export async function markKnownGood(
  state: MarkKnownGoodInput,
  services: MarkKnownGoodServices,
): Promise<KnownGood> {
  const { target, clock, ssm } = services;
  const { execution, env } = state;
  const { name, reader } = target.parameter;
  const restoration = restorationOf(state);
  const deploy = deployOf(state);
  const verdict = judgeKnownGood(
    {
      parameterName: name,
      version: (restoration ?? env).version,
      isDeployed: deploy !== undefined,
      seenAt: deploy?.startedAt ?? (restoration ? undefined : execution.startedAt),
    },
    await readHistorySince(ssm.reader, name, { clock, known: knownVersionOf(state) }),
    { reader, contract: target.parameter, nowMs: clock.now() },
  );
  if (!('record' in verdict)) return { ...verdict, backup: null };
  const { outcome, why, record } = verdict;
  const fence = fenceOf(leaseDoor(services), execution);
  if (outcome === 'Marked') {
    await fence();
    await labelKnownGood(ssm, name, record.version);
  }
  return { outcome, version: record.version, why, backup: await copyToBackup(record.text, fence, services) };
}

/** @returns `null` if the target has no backup parameter. */
async function copyToBackup(
  text: string,
  fence: Fence,
  { target, clock, ssm }: MarkKnownGoodServices,
): Promise<KnownGood['backup']> {
  const { reader, kmsKeyArn } = target.parameter;
  const { backupParameter } = target.restore;
  if (backupParameter === undefined) return null;
  const copy = await readParameter(ssm.reader, backupParameter);
  const { version } = await writeEnvParameter(ssm, clock, {
    name: backupParameter,
    reader,
    contract: target.parameter,
    madeFrom: copy,
    text,
    // A copy holds what the original holds; earlier copies stay in the history.
    waivedKeys: lostKeys(readEnvText(copy?.text ?? '', reader), readEnvText(text, reader)),
    mayMoveUp: true,
    // It was deployed and works, whatever a person would correct in it.
    isRestore: true,
    fence,
    kmsKeyId: kmsKeyArn,
  });
  return { parameterName: backupParameter, version };
}

export const handler = stateHandler(
  MarkKnownGoodInput,
  LeaseResources,
  () => ({ ssm: openSsm(), ...openLease() }),
  markKnownGood,
);
