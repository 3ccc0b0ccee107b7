/** The messages of a target whose metric function is invoked by an alias. */
import type { Recovery } from '../../../workflow/commands.ts';
import { endNotification } from '../../../workflow/end-message.ts';
import { type Notification, startNotification } from '../../../workflow/messages.ts';
import type { PlannedFunction, RecoveryPlan } from '../../../workflow/plan.ts';
import type { RecoveryReport } from '../../../workflow/report.ts';
import type { Request } from '../../../workflow/request.ts';

/** The same recovery as in the other messages, but for the function; and one that only had to move the alias. */
export const aliasExamples = (
  recovery: Recovery,
  request: Request,
  plan: RecoveryPlan & { readonly function: PlannedFunction },
  report: RecoveryReport & { readonly function: NonNullable<RecoveryReport['function']> },
): Readonly<Record<string, Notification>> => ({
  'started-with-an-alias': startNotification(recovery, request, {
    ...plan,
    function: { ...plan.function, aliasMove: { name: 'live', fromVersion: '7', toVersion: null } },
  }),
  'recovered-alias-only': endNotification(recovery, {
    ...report,
    env: {
      ...report.env,
      finding: 'Complete',
      restoredKeys: [],
      versionAfter: 41,
      keyCountAfter: 13,
      notes: [],
    },
    found: { finding: 'Healthy', httpStatus: 200 },
    deployment: null,
    function: {
      ...report.function,
      setKeys: [],
      removedKeys: [],
      aliasMove: { name: 'live', fromVersion: '7', toVersion: '8' },
    },
  }),
});
