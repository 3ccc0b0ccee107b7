import { readEnvText, textOf } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { compareEnv } from '../changes.ts';
import type { Outcome, Session } from '../session.ts';
import { UsageError } from '../terminal.ts';
import { readTextFile } from '../text-file.ts';
import { write } from './write.ts';

export interface PushOptions {
  /** The keys that may go. */
  readonly drop: readonly string[];
  /** The version from which the file was made: what others have changed since is kept. The newest one by default. */
  readonly since?: number | undefined;
}

/**
 * Puts a file in place of the parameter's text. Whatever the file would lose has to be waived by name.
 *
 * @throws RecoveryError EnvInvalid, EnvWouldShrink and what else `writeEnvParameter` throws; UsageError.
 */
export async function pushEnv(
  session: Session,
  file: string,
  { drop, since }: PushOptions,
): Promise<Outcome> {
  const document = readEnvText(readTextFile(file), session.reader);
  const [duplicate] = document.duplicates;
  if (duplicate) {
    throw new RecoveryError(
      'EnvInvalid',
      `${file}: a key is there more than once, in lines ${duplicate.lines.join(', ')}. Nothing was written. Keep the line that counts.`,
    );
  }
  if (document.hadBom) session.terminal.print('The byte order mark at the start is left out.');
  if (document.hadCrlf) session.terminal.print('Line ends are written as LF, not CRLF.');
  return write(
    session,
    (history) => {
      const text = { text: textOf(document.blocks), waivedKeys: drop };
      const current = effectiveEntries(readEnvText(history.at(-1)?.text ?? '', session.reader));
      for (const key of drop.filter((one) => !current.has(one)))
        session.terminal.print(`note: --drop ${key}: there is no such key`);
      if (since === undefined) return text;
      const madeFrom = history.find(({ version }) => version === since);
      if (!madeFrom)
        throw new UsageError(`${session.parameterName} has no version ${since} any more; leave --since out`);
      refuseConflicts(session, madeFrom.text, history.at(-1)?.text ?? '', text.text);
      return { ...text, madeFrom };
    },
    { question: `Write ${file} to ${session.parameterName}?` },
  );
}

/** A key that the file and somebody else have both changed since is for a person to decide. */
function refuseConflicts(
  { parameterName, reader, contract }: Session,
  base: string,
  theirs: string,
  ours: string,
): void {
  const [before, their, our] = [
    readEnvText(base, reader),
    readEnvText(theirs, reader),
    readEnvText(ours, reader),
  ] as const;
  const [beforeEntries, theirEntries, ourEntries] = [before, their, our].map(effectiveEntries);
  const keys = compareEnv(their, our, contract)
    .changes.filter(({ kind }) => kind !== 'added' && kind !== 'removed')
    .map(({ key }) => key)
    .filter((key) =>
      [theirEntries, ourEntries].every(
        (entries) => entries?.get(key)?.value !== beforeEntries?.get(key)?.value,
      ),
    );
  if (keys.length > 0)
    throw new RecoveryError(
      'EnvWriteConflict',
      `parameter ${parameterName}: ${keys.join(', ')} was changed in the file and by somebody else since that version. Nothing was written. Pull again, or push without --since to take the values of the file.`,
    );
}
