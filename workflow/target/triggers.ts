/** `triggers`, `pauses` and `approval` of a target: when a recovery starts, and when it goes on. */
import * as v from 'valibot';
import { longestWindowHours } from '../pauses.ts';
import { alarmName, changeCalendar, checkedBy, whole } from './fields.ts';
import { faultOfSchedule } from './schedule.ts';

/** The state machine leaves this much time for it. */
export const maxApprovalMinutes = 12 * 60;
export const defaultApprovalMinutes = 60;

/** An alarm by its name, or with what it starts a recovery by besides its ALARM. */
const StartingAlarm = v.pipe(
  // Not a union, which would keep for itself what is wrong with a name.
  v.lazy((given) =>
    typeof given === 'object' && given !== null
      ? v.strictObject({ name: alarmName, onInsufficientData: v.optional(v.boolean(), false) })
      : alarmName,
  ),
  v.transform((alarm) => (typeof alarm === 'string' ? { name: alarm, onInsufficientData: false } : alarm)),
);

export const Triggers = v.optional(
  v.strictObject({
    act: v.optional(v.picklist(['recover', 'plan']), 'recover'),
    /** By default where there is a metric. */
    heartbeat: v.optional(v.boolean()),
    alarms: v.optional(v.array(StartingAlarm), []),
    parameterChange: v.optional(v.boolean(), true),
    schedule: v.optional(
      v.union(
        [v.literal(false), checkedBy(faultOfSchedule)],
        'expected rate(…) or cron(…), as EventBridge writes a schedule, or false',
      ),
      'rate(1 hour)',
    ),
  }),
  {},
);

export const Pauses = v.optional(
  v.strictObject({
    cooldownMinutes: v.optional(whole(0, 24 * 60), 10),
    maxFailures: v.optional(whole(1, 10), 3),
    windowHours: v.optional(whole(1, longestWindowHours), 6),
    changeCalendars: v.optional(v.array(changeCalendar), []),
  }),
  {},
);

export const Approval = v.optional(
  v.strictObject({ withinMinutes: v.optional(whole(1, maxApprovalMinutes), defaultApprovalMinutes) }),
);
