import { readBackup } from '../../aws/backup.ts';
import { requireGoodEnv } from '../../aws/restore-source.ts';
import { normaliseEnv } from '../../env/document.ts';
import { unionEnv } from '../../env/merge.ts';
import { salvageEnv } from '../../env/salvage.ts';
import { describeSource } from '../../workflow/good-version.ts';
import { withLostKeys } from '../../workflow/loss.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { leftOutNote, restoreText } from '../../workflow/restore.ts';
import { knownGoodLabel, type ParameterRecord, unreadableNotes } from '../../workflow/versions.ts';
import type { Outcome, Session } from '../session.ts';
import { lookOrTell } from './known-good.ts';
import { type CommonWriteOptions, write } from './write.ts';

export interface RestoreOptions extends CommonWriteOptions {
  readonly version?: number | undefined;
  readonly knownGood?: boolean | undefined;
}

/**
 * Without options, fills in what is missing, as the workflow does, and what is lost of the known-good env; keeps the
 * existing values. With a version, goes back to its values, and keeps the keys that only the current text has, unless
 * that is to be replaced whole. Odd lines of the current text are left out.
 *
 * @throws RecoveryError EnvRestoreFailed if there is no such version, or none that satisfies the contract, and what
 *   `write` throws.
 */
export async function restoreEnv(session: Session, options: RestoreOptions): Promise<Outcome> {
  const { version, knownGood, advanced, replace } = options;
  const { reader } = session;
  if (version === undefined && !knownGood) {
    return write(session, async (history) => ({ text: await filledText(session, history) }), {
      question: `Fill ${session.parameterName} with what it lacks?`,
      isRestore: true,
      advanced,
    });
  }
  return write(
    session,
    async (history) => {
      const source = await textOfVersion(session, history, version);
      if (source === undefined)
        throw noSource(
          session,
          [
            version === undefined
              ? `no version with the label ${knownGoodLabel} can be read, and there is no backup`
              : `it has no version ${version} that can be read`,
            ...unreadableNotes(history),
          ].join('; '),
        );
      if (replace !== undefined) return { text: normaliseEnv(source, reader) };
      return { text: unionEnv(source, keptText(session, history.at(-1)), reader) };
    },
    {
      question: `Go back to the values of ${version === undefined ? 'the known-good version' : `version ${version}`}?`,
      mayStayIncomplete: true,
      isRestore: true,
      advanced,
      replace,
    },
  );
}

/** What is worth keeping of the current text; the person is told what isn't. */
function keptText({ reader, contract, terminal }: Session, current: ParameterRecord | undefined): string {
  const { text, leftOutLines } = salvageEnv(current?.text ?? '', reader, contract);
  if (current && leftOutLines.length > 0)
    terminal.print(`note: ${leftOutNote(leftOutLines, current.version)}`);
  return text;
}

async function filledText(session: Session, history: readonly ParameterRecord[]): Promise<string> {
  const { clock, terminal, backupSsm, reader } = session;
  const current = history.at(-1);
  const text = current?.text ?? '';
  const good = await requireGoodEnv(backupSsm.reader, text, history, session, clock.now());
  if (good) {
    terminal.print(`From ${describeSource(good.source)}:`);
    for (const key of good.supersededKeys)
      terminal.print(`  note: a newer complete version has another value of ${key}`);
    for (const note of [...good.notes, ...unreadableNotes(history)]) terminal.print(`  note: ${note}`);
  } else {
    terminal.print(
      'Nothing that is required is missing. To go back to other values: --version <number> or --known-good.',
    );
  }
  const filled = good
    ? unionEnv(keptText(session, current), good.text, reader)
    : restoreText(text, undefined, session);
  const look = await lookOrTell(session, history);
  return look.kind === 'Found' ? withLostKeys(filled, look.env, history, reader) : filled;
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
  const textOf = (record: ParameterRecord | undefined) =>
    record?.unreadable === undefined ? record?.text : undefined;
  if (version !== undefined) return textOf(history.find((record) => record.version === version));
  const known = textOf(history.find(({ labels }) => labels.includes(knownGoodLabel)));
  if (known !== undefined) return known;
  // The backup is a copy of the known-good version, for when that one is no longer in the history.
  return (await readBackup(session.backupSsm.reader, session))?.text;
}

function noSource({ parameterName, backupParameterName }: Session, why: string): RecoveryError {
  return new RecoveryError(
    'EnvRestoreFailed',
    `parameter ${parameterName}: ${why} (backup parameter: ${backupParameterName ?? 'none'}). Nothing was written.`,
    {
      remedy:
        'Choose another version from `recover env history`, fill in what is missing with `recover env restore`, or put in a complete .env with `recover env push <file>`.',
    },
  );
}
