/** What a person is told of a recovery that had less to do, or nothing. */
import type { Recovery } from '../../../workflow/commands.ts';
import { endNotification } from '../../../workflow/end-message.ts';
import type { RecoveryReport } from '../../../workflow/report.ts';

export const endExamples = (recovery: Recovery, report: RecoveryReport) => ({
  'recovered-without-restore': endNotification(recovery, {
    ...report,
    trigger: 'operator',
    reason: 'after the rotation',
    durationSeconds: 4000,
    env: {
      ...report.env,
      finding: 'Complete',
      restoredKeys: [],
      versionAfter: 41,
      keyCountAfter: 13,
      notes: [],
    },
    deployment: null,
  }),
  'alarm-for-nothing': endNotification(recovery, {
    ...report,
    outcome: 'Healthy',
    env: { ...report.env, finding: 'Complete', restoredKeys: [], versionAfter: 41, notes: [] },
    deployment: null,
  }),
});
