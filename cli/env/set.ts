import { readEnvText } from '../../env/document.ts';
import { setKey } from '../../env/edit.ts';
import { oddities } from '../../env/typed-value.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import { UsageError } from '../failure.ts';
import { type Outcome, refuse, type Session, tellMissing } from '../session.ts';
import { type CommonWriteOptions, write } from './write.ts';

export interface SetOptions extends Pick<CommonWriteOptions, 'advanced'> {
  /** The value is meant as it is, whatever is odd about it. */
  readonly asIs?: boolean | undefined;
}

/**
 * Adds or changes one key in place; every other line keeps its bytes. The value comes from a prompt or standard input.
 * What nobody would type in it is asked about, and refused where there is nobody to ask. A flaw that the text has
 * elsewhere is told, and stops nothing but a change after it where it makes unclear what stands there.
 *
 * @throws RecoveryError EnvInvalid if there is no sound place for the value, or it would break the contract; UsageError
 *   if the key is not a name; UnreadableText.
 */
export async function setEnvKey(
  session: Session,
  key: string,
  { asIs = false, advanced }: SetOptions = {},
): Promise<Outcome> {
  const { reader, terminal } = session;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key))
    throw new UsageError(
      "a variable's name has letters, digits and _, and does not begin with a digit. The value does not belong on the command line: it is asked for, or read from standard input. To set another name: pull, edit, push.",
    );
  const value = await terminal.readSecret(`Value of ${key} (not shown): `);
  if (value === undefined) return refuse(session, `No value of ${key} was given: type it, or pipe it in.`);
  if (value.trim() === '')
    return refuse(
      session,
      `The value of ${key} is empty. To take the key out: \`recover env unset ${key}\`.`,
    );
  const odd = asIs ? [] : oddities(value);
  if (odd.length > 0) {
    const found = `The value of ${key} ${odd.join(', and ')}.`;
    if (!terminal.isInteractive)
      return refuse(session, `${found} Give it without, or say with --as-is that it is meant.`);
    if (!(await terminal.confirm(`${found} Is it meant?`)))
      return refuse(session, `${found} It was not meant: set it again.`);
  }
  return write(
    session,
    async (history) => {
      const current = history.at(-1);
      if (!current) return { refused: await tellMissing(session) };
      const text = setKey(current.text, key, value, reader);
      if (text === undefined) throw noPlace(session, current.text, key, value);
      for (const { line, problem } of readEnvText(text, reader).flaws)
        terminal.print(`note: line ${line}: ${problem}`);
      return { text };
    },
    { mayStayIncomplete: true, advanced },
  );
}

/** Why a value can't be set: nothing spells it, or what stands around its place doesn't let it. */
function noPlace({ parameterName, reader }: Session, text: string, key: string, value: string): Error {
  const isSpellable = setKey('', key, value, reader) !== undefined;
  const [flaw] = readEnvText(text, reader).flaws.toSorted(
    (one, other) => Number(one.isLocal) - Number(other.isLocal),
  );
  if (!isSpellable || !flaw)
    return new RecoveryError(
      'EnvInvalid',
      `parameter ${parameterName}: ${reader} has no spelling for this value of ${key} (line breaks, quotes, or spaces at its ends). Nothing was written.`,
      { remedy: 'Encode it, for example as base64, and let the program decode it.' },
    );
  return new RecoveryError(
    'EnvInvalid',
    `parameter ${parameterName}, line ${flaw.line}: ${flaw.problem}. Nothing was written.`,
    { remedy: 'Correct that line first: `recover env pull <file>`, edit it, `recover env push <file>`.' },
  );
}
