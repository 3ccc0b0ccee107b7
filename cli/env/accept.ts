import { lookForKnownGood, readMarkedHistory } from '../../aws/known-good-env.ts';
import { isUsable } from '../../env/contract.ts';
import { deleteCommands } from '../../workflow/commands.ts';
import { describeLoss, findLoss } from '../../workflow/loss.ts';
import { isPath } from '../../workflow/spread-env.ts';
import { type Outcome, refuse, type Session } from '../session.ts';
import { giveUp } from './give-up.ts';

/**
 * Says that the keys which the newest version has lost may go: from then on it can become the known-good one.
 *
 * @throws RecoveryError what reading throws, also where the known-good env can't be read; UsageError if there is nobody
 *   to ask.
 */
export async function acceptLoss(session: Session): Promise<Outcome> {
  const { parameterName, reader, contract, ssm, terminal } = session;
  const history = await readMarkedHistory(ssm.reader, session.backupSsm.reader, session);
  const current = history.at(-1);
  if (!current || !isUsable(current.text, reader, contract))
    return refuse(session, `${parameterName} is not complete. Bring it back first: \`recover env restore\`.`);
  const { version } = current;
  const look = await lookForKnownGood(session.backupSsm.reader, history, session);
  if (look.kind === 'Unreadable') throw look.error;
  const found = findLoss(look, history, session);
  const outcome = (ok: boolean, accepted: boolean): Outcome => ({
    ok,
    report: { parameterName, accepted, version, loss: found?.loss ?? null },
  });
  if (!found) {
    terminal.print(`${parameterName}: version ${version} has lost no key. There is nothing to accept.`);
    return outcome(true, false);
  }
  terminal.print(
    `${parameterName}: version ${version} ${describeLoss(found.loss, Number.POSITIVE_INFINITY)}`,
  );
  if (isPath(parameterName)) return outcome(false, acceptByHand(session, found.keys));
  if (!(await terminal.confirm('Accept their loss?'))) {
    terminal.print('Nothing was accepted.');
    return outcome(false, false);
  }
  await giveUp(session, current, found.keys);
  terminal.print(`Accepted. Once version ${version} is seen to work, it becomes the known-good one.`);
  return outcome(true, true);
}

/** Below a path, the copy tells what is lost, and nothing here deletes a parameter. */
function acceptByHand(
  { terminal, backupParameterName, backupRegion }: Session,
  keys: readonly string[],
): false {
  terminal.print('If they may go, take them out of the copy, and their history with them:');
  for (const command of deleteCommands(backupParameterName ?? '', keys, backupRegion))
    terminal.print(`  ${command}`);
  return false;
}
