/** The messages of targets whose metric function is invoked by an alias, or that have none. */
import type { Recovery } from '../../../workflow/commands.ts';
import { endNotification } from '../../../workflow/end-message.ts';
import { type Notification, startNotification } from '../../../workflow/messages.ts';
import type { PlannedFunction, RecoveryPlan } from '../../../workflow/plan.ts';
import type { RecoveryReport } from '../../../workflow/report.ts';
import type { Request } from '../../../workflow/request.ts';

type Plan = RecoveryPlan & { readonly function: PlannedFunction };
type Report = RecoveryReport & { readonly function: NonNullable<RecoveryReport['function']> };

/** The same recovery as in the other messages, but for the function. */
export const functionExamples = (
  recovery: Recovery,
  request: Request,
  plan: Plan,
  report: Report,
): Readonly<Record<string, Notification>> => ({
  ...aliasExamples(recovery, request, plan, report),
  ...healthOnlyExamples(recovery, request, plan, report),
});

/** Also of a recovery that only had to move the alias. */
const aliasExamples = (recovery: Recovery, request: Request, plan: Plan, report: Report) => ({
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

function healthOnlyExamples(recovery: Recovery, request: Request, plan: Plan, report: Report) {
  const noScaling = { ...report, scaling: null, callers: null };
  const healthy: RecoveryReport = {
    ...noScaling,
    endpoint: { httpStatus: 200, backlog: null },
    function: null,
    metric: null,
    proven: ['endpoint'],
    notProven: ['backlog', 'datapoint'],
  };
  const publishedByOthers: RecoveryReport = { ...noScaling, function: null };
  const nothing: Pick<RecoveryReport, 'outcome' | 'env' | 'deployment'> = {
    outcome: 'Healthy',
    env: { ...report.env, finding: 'Complete', restoredKeys: [], versionAfter: 41, notes: [] },
    deployment: null,
  };
  return {
    'started-health-only': startNotification(recovery, request, { ...plan, function: null }),
    'recovered-health-only': endNotification(recovery, healthy),
    'recovered-without-a-metric': endNotification(recovery, {
      ...noScaling,
      endpoint: { httpStatus: 200, backlog: null },
      metric: null,
      proven: ['endpoint', 'backlog'],
      notProven: ['datapoint'],
    }),
    'recovered-without-a-function': endNotification(recovery, publishedByOthers),
    'alarm-for-nothing-health-only': endNotification(recovery, { ...healthy, ...nothing }),
    'alarm-for-nothing-without-a-function': endNotification(recovery, { ...publishedByOthers, ...nothing }),
    'alarm-for-nothing-without-a-metric': endNotification(recovery, {
      ...noScaling,
      ...nothing,
      metric: null,
      proven: ['endpoint', 'backlog'],
      notProven: ['datapoint'],
    }),
  };
}
