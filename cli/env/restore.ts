import { RecoveryError } from '../../recovery/errors.ts';
import { findGoodVersion, isComplete } from '../../recovery/known-good.ts';
import { unionEnv } from '../../recovery/merge.ts';
import { knownGoodLabel, readHistory, readParameter } from '../../recovery/parameter.ts';
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
export async function restoreEnv(session: Session, { version, knownGood }: RestoreOptions): Promise<Outcome> {
  const { parameterName, reader, contract, terminal } = session;
  if (version === undefined && !knownGood) {
    const history = await readHistory(session.ssm.reader, parameterName);
    const current = history.at(-1);
    if (current && isComplete(current.text, reader, contract)) {
      terminal.print(
        `${parameterName}: version ${current.version} is complete, nothing is missing. To go back to another: --version <number> or --known-good.`,
      );
      return { ok: true, report: { parameterName, written: false, version: current.version } };
    }
    const good = findGoodVersion(history, reader, contract);
    const source = good
      ? { text: good.text, name: `${good.isKnownGood ? 'known-good ' : ''}version ${good.version}` }
      : await backupOf(session);
    if (!source || !isComplete(source.text, reader, contract)) throw noSource(session);
    return write(session, () => ({ text: unionEnv(current?.text ?? '', source.text, reader) }), {
      question: `Fill ${parameterName} from ${source.name}?`,
    });
  }

  const source = await findVersion(session, version);
  if (!source) throw noSource(session);
  return write(session, (history) => ({ text: unionEnv(source.text, history.at(-1)?.text ?? '', reader) }), {
    question: `Go back to the values of ${source.name}?`,
    mayStayIncomplete: true,
  });
}

interface Source {
  readonly text: string;
  readonly name: string;
}

async function findVersion(session: Session, version: number | undefined): Promise<Source | undefined> {
  const history = await readHistory(session.ssm.reader, session.parameterName);
  const record =
    version === undefined
      ? history.find(({ labels }) => labels.includes(knownGoodLabel))
      : history.find((one) => one.version === version);
  if (record) return { text: record.text, name: `version ${record.version}` };
  // The backup is the copy of the known-good version, for when its label has gone with the oldest version.
  return version === undefined ? backupOf(session) : undefined;
}

async function backupOf({ ssm, backupParameterName }: Session): Promise<Source | undefined> {
  if (backupParameterName === undefined) return undefined;
  const backup = await readParameter(ssm.reader, backupParameterName);
  return backup && { text: backup.text, name: `${backupParameterName}, version ${backup.version}` };
}

function noSource({ parameterName, backupParameterName }: Session): RecoveryError {
  return new RecoveryError(
    'EnvRestoreFailed',
    `parameter ${parameterName}: there is no such version to restore from, nor in the backup parameter (${backupParameterName ?? 'none is set'}). Nothing was written. \`recover env history\` shows what there is.`,
  );
}
