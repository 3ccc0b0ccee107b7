import { type EnvDocument, readEnvText, textOf } from '../../env/document.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { isChanged } from '../../env/merge.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { compareEnv } from '../changes.ts';
import { UsageError } from '../failure.ts';
import type { Outcome, Session } from '../session.ts';
import { readEnvFile } from './file.ts';
import { type CommonWriteOptions, write } from './write.ts';

export interface PushOptions extends CommonWriteOptions {
  /** The keys that the push may remove. */
  readonly drop: readonly string[];
  /** The version that the file was made from, by default the newest: what others have changed since is kept. */
  readonly since?: number | undefined;
}

/**
 * Replaces the parameter's text with a file. Each key that the file would lose has to be waived by name, or all of
 * them together. A key that occurs twice is refused, unless it does so in the parameter already.
 *
 * @throws RecoveryError EnvWriteConflict, EnvWouldShrink, and whatever else `writeEnv` throws; UsageError if
 *   there is no such version; UnreadableText.
 */
export async function pushEnv(
  session: Session,
  file: string,
  { drop, since, ...options }: PushOptions,
): Promise<Outcome> {
  const document = readEnvText(readEnvFile(session, file), session.reader);
  if (document.hadBom) session.terminal.print('The byte order mark at the start is left out.');
  if (document.hadCrlf) session.terminal.print('Line ends are written as LF, not CRLF.');
  return write(
    session,
    (history) => {
      const text = { text: textOf(document.blocks), waivedKeys: drop };
      const current = readEnvText(history.at(-1)?.text ?? '', session.reader);
      const old = new Set(current.duplicates.map(({ key }) => key));
      for (const { key, lines } of document.duplicates) {
        const found = `a key occurs more than once, in lines ${lines.join(', ')}`;
        if (!old.has(key)) return { refused: `${file}: ${found}. Keep only the line that counts.` };
        session.terminal.print(`note: ${found}, as in the parameter; the last one counts`);
      }
      const entries = effectiveEntries(current);
      for (const key of drop.filter((one) => !entries.has(one)))
        session.terminal.print(`note: --drop ${key}: there is no such key`);
      if (since === undefined) return text;
      const madeFrom = history.find(({ version }) => version === since);
      if (!madeFrom || madeFrom.unreadable !== undefined)
        throw new UsageError(
          `${session.parameterName} has no version ${since} that can still be read. Pull again, or leave out --since.`,
        );
      refuseConflicts(session, readEnvText(madeFrom.text, session.reader), current, document);
      return { ...text, madeFrom };
    },
    { question: `Write ${file} to ${session.parameterName}?`, ...options },
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
