/** `triggers`, `pauses` and `approval` of a target: when a recovery starts, and when it goes on. */
import * as v from 'valibot';
import { longestWindowHours } from '../pauses.ts';
import { alarmName, checkedBy, whole } from './fields.ts';
import { faultOfSchedule } from './schedule.ts';

/** The state machine leaves this much time for it. */
export const maxApprovalMinutes = 12 * 60;
export const defaultApprovalMinutes = 60;

export const Triggers = v.optional(
  v.strictObject({
    /** By default where there is a metric. */
    heartbeat: v.optional(v.boolean()),
    alarms: v.optional(v.array(alarmName), []),
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
  }),
  {},
);

export const Approval = v.optional(
  v.strictObject({ withinMinutes: v.optional(whole(1, maxApprovalMinutes), defaultApprovalMinutes) }),
);
