/** EventBridge Scheduler: schedules that are shown and changed. None of them runs here. */
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { arn } from '../template.ts';

const Target = v.looseObject({
  Arn: v.string(),
  RoleArn: v.string(),
  Input: v.optional(v.string()),
  RetryPolicy: v.optional(
    v.object({
      MaximumEventAgeInSeconds: v.optional(v.number(), 86_400),
      MaximumRetryAttempts: v.optional(v.number(), 185),
    }),
    {},
  ),
});

/** Whatever a call leaves out has its default. */
const Settings = v.object({
  GroupName: v.optional(v.string(), 'default'),
  ScheduleExpression: v.pipe(v.string(), v.regex(/^(rate|cron|at)\(.+\)$/)),
  ScheduleExpressionTimezone: v.optional(v.string(), 'UTC'),
  State: v.optional(v.picklist(['ENABLED', 'DISABLED']), 'ENABLED'),
  Description: v.optional(v.string()),
  /** In seconds since the epoch. */
  StartDate: v.optional(v.number()),
  EndDate: v.optional(v.number()),
  ActionAfterCompletion: v.optional(v.picklist(['NONE', 'DELETE']), 'NONE'),
  FlexibleTimeWindow: v.object({
    Mode: v.picklist(['OFF', 'FLEXIBLE']),
    MaximumWindowInMinutes: v.optional(v.number()),
  }),
  Target,
});
export type NewSchedule = v.InferInput<typeof Settings>;
interface Schedule extends v.InferOutput<typeof Settings> {
  readonly Name: string;
  readonly CreationDate: Date;
  readonly LastModificationDate: Date;
}

const keyOf = (name: string, group: string) => `${group}/${name}`;
const arnOf = ({ Name, GroupName }: Schedule) => arn('scheduler', `schedule/${keyOf(Name, GroupName)}`);

export class Schedules {
  readonly #schedules = new Map<string, Schedule>();
  /** How many a page has if the request doesn't say. */
  pageSize = 100;

  put(Name: string, settings: NewSchedule): Schedule {
    const parsed = v.parse(Settings, settings);
    const now = new Date();
    const before = this.#schedules.get(keyOf(Name, parsed.GroupName));
    const schedule = {
      ...parsed,
      Name,
      CreationDate: before?.CreationDate ?? now,
      LastModificationDate: now,
    };
    this.#schedules.set(keyOf(Name, parsed.GroupName), schedule);
    return schedule;
  }

  all(): readonly Schedule[] {
    return [...this.#schedules.values()];
  }

  /** @throws AwsError ResourceNotFoundException. */
  find(name: string, group: string): Schedule {
    const found = this.#schedules.get(keyOf(name, group));
    if (!found) throw new AwsError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
    return found;
  }
}

/** A number in the query of a URL. */
const InQuery = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number), v.minValue(1), v.maxValue(100));

export function schedulerService(schedules: Schedules): Service {
  return {
    targetPrefix: 'Scheduler',
    operations: {
      ListSchedules: operation(
        v.object({
          ScheduleGroup: v.optional(v.string()),
          NamePrefix: v.optional(v.string(), ''),
          State: v.optional(v.string()),
          MaxResults: v.optional(InQuery),
          NextToken: v.optional(v.string(), '0'),
        }),
        ({ ScheduleGroup, NamePrefix, State, MaxResults = schedules.pageSize, NextToken }) => {
          const wanted = schedules
            .all()
            .filter((one) => ScheduleGroup === undefined || one.GroupName === ScheduleGroup)
            .filter((one) => one.Name.startsWith(NamePrefix) && (State ?? one.State) === one.State);
          const to = Number(NextToken) + Math.min(MaxResults, schedules.pageSize);
          return {
            Schedules: wanted.slice(Number(NextToken), to).map((one) => ({
              Arn: arnOf(one),
              Name: one.Name,
              GroupName: one.GroupName,
              State: one.State,
              CreationDate: one.CreationDate,
              LastModificationDate: one.LastModificationDate,
              Target: { Arn: one.Target.Arn },
            })),
            ...(to < wanted.length ? { NextToken: String(to) } : {}),
          };
        },
      ),

      GetSchedule: operation(
        v.object({ Name: v.string(), groupName: v.optional(v.string(), 'default') }),
        ({ Name, groupName }) => {
          const found = schedules.find(Name, groupName);
          return { ...found, Arn: arnOf(found) };
        },
      ),

      UpdateSchedule: operation(v.looseObject({ Name: v.string() }), ({ Name, ...given }) => {
        const settings = v.safeParse(Settings, given);
        if (!settings.success) throw new AwsError('ValidationException', 'the schedule is not valid');
        schedules.find(Name, settings.output.GroupName);
        return { ScheduleArn: arnOf(schedules.put(Name, settings.output)) };
      }),
    },
  };
}
