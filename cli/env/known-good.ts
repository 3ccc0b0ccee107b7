import { lookForKnownGood } from '../../aws/known-good-env.ts';
import type { KnownGoodLook } from '../../workflow/loss.ts';
import type { ParameterRecord } from '../../workflow/versions.ts';
import type { Session } from '../session.ts';

/** Looks for the known-good env, and tells the person if it can't be read: then nobody can say that nothing is lost. */
export async function lookOrTell(
  session: Session,
  history: readonly ParameterRecord[],
): Promise<KnownGoodLook> {
  const look = await lookForKnownGood(session.backupSsm.reader, history, session);
  if (look.kind === 'Unreadable')
    session.terminal.print(`  note: whether keys are lost could not be seen: ${look.error.message}`);
  return look;
}
