import type * as v from 'valibot';
import { writeEnvParameter } from '../aws/guarded-write.ts';
import { fenceOf, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { labelKnownGood, readHistory, readParameter } from '../aws/parameter.ts';
import { openSsm, type SsmClients } from '../aws/ssm-clients.ts';
import { isComplete } from '../env/contract.ts';
import { readEnvText } from '../env/document.ts';
import { lostKeys } from '../env/merge.ts';
import { deployOf, MarkKnownGoodInput, restorationOf } from '../workflow/chain.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { KnownGood } from '../workflow/results.ts';
import { isSettled, knownGoodLabel, type ParameterRecord } from '../workflow/versions.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { LeaseResources } from './runtime/resources.ts';

type MarkKnownGoodServices = Services<v.InferOutput<typeof LeaseResources>> &
  LeaseClients & { readonly ssm: SsmClients };

/** For clocks and roundings that differ a little. */
const roundingMs = 1000;

/**
 * Remembers the version with which everything was seen to work: moves the label `known-good` to it, and copies it to
 * the backup parameter. Does nothing that is done already, and nothing if somebody has written the parameter since.
 *
 * That the API runs with this version is proven by a deploy in this execution. Without one, it is taken to do so if
 * the version has stood for a day, and has lost no key of the known-good one.
 *
 * @throws RecoveryError EnvReplaced if that left it incomplete; LeaseLost; and what `writeEnvParameter` throws.
 */
export async function markKnownGood(
  state: MarkKnownGoodInput,
  services: MarkKnownGoodServices,
): Promise<KnownGood> {
  const { target, clock, ssm } = services;
  const { execution, env } = state;
  const { name, reader, kmsKeyArn } = target.parameter;
  const contract = target.parameter;
  const parameterName = target.restore.backupParameter;
  const fence = fenceOf(leaseDoor(services), execution);
  const upload = restorationOf(state);
  const deployment = deployOf(state);
  const version = (upload ?? env).version;
  const history = await readHistory(ssm.reader, name);
  const current = history.at(-1);
  // What was written since is not what was deployed, or seen; a parameter that was made anew counts from 1 again.
  const seenAt = deployment?.startedAt ?? (upload ? undefined : execution.startedAt);
  const isReplaced =
    current?.version !== version ||
    (seenAt !== undefined && (current.modifiedAt?.getTime() ?? 0) > Date.parse(seenAt) + roundingMs);
  if (!current || (isReplaced && !isComplete(current.text, reader, contract))) {
    throw new RecoveryError(
      'EnvReplaced',
      `parameter ${name}: somebody has overwritten it during the recovery, and it is incomplete again. What was deployed works; the next deploy would not.`,
    );
  }
  if (isReplaced) return { outcome: 'Replaced', version: current.version, backup: null };
  if (!deployment && !isTrusted(current)) return { outcome: 'NotProven', version, backup: null };

  const isMarked = current.labels.includes(knownGoodLabel);
  if (!isMarked) {
    await fence();
    await labelKnownGood(ssm, name, version);
  }
  const backup = await copyToBackup(current.text);
  return { outcome: isMarked ? 'AlreadyMarked' : 'Marked', version, backup };

  function isTrusted(record: ParameterRecord): boolean {
    if (record.labels.includes(knownGoodLabel)) return true;
    const known = history.find(({ labels }) => labels.includes(knownGoodLabel));
    const lost = lostKeys(readEnvText(known?.text ?? '', reader), readEnvText(record.text, reader));
    return isSettled(record, history, clock.now()) && lost.length === 0;
  }

  async function copyToBackup(text: string): Promise<KnownGood['backup']> {
    if (parameterName === undefined) return null;
    const copy = await readParameter(ssm.reader, parameterName);
    const written = await writeEnvParameter(ssm, clock, {
      name: parameterName,
      reader,
      contract,
      madeFrom: copy,
      text,
      // A copy holds what the original holds; an older copy stays in the history.
      waivedKeys: lostKeys(readEnvText(copy?.text ?? '', reader), readEnvText(text, reader)),
      mayMoveUp: true,
      fence,
      kmsKeyId: kmsKeyArn,
    });
    return { parameterName, version: written.version };
  }
}

export const handler = stateHandler(
  MarkKnownGoodInput,
  LeaseResources,
  () => ({ ssm: openSsm(), ...openLease() }),
  markKnownGood,
);
