import { linkOf, lossCommands, type Recovery, recoverCommand } from './commands.ts';
import { describeSource } from './good-version.ts';
import { lostNames } from './loss.ts';
import { type Notification, paragraphs, startedBy, subjectOf } from './messages.ts';
import type { RecoveryReport } from './report.ts';
import type { Loss } from './results.ts';
import { counted } from './words.ts';

/** Sent once at the end of an execution that had nothing to repair, but has found that keys are lost. */
export function lossNotification(recovery: Recovery, report: RecoveryReport, loss: Loss): Notification {
  const { keys, hiddenCount, since } = loss;
  const { parameterName, versionAfter } = report.env;
  const count = counted(keys.length + hiddenCount, 'key');
  const source = describeSource(loss.source);
  return {
    subject: subjectOf(recovery, `works, but has lost ${count}`),
    text: paragraphs(
      `${recovery.target} works, but its env has lost ${count} of ${source}. Nothing was changed.`,
      [
        `Lost:         ${lostNames(loss)}`,
        `Since:        version ${since.version} of ${parameterName}; the newest is version ${versionAfter}`,
        `Kept:         ${source}, from which a restore brings these keys back`,
        `Started by:   ${startedBy(report)}`,
      ],
      [
        `To do:        Find out who took them out: ${recoverCommand('env history', recovery)}`,
        ...lossCommands(recovery),
        `Execution:    ${linkOf(recovery)}`,
      ],
    ),
  };
}
