import { type EnvDocument, readEnvText, textOf } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { isChanged } from '../../env/merge.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { compareEnv } from '../changes.ts';
import { UsageError } from '../failure.ts';
import { type Outcome, refuse, type Session } from '../session.ts';
import { readTextFile } from '../text-file.ts';
import { write } from './write.ts';

export interface PushOptions {
  /** The keys that the push may remove. */
  readonly drop: readonly string[];
  /** The version that the file was made from, by default the newest: what others have changed since is kept. */
  readonly since?: number | undefined;
}

/**
 * Replaces the parameter's text with a file. Each key that the file would lose has to be waived by name.
 *
 * @throws RecoveryError EnvWriteConflict, EnvWouldShrink, and whatever else `writeEnvParameter` throws; UsageError if
 *   there is no such version; UnreadableText.
 */
export async function pushEnv(
  session: Session,
  file: string,
  { drop, since }: PushOptions,
): Promise<Outcome> {
  const document = readEnvText(readTextFile(file), session.reader);
  const [duplicate] = document.duplicates;
  if (duplicate) {
    const lines = duplicate.lines.join(', ');
    return refuse(
      session,
      `${file}: a key occurs more than once, in lines ${lines}. Keep only the line that counts.`,
    );
  }
  if (document.hadBom) session.terminal.print('The byte order mark at the start is left out.');
  if (document.hadCrlf) session.terminal.print('Line ends are written as LF, not CRLF.');
  return write(
    session,
    (history) => {
      const text = { text: textOf(document.blocks), waivedKeys: drop };
      const current = readEnvText(history.at(-1)?.text ?? '', session.reader);
      const entries = effectiveEntries(current);
      for (const key of drop.filter((one) => !entries.has(one)))
        session.terminal.print(`note: --drop ${key}: there is no such key`);
      if (since === undefined) return text;
      const madeFrom = history.find(({ version }) => version === since);
      if (!madeFrom)
        throw new UsageError(`${session.parameterName} has no version ${since} any more; leave out --since`);
      refuseConflicts(session, readEnvText(madeFrom.text, session.reader), current, document);
      return { ...text, madeFrom };
    },
    { question: `Write ${file} to ${session.parameterName}?` },
  );
}

/**
 * If the file and somebody else have both changed a key since, a person has to decide.
 *
 * @throws RecoveryError EnvWriteConflict
 */
function refuseConflicts(session: Session, base: EnvDocument, theirs: EnvDocument, ours: EnvDocument): void {
  const { parameterName, reader } = session;
  const before = effectiveEntries(base);
  const changed = [theirs, ours].map(effectiveEntries);
  const keys = compareEnv(theirs, ours, session)
    .changes.filter(({ kind }) => kind !== 'added' && kind !== 'removed')
    .map(({ key }) => key)
    .filter((key) => changed.every((entries) => isChanged(before.get(key), entries.get(key), reader)));
  if (keys.length > 0)
    throw new RecoveryError(
      'EnvWriteConflict',
      `parameter ${parameterName}: the file and somebody else have both changed ${keys.join(', ')} since that version. Nothing was written.`,
      { remedy: 'Pull again, or push without --since to take the values of the file.' },
    );
}
