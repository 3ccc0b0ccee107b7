import { readEnvText, textOf } from '../../recovery/env-text.ts';
import { RecoveryError } from '../../recovery/errors.ts';
import type { Outcome, Session } from '../session.ts';
import { readTextFile } from '../text-file.ts';
import { write } from './write.ts';

/**
 * Puts a file in place of the parameter's text. Whatever the file would lose has to be waived by name.
 *
 * @param drop the keys that may go.
 * @throws RecoveryError EnvInvalid, EnvWouldShrink and what else `writeEnvParameter` throws.
 */
export async function pushEnv(session: Session, file: string, drop: readonly string[]): Promise<Outcome> {
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
  return write(session, () => ({ text: textOf(document.blocks), waivedKeys: drop }), {
    question: `Write ${file} to ${session.parameterName}?`,
  });
}
