/** What a person is told if a recovery may not have lasted. */
import { linkOf, type Recovery, recoverCommand, startCommand } from './commands.ts';
import { type Notification, paragraphs, startedBy, subjectOf } from './messages.ts';
import type { Ending, SkipReason } from './pauses.ts';
import type { Request } from './request.ts';
import { executionName } from './words.ts';

/**
 * Sent by an execution that an alarm has started in the pause after a recovery.
 *
 * @param after how that recovery ended.
 */
export function relapseNotification(
  recovery: Recovery,
  request: Pick<Request, 'trigger' | 'reason'>,
  after: Ending,
  { until }: Pick<SkipReason, 'until'>,
): Notification {
  const earlier = { ...recovery, execution: after };
  return {
    subject: subjectOf(recovery, 'alarm again, right after a recovery'),
    text: paragraphs(
      `${recovery.target} was recovered at ${after.endedAt}, but an alarm has fired since: perhaps that did not last. Nothing has been looked at or changed.`,
      [
        `Started by:   ${startedBy(request)}`,
        `Recovered by: ${executionName(after.arn)}`,
        `Pause:        no recovery starts by itself before ${until}`,
      ],
      [
        `To do:        Find out what is broken: ${recoverCommand('doctor', recovery)}`,
        `Start again:  ${startCommand(recovery)}`,
        `Before:       ${linkOf(earlier)}`,
        `Execution:    ${linkOf(recovery)}`,
      ],
    ),
  };
}
