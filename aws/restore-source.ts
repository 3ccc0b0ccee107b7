/** Finds what to restore from: the parameter's own history, or the backup parameter. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import { isUsable } from '../env/contract.ts';
import { catalogue } from '../workflow/errors.ts';
import { findGoodVersion, type GoodEnv, nearestVersions, notesOnSource } from '../workflow/good-version.ts';
import { withLostKeys } from '../workflow/loss.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { RestoreRules } from '../workflow/restore.ts';
import type { RestoreSource } from '../workflow/results.ts';
import { type ParameterRecord, unreadableNotes } from '../workflow/versions.ts';
import { readBackup } from './backup.ts';
import { lookForKnownGood } from './known-good-env.ts';

/**
 * What to restore from: a version of the parameter itself, or else the backup; `undefined` if neither satisfies the
 * contract. The backup is read only if no version does, or if none is known-good.
 *
 * @param history all versions, oldest first.
 */
async function findGoodEnv(
  backupSsm: SSMClient,
  history: readonly ParameterRecord[],
  rules: RestoreRules,
  nowMs: number,
): Promise<GoodEnv | undefined> {
  const { reader, contract, backupParameterName } = rules;
  const good = findGoodVersion(history, reader, contract, nowMs);
  if (good) return withKnownGoodKeys(backupSsm, good, history, rules);
  if (backupParameterName === undefined) return undefined;
  const backup = await readBackup(backupSsm, rules);
  if (!backup || !isUsable(backup.text, reader, contract)) return undefined;
  const { version, text } = backup;
  const source: RestoreSource = { kind: 'backup', parameterName: backupParameterName, version };
  return { source, text, supersededKeys: [], notes: notesOnSource(text, source, reader, contract) };
}

/** Adds what the version to restore has lost. A known-good env that can't be read doesn't stop a restore. */
async function withKnownGoodKeys(
  backupSsm: SSMClient,
  good: GoodEnv,
  history: readonly ParameterRecord[],
  rules: RestoreRules,
): Promise<GoodEnv> {
  const look = await lookForKnownGood(backupSsm, history, rules);
  if (look.kind !== 'Found') return good;
  return { ...good, text: withLostKeys(good.text, look.env, history, rules.reader) };
}

/**
 * What to fill a text from; `undefined` if it is complete and needs nothing.
 *
 * @param backupSsm of the region of the backup.
 * @param text `undefined` if there is no parameter.
 * @param history all versions, oldest first.
 * @throws RecoveryError EnvRestoreFailed if it needs something, and there is nothing complete.
 */
export async function requireGoodEnv(
  backupSsm: SSMClient,
  text: string | undefined,
  history: readonly ParameterRecord[],
  rules: RestoreRules,
  nowMs: number,
): Promise<GoodEnv | undefined> {
  const { parameterName, backupParameterName, reader, contract } = rules;
  if (text !== undefined && isUsable(text, reader, contract)) return undefined;
  const good = await findGoodEnv(backupSsm, history, rules, nowMs);
  if (good) return good;
  const nearest = nearestVersions(history, reader, contract);
  const present = history.at(-1)?.version;
  const earlier = nearest.find(({ version }) => version !== present);
  throw new RecoveryError(
    'EnvRestoreFailed',
    [
      `parameter ${parameterName}: none of its versions (${history.length} in the history) is a complete env, nor is the backup parameter (${backupParameterName ?? 'none is set'}).`,
      ...nearest.map(
        ({ version, lacks }) =>
          `Version ${version}${version === present ? ', the present one,' : ''} would do but for this: ${lacks.join('; ')}.`,
      ),
      ...unreadableNotes(history).map((note) => `V${note.slice(1)}.`),
      'Nothing was written.',
    ].join(' '),
    {
      remedy:
        earlier &&
        `${catalogue.EnvRestoreFailed.remedy} To use such a version all the same: \`recover env restore --version ${earlier.version}\`.`,
    },
  );
}
