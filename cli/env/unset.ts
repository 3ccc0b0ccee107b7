import { readEnvText } from '../../env/document.ts';
import { unsetKey } from '../../env/edit.ts';
import { effectiveEntries } from '../../env/entries.ts';
import { type Outcome, refuse, type Session } from '../session.ts';
import { write } from './write.ts';

/**
 * Takes one key out. Refuses a key that the target requires, and one that the text doesn't have.
 *
 * @throws RecoveryError what `writeEnv` throws.
 */
export async function unsetEnvKey(session: Session, key: string): Promise<Outcome> {
  const { parameterName, reader, contract, targetFile } = session;
  if (contract.requiredKeys.includes(key))
    return refuse(
      session,
      `${key} is required by ${targetFile}. Take it out of requiredKeys first, and deploy that.`,
    );
  return write(
    session,
    (history) => {
      const text = history.at(-1)?.text ?? '';
      if (!effectiveEntries(readEnvText(text, reader)).has(key))
        return {
          refused: `${parameterName} has no such key. \`recover env check\` shows those that it has.`,
        };
      return { text: unsetKey(text, key, reader), waivedKeys: [key] };
    },
    { question: `Take ${key} out of ${parameterName}?`, mayStayIncomplete: true },
  );
}
