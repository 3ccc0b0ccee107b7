import { readBackup } from '../../aws/backup.ts';
import { writeEnv } from '../../aws/env-store.ts';
import { labelVersion } from '../../aws/parameter.ts';
import { atBackup } from '../../aws/ssm-clients.ts';
import { unsetKey } from '../../env/edit.ts';
import { valuesOf } from '../../env/entries.ts';
import { byPart } from '../../env/parts.ts';
import { inNamesOf, isSpread } from '../../workflow/spread-env.ts';
import { lossAcceptedLabel, type ParameterVersion } from '../../workflow/versions.ts';
import type { Session } from '../session.ts';

/**
 * Says that keys which are lost may go: with a label on the version that lacks them. Of an env of several texts, whose
 * parameters have no label, they are taken out of the copy, each where the env doesn't have it; the copy's history keeps
 * them.
 *
 * @throws RecoveryError what the call throws.
 */
export async function giveUp(
  session: Session,
  lacking: Pick<ParameterVersion, 'version' | 'text'>,
  keys: readonly string[],
): Promise<void> {
  const { parameterName, backupParameterName: copyName, reader, ssm, backupSsm, clock } = session;
  if (!isSpread(parameterName)) return labelVersion(ssm, parameterName, lacking.version, lossAcceptedLabel);
  const copy = await readBackup(backupSsm.reader, session);
  if (!copy || copyName === undefined) return;
  const text = byPart('', copy.text, lacking.text, (_, copied, now) => {
    const kept = valuesOf(now, reader);
    return keys.filter((key) => !kept.has(key)).reduce((left, key) => unsetKey(left, key, reader), copied);
  });
  const [before, after] = [copy.text, text].map((one) => inNamesOf(one, parameterName, copyName));
  await atBackup(session, () =>
    writeEnv(backupSsm, clock, {
      name: copyName,
      reader,
      contract: { requiredKeys: [], requiredPrefixes: [], rules: {} },
      madeFrom: { ...copy, text: before ?? '' },
      text: after ?? '',
      waivedKeys: keys,
      kmsKeyId: undefined,
    }),
  );
}
