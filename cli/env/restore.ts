import { RecoveryError } from '../../recovery/errors.ts';
import { fillGaps, findGoodVersion, isComplete, normaliseEnv } from '../../recovery/known-good.ts';
import { unionEnv } from '../../recovery/merge.ts';
import { knownGoodLabel, type ParameterRecord, readParameter } from '../../recovery/parameter.ts';
import type { Outcome, Session } from '../session.ts';
import { write } from './write.ts';

export interface RestoreOptions {
  readonly version?: number;
  readonly knownGood?: boolean;
}

/**
 * Without options, fills what is missing, as the workflow does: values that are there stay. With a version, goes back
 * to the values of that one; keys that only the current text has stay. In no case is a key lost.
 *
 * @throws RecoveryError EnvRestoreFailed if there is no such version, or none that satisfies the contract.
 */
export async function restoreEnv(
  session: Session,
  { version, knownGood = false }: RestoreOptions,
): Promise<Outcome> {
  const { parameterName, reader } = session;
  const backup = await readBackup(session);
  if (version === undefined && !knownGood) {
    return write(session, (history) => ({ text: filledText(session, history, backup) }), {
      question: `Fill ${parameterName} with what it lacks?`,
    });
  }
  return write(
    session,
    (history) => {
      const record =
        version === undefined
          ? history.find(({ labels }) => labels.includes(knownGoodLabel))
          : history.find((one) => one.version === version);
      // The backup is the copy of the known-good version, for when its label has gone with the oldest version.
      const source = record?.text ?? (knownGood ? backup : undefined);
      if (source === undefined) throw noSource(session);
      return { text: unionEnv(source, history.at(-1)?.text ?? '', reader) };
    },
    {
      question: `Go back to the values of ${version === undefined ? 'the known-good version' : `version ${version}`}?`,
      mayStayIncomplete: true,
    },
  );
}

function filledText(
  session: Session,
  history: readonly ParameterRecord[],
  backup: string | undefined,
): string {
  const { reader, contract, clock, terminal } = session;
  const text = history.at(-1)?.text ?? '';
  if (isComplete(text, reader, contract)) {
    terminal.print('Nothing is missing. To go back to other values: --version <number> or --known-good.');
    return normaliseEnv(text, reader);
  }
  const good = findGoodVersion(history, reader, contract, clock.now());
  if (good) {
    terminal.print(`From ${good.isKnownGood ? 'the known-good ' : ''}version ${good.version}:`);
    for (const key of good.supersededKeys)
      terminal.print(`  note: a newer complete version has another value of ${key}`);
    return fillGaps(text, good.text, reader);
  }
  if (backup === undefined || !isComplete(backup, reader, contract)) throw noSource(session);
  terminal.print(`From ${session.backupParameterName}:`);
  return fillGaps(text, backup, reader);
}

async function readBackup({ ssm, backupParameterName }: Session): Promise<string | undefined> {
  if (backupParameterName === undefined) return undefined;
  return (await readParameter(ssm.reader, backupParameterName))?.text;
}

function noSource({ parameterName, backupParameterName }: Session): RecoveryError {
  return new RecoveryError(
    'EnvRestoreFailed',
    `parameter ${parameterName}: there is no such version to restore from, nor in the backup parameter (${backupParameterName ?? 'none is set'}). Nothing was written. \`recover env history\` shows what there is.`,
  );
}
