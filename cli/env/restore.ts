import { readBackup } from '../../aws/backup.ts';
import { requireGoodEnv } from '../../aws/restore-source.ts';
import { unionEnv } from '../../env/merge.ts';
import { describeSource } from '../../workflow/good-version.ts';
import { withLostKeys } from '../../workflow/loss.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { restoreText } from '../../workflow/restore.ts';
import { knownGoodLabel, type ParameterRecord } from '../../workflow/versions.ts';
import type { Outcome, Session } from '../session.ts';
import { lookOrTell } from './known-good.ts';
import { write } from './write.ts';

export interface RestoreOptions {
  readonly version?: number | undefined;
  readonly knownGood?: boolean | undefined;
}

/**
 * Without options, fills in what is missing, as the workflow does, and what is lost of the known-good env; keeps the
 * existing values. With a version, goes back to its values, and keeps the keys that only the current text has. No key is lost in either case.
 *
 * @throws RecoveryError EnvRestoreFailed if there is no such version, or none that satisfies the contract, and what
 *   `write` throws.
 */
export async function restoreEnv(session: Session, options: RestoreOptions): Promise<Outcome> {
  const { version, knownGood } = options;
  if (version === undefined && !knownGood) {
    return write(session, async (history) => ({ text: await filledText(session, history) }), {
      question: `Fill ${session.parameterName} with what it lacks?`,
      isRestore: true,
    });
  }
  return write(
    session,
    async (history) => {
      const source = await textOfVersion(session, history, version);
      if (source === undefined)
        throw noSource(
          session,
          version === undefined
            ? `no version has the label ${knownGoodLabel}, and there is no backup`
            : `it has no version ${version}`,
        );
      return { text: unionEnv(source, history.at(-1)?.text ?? '', session.reader) };
    },
    {
      question: `Go back to the values of ${version === undefined ? 'the known-good version' : `version ${version}`}?`,
      mayStayIncomplete: true,
    },
  );
}

async function filledText(session: Session, history: readonly ParameterRecord[]): Promise<string> {
  const { clock, terminal, backupSsm } = session;
  const text = history.at(-1)?.text ?? '';
  const good = await requireGoodEnv(backupSsm.reader, text, history, session, clock.now());
  if (good) {
    terminal.print(`From ${describeSource(good.source)}:`);
    for (const key of good.supersededKeys)
      terminal.print(`  note: a newer complete version has another value of ${key}`);
  } else {
    terminal.print(
      'Nothing that is required is missing. To go back to other values: --version <number> or --known-good.',
    );
  }
  const filled = restoreText(text, good, session);
  const look = await lookOrTell(session, history);
  return look.kind === 'Found' ? withLostKeys(filled, look.env, history, session.reader) : filled;
}

/**
 * @param version `undefined` for the known-good one.
 * @returns `undefined` if there is no such version.
 */
async function textOfVersion(
  session: Session,
  history: readonly ParameterRecord[],
  version: number | undefined,
): Promise<string | undefined> {
  if (version !== undefined) return history.find((record) => record.version === version)?.text;
  const known = history.find(({ labels }) => labels.includes(knownGoodLabel));
  if (known) return known.text;
  // The backup is a copy of the known-good version, for when that one is no longer in the history.
  return (await readBackup(session.backupSsm.reader, session))?.text;
}

function noSource({ parameterName, backupParameterName }: Session, why: string): RecoveryError {
  return new RecoveryError(
    'EnvRestoreFailed',
    `parameter ${parameterName}: ${why} (backup parameter: ${backupParameterName ?? 'none'}). Nothing was written.`,
    { remedy: 'Look at the versions that there are with `recover env history`.' },
  );
}
