/** The end of a run, in the order that loses nothing: free the lease, tell a person, remember that they were told. */
import type { SNSClient } from '@aws-sdk/client-sns';
import { endLease, type LeaseDoor } from '../../aws/lease-table.ts';
import { publish } from '../../aws/topic.ts';
import type { Endings } from '../../workflow/ledger.ts';
import type { Notification } from '../../workflow/messages.ts';
import type { NewEnding, Run } from '../../workflow/pauses.ts';

export interface EndServices {
  readonly lease: LeaseDoor;
  readonly sns: SNSClient;
  readonly topicArn: string;
}

/**
 * Gives the lease of a run back and tells a person once how it ended. It can be repeated if telling fails; a person is
 * told twice only if remembering fails.
 *
 * @param message what a person is told, made when it is needed and the lease is free; without it nobody has to be
 *   told.
 * @returns what became of the message: `NotNeeded` if there is none.
 * @throws RecoveryError as `endLease` and `publish`; the lease is free if it is `publish`.
 */
export async function endRun(
  { lease, sns, topicArn }: EndServices,
  run: Run,
  ending: Omit<NewEnding, 'told'>,
  message: ((endings: Endings) => Notification | Promise<Notification>) | undefined,
): Promise<'Told' | 'AlreadyTold' | 'NotNeeded'> {
  const endings = await endLease(lease, run, { ...ending, told: !message });
  if (!message) return 'NotNeeded';
  if (endings.own.told) return 'AlreadyTold';
  await publish(sns, topicArn, await message(endings));
  await endLease(lease, run, { ...ending, told: true });
  return 'Told';
}
