import { readEnvText } from '../../env/document.ts';
import { setKey } from '../../env/edit.ts';
import { oddities } from '../../env/typed-value.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { UsageError } from '../failure.ts';
import { type Outcome, refuse, type Session } from '../session.ts';
import { write } from './write.ts';

/**
 * Adds or changes one key in place; every other line keeps its bytes. The value comes from a prompt or standard input.
 * What nobody would type in it is asked about, and refused where there is nobody to ask.
 *
 * @param options `asIs`: the value is meant as it is, whatever is odd about it.
 * @throws RecoveryError EnvInvalid if the parameter's text has a flaw elsewhere, or would break the contract;
 *   UsageError if the key is not a name; UnreadableText.
 */
export async function setEnvKey(
  session: Session,
  key: string,
  { asIs = false }: { readonly asIs?: boolean } = {},
): Promise<Outcome> {
  const { parameterName, reader, terminal } = session;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
    throw new UsageError(
      "a variable's name has letters, digits and _, and does not begin with a digit. The value does not belong on the command line: it is asked for, or read from standard input.",
    );
  const value = await terminal.readSecret(`Value of ${key} (not shown): `);
  if (value === undefined) return refuse(session, `No value of ${key} was given.`);
  if (value.trim() === '') return refuse(session, `The value of ${key} is empty.`);
  const odd = asIs ? [] : oddities(value);
  if (odd.length > 0) {
    const found = `The value of ${key} ${odd.join(', and ')}.`;
    if (!terminal.isInteractive)
      return refuse(session, `${found} Give it without, or say with --as-is that it is meant.`);
    if (!(await terminal.confirm(`${found} Is it meant?`)))
      return refuse(session, `${found} It was not meant.`);
  }
  return write(
    session,
    (history) => {
      const current = history.at(-1);
      if (!current)
        return {
          refused: `There is no parameter ${parameterName}; \`recover env push\` creates it.`,
        };
      const { flaw } = readEnvText(current.text, reader);
      // The flaw may be in the line that is set; the guard refuses any other.
      const text = setKey(current.text, key, value, reader);
      if (text !== undefined) return { text };
      if (flaw)
        throw new RecoveryError(
          'EnvInvalid',
          `parameter ${parameterName}, line ${flaw.line}: ${flaw.problem}. Nothing was written.`,
          { remedy: 'Correct that line first: pull, edit, push.' },
        );
      return {
        refused: `${reader} has no spelling for this value of ${key} (line breaks, quotes, or spaces at its ends). Encode it, for example as base64.`,
      };
    },
    { mayStayIncomplete: true },
  );
}
