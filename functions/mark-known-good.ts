import type * as v from 'valibot';
import { readEnv, writeEnv } from '../aws/env-store.ts';
import { lookForKnownGood, readMarkedHistory } from '../aws/known-good-env.ts';
import { type Fence, fenceOf, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { labelVersion } from '../aws/parameter.ts';
import { atBackup, openSsm, type SsmClients, ssmOfBackup } from '../aws/ssm-clients.ts';
import { readEnvText } from '../env/document.ts';
import { lostKeys } from '../env/merge.ts';
import { deployOf, knownVersionOf, MarkKnownGoodInput, restorationOf } from '../workflow/chain.ts';
import { passesByItself } from '../workflow/errors.ts';
import { judgeKnownGood } from '../workflow/known-good.ts';
import { restoreRules } from '../workflow/restore.ts';
import type { KnownGood } from '../workflow/results.ts';
import { inNamesOf, isSpread } from '../workflow/spread-env.ts';
import { knownGoodLabel } from '../workflow/versions.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { LeaseResources } from './runtime/resources.ts';

type MarkKnownGoodServices = Services<v.InferOutput<typeof LeaseResources>> &
  LeaseClients & {
    readonly ssm: SsmClients;
    /** Of the region of the backup. */
    readonly backupSsm: SsmClients;
  };

/**
 * Marks the version with which everything was seen to work: moves the label `known-good` to it, and copies it to the
 * backup parameter. Of a spread env, the copy is the mark. Repeats nothing that is done already, and does nothing if somebody has written the parameter since,
 * or if keys of the known-good version are lost.
 *
 * @throws RecoveryError EnvOverlooked, EnvReplaced if somebody has left the parameter incomplete; LeaseLost; and
 *   what `writeEnv` throws.
 */
export async function markKnownGood(
  state: MarkKnownGoodInput,
  services: MarkKnownGoodServices,
): Promise<KnownGood> {
  const { target, clock, ssm, backupSsm } = services;
  const { execution, env } = state;
  const { name, reader } = target.parameter;
  const restoration = restorationOf(state);
  const deploy = deployOf(state);
  const rules = restoreRules(target);
  const since = { clock, known: knownVersionOf(state) };
  const history = await readMarkedHistory(ssm.reader, backupSsm.reader, rules, since);
  const look = await lookForKnownGood(backupSsm.reader, history, rules);
  // Another try may be able to look.
  if (look.kind === 'Unreadable' && passesByItself(look.error.name)) throw look.error;
  const verdict = judgeKnownGood(
    {
      parameterName: name,
      version: (restoration ?? env).version,
      isDeployed: deploy !== undefined,
      seenAt: deploy?.startedAt ?? (restoration ? undefined : execution.startedAt),
    },
    history,
    look,
    { reader, contract: target.parameter, nowMs: clock.now() },
  );
  if (!('record' in verdict)) return { ...verdict, backup: null };
  const { outcome, why, record } = verdict;
  const fence = fenceOf(leaseDoor(services), execution);
  if (outcome === 'Marked' && !isSpread(name)) {
    await fence();
    await labelVersion(ssm, name, record.version, knownGoodLabel);
  }
  const backup = await atBackup(target.restore, () => copyToBackup(record.text, fence, services));
  return { outcome, version: record.version, why, backup };
}

/** @returns `null` if the target has no backup parameter. */
async function copyToBackup(
  known: string,
  fence: Fence,
  { target, clock, backupSsm }: MarkKnownGoodServices,
): Promise<KnownGood['backup']> {
  const { name, reader, kmsKeyArn } = target.parameter;
  const { backupParameter, backupKmsKeyArn } = target.restore;
  if (backupParameter === undefined) return null;
  const text = inNamesOf(known, name, backupParameter);
  const copy = await readEnv(backupSsm.reader, backupParameter);
  const { version } = await writeEnv(backupSsm, clock, {
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
    kmsKeyId: backupKmsKeyArn ?? kmsKeyArn,
  });
  return { parameterName: backupParameter, version };
}

export const handler = stateHandler(
  MarkKnownGoodInput,
  LeaseResources,
  ({ restore }) => {
    const ssm = openSsm();
    return { ssm, backupSsm: ssmOfBackup(ssm, restore), ...openLease() };
  },
  markKnownGood,
);
