import { readEnvText } from '../../env/document.ts';
import { unsetKey } from '../../env/edit.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import type { Outcome, Session } from '../session.ts';
import { write } from './write.ts';

/**
 * Takes one key out: the waiver that a write needs to drop it.
 *
 * @throws RecoveryError EnvInvalid if the key is required, or isn't there.
 */
export async function unsetEnvKey(session: Session, key: string): Promise<Outcome> {
  const { parameterName, reader, contract, targetFile } = session;
  if (contract.requiredKeys.includes(key))
    throw new RecoveryError(
      'EnvInvalid',
      `${key} is required by ${targetFile}. Nothing was written. Take it out of requiredKeys first, and deploy that.`,
    );
  return write(
    session,
    (history) => {
      const text = history.at(-1)?.text ?? '';
      if (!effectiveEntries(readEnvText(text, reader)).has(key))
        throw new RecoveryError(
          'EnvInvalid',
          `parameter ${parameterName} has no such key. Nothing was written.`,
        );
      return { text: unsetKey(text, key, reader), waivedKeys: [key] };
    },
    { question: `Take ${key} out of ${parameterName}?`, mayStayIncomplete: true },
  );
}
