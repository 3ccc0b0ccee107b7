import { readEnvText } from '../../env/document.ts';
import { setKey } from '../../env/edit.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import type { Outcome, Session } from '../session.ts';
import { UsageError } from '../terminal.ts';
import { write } from './write.ts';

/**
 * Adds or changes one key in place; every other line keeps its bytes. The value comes from a prompt or standard input.
 *
 * @throws RecoveryError EnvInvalid if the reader can't hold the value, or it breaks the contract; UsageError.
 */
export async function setEnvKey(session: Session, key: string): Promise<Outcome> {
  const { parameterName, reader, terminal } = session;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
    throw new UsageError(
      'that is no name of a variable: letters, digits and _, not beginning with a digit. The value does not belong on the command line; it is asked for, or read from standard input.',
    );
  const value = await terminal.readSecret(`Value of ${key} (not shown): `);
  if (value.trim() === '')
    throw new RecoveryError('EnvInvalid', `${key}: the value is empty. Nothing was written.`);
  return write(
    session,
    (history) => {
      const current = history.at(-1);
      if (!current)
        throw new RecoveryError(
          'EnvInvalid',
          `parameter ${parameterName}: there is no such parameter. Nothing was written. \`recover env push\` creates it.`,
        );
      const { flaw } = readEnvText(current.text, reader);
      // The flaw may be in the very line that is set; any other one, the guard refuses.
      const text = setKey(current.text, key, value, reader);
      if (text === undefined)
        throw new RecoveryError(
          'EnvInvalid',
          flaw
            ? `parameter ${parameterName}, line ${flaw.line}: ${flaw.problem}. Nothing was written. Mend that line first: pull, edit, push.`
            : `${key}: ${reader} has no spelling for this value (line breaks, quotes or spaces at its ends). Nothing was written. Encode it, as base64 for example.`,
        );
      return { text };
    },
    { mayStayIncomplete: true },
  );
}
