import type { Recovery } from '../../../workflow/commands.ts';
import type { ErrorName } from '../../../workflow/errors.ts';
import { startNotification } from '../../../workflow/messages.ts';
import type { PlanOnly, RecoveryPlan } from '../../../workflow/plan.ts';
import { planNotification } from '../../../workflow/plan-message.ts';
import { RecoveryError } from '../../../workflow/recovery-error.ts';
import type { Request } from '../../../workflow/request.ts';

const problem = (error: ErrorName, found: string) => ({
  error,
  message: new RecoveryError(error, found).message,
});

/** What is told of plans that nobody carries out by itself, or that can't succeed as things are. */
export function planExamples(recovery: Recovery, request: Request, plan: RecoveryPlan) {
  const because = (planOnly: PlanOnly) =>
    planNotification(recovery, request, { ...plan, decision: 'TellPlan', planOnly });
  const withProblems: RecoveryPlan = {
    ...plan,
    restore: null,
    deploy: {
      documentName: 'env-recovery-academy-api-deploy',
      instanceIds: [],
      commands: [],
      problem: problem('NoInstances', 'no instance that SSM manages is tagged Name=academy-api.'),
    },
    function: {
      functionName: 'academy-worker-queue-depth-metric',
      revisionId: null,
      setKeys: [],
      removedKeys: [],
      problem: problem(
        'FunctionNotFound',
        'function academy-worker-queue-depth-metric does not exist in this region.',
      ),
    },
  };
  return {
    'planned-only': because({ why: 'ActIsPlan' }),
    frozen: because({ why: 'Frozen', calendars: ['academy-freeze'], until: '2026-01-02T00:00:00Z' }),
    'frozen-without-end': because({ why: 'Frozen', calendars: ['academy-freeze', 'shared'], until: null }),
    'started-without-a-calendar': startNotification(recovery, request, {
      ...plan,
      calendarProblem: problem(
        'AwsRejected',
        'ssm:GetCalendarState on change calendar academy-freeze: refused by AWS as InvalidDocument.',
      ),
    }),
    'started-with-problems': startNotification(
      recovery,
      { ...request, trigger: 'parameter', reason: 'Update of /academy/api/env' },
      withProblems,
    ),
  };
}
