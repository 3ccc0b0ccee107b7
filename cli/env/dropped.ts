/** Marks what a person has dropped by name as intended, so that no execution takes it for a mishap. */
import { findLoss, type KnownGoodLook } from '../../workflow/loss.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import type { LabelledVersion } from '../../workflow/versions.ts';
import { counted } from '../../workflow/words.ts';
import type { Session } from '../session.ts';
import { giveUp } from './give-up.ts';

/**
 * Accepts the loss of what the version that was written has dropped, if it has lost nothing else: a label would accept
 * that as well.
 *
 * @param history all versions with the written one, oldest first.
 * @param waivedKeys those that the write may have dropped.
 * @returns false if the write stands, but is not marked. The person is told why, and what to do.
 */
export async function markDropped(
  session: Session,
  look: KnownGoodLook,
  history: readonly LabelledVersion[],
  waivedKeys: readonly string[],
): Promise<boolean> {
  const { terminal } = session;
  const version = history.at(-1)?.version ?? 0;
  const notMarked = (why: string): false => {
    terminal.print(
      `NOT FINE: version ${version} is written, but ${why}. Until it is marked with \`recover env accept\`, the dropped keys count as lost.`,
    );
    return false;
  };
  if (look.kind === 'Unreadable')
    return notMarked(`whether other keys are lost could not be seen (${look.error.message})`);
  const { keys = [] } = findLoss(look, history, session) ?? {};
  if (!keys.some((key) => waivedKeys.includes(key))) return true;
  const others = keys.filter((key) => !waivedKeys.includes(key));
  if (others.length > 0)
    return notMarked(
      `it lacks ${counted(others.length, 'other key')} of the known-good env (\`recover env check\`)`,
    );
  try {
    await giveUp(session, { version, text: history.at(-1)?.text ?? '' }, waivedKeys);
    return true;
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return notMarked(`could not be marked as intended (${error.message})`);
  }
}
