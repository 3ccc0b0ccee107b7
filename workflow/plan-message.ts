/** What a person is told of a plan that nobody carries out by itself. */
import { linkOf, type Recovery, startCommand } from './commands.ts';
import { diagnosisLine } from './doctor/summary.ts';
import { type Notification, paragraphs, planLines, reasonLine, subjectOf } from './messages.ts';
import type { PlanOnly, RecoveryPlan } from './plan.ts';
import type { Request } from './request.ts';

/** Sent by an execution that would have something to do, and only plans. */
export function planNotification(recovery: Recovery, request: Request, plan: RecoveryPlan): Notification {
  return {
    subject: subjectOf(recovery, 'recovery planned, but not started'),
    text: paragraphs(
      `env-recovery would repair ${recovery.target}, but it only plans: ${whyOnly(plan.planOnly)}`,
      [
        reasonLine({ request, ...plan }),
        ...(plan.diagnosis ? [diagnosisLine(plan.diagnosis)] : []),
        'What it would do',
        ...planLines(plan),
        `Plan:         ${plan.hash.slice(0, 12)}`,
      ],
      [`To start it:  ${startCommand(recovery)}`, `Execution:    ${linkOf(recovery)}`],
      'As long as this plan stays the same, you hear of it at most once in eight hours.',
    ),
  };
}

function whyOnly(planOnly: PlanOnly | undefined): string {
  if (planOnly?.why !== 'Frozen')
    return 'triggers.act in its target file is plan, so only a person starts a recovery.';
  const { calendars, until } = planOnly;
  return `changes are frozen ${until === null ? 'until further notice' : `until ${until}`}, by the change calendar ${calendars.join(' or ')}.`;
}
