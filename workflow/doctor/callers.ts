/** Whatever is set up to invoke the metric function: rules of EventBridge, and schedules of EventBridge Scheduler. */
import { broken, type Check, seenIn } from './checks.ts';
import type { CallerFacts, Facts, ScheduleFacts, ScheduleUpdate } from './facts.ts';
import { allowCommand, roleNameOf } from './role-command.ts';

export interface Caller {
  /** `rule …` or `schedule …`. */
  readonly what: string;
  readonly alias?: string | undefined;
  readonly isEnabled: boolean;
  readonly schedule: string | null;
  /** What is said of it if it is all that there is, and not enabled. */
  readonly disabled: Check;
  /** What lets it invoke the function, with placeholders. */
  readonly permit: readonly string[];
}

/** Those that were seen. */
export const callersIn = ({
  callers,
  schedules,
}: Pick<Facts, 'callers' | 'schedules'>): readonly Caller[] => [
  ...(seenIn(callers) ?? []).map(ofRule),
  ...((schedules && seenIn(schedules))?.schedules ?? []).map(ofSchedule),
];

/** The permission of a function for a rule has a name of its own, so that it can be given again. */
export const permitRule =
  'aws lambda add-permission --function-name <invoked-function> --statement-id <rule> --action lambda:InvokeFunction --principal events.amazonaws.com --source-arn <rule-arn>';

const ofRule = ({ rule, alias, isEnabled, schedule }: CallerFacts): Caller => ({
  what: `rule ${rule}`,
  alias,
  isEnabled,
  schedule,
  disabled: broken('ScheduleDisabled', `rule ${rule} is disabled`, { rule }),
  permit: [permitRule],
});

function ofSchedule(facts: ScheduleFacts): Caller {
  const { name, group, alias, state, schedule, roleArn, update } = facts;
  const what = `schedule ${group}/${name}`;
  const names = {
    schedule: name,
    'schedule-group': group,
    ...(roleArn === null ? {} : { 'role-arn': roleArn }),
  };
  const says = state === 'Over' ? `the end date of ${what} has passed` : `${what} is disabled`;
  return {
    what,
    alias,
    isEnabled: state === 'Enabled',
    schedule,
    disabled: broken('SchedulerDisabled', says, names, update === null ? [] : enable(update)),
    permit: roleArn === null || update === null ? [] : allow(roleArn, update.targetArn),
  };
}

const allow = (roleArn: string, resource: string) =>
  allowCommand(roleArn, `invoke-${roleNameOf(roleArn)}`.slice(0, 128), {
    actions: ['lambda:InvokeFunction'],
    resource,
    context: {},
  });

/** An update has to have all that the schedule has. */
function enable(update: ScheduleUpdate): readonly string[] {
  const { expression, timezone, window, targetArn, roleArn, deadLetterArn, retries } = update;
  const target = [
    `Arn=${targetArn}`,
    `RoleArn=${roleArn}`,
    ...(deadLetterArn === null ? [] : [`DeadLetterConfig={Arn=${deadLetterArn}}`]),
    `RetryPolicy={MaximumEventAgeInSeconds=${retries.maximumAgeSeconds},MaximumRetryAttempts=${retries.attempts}}`,
  ].join(',');
  const command = [
    'aws scheduler update-schedule --name <schedule> --group-name <schedule-group> --state ENABLED',
    `--schedule-expression "${expression}" --schedule-expression-timezone "${timezone}"`,
    `--flexible-time-window "${window === null ? 'Mode=OFF' : `Mode=FLEXIBLE,MaximumWindowInMinutes=${window}`}"`,
    `--target "${target}"`,
  ].join(' ');
  // Nothing of it is more than text for a shell: AWS takes only such names and expressions.
  return /^[\w ./:(),{}=*?#"<>+@-]+$/.test(command) ? [command] : [];
}
