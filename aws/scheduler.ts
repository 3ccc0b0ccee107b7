/** The schedules of EventBridge Scheduler that invoke a function. For `recover doctor` alone. */
import {
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  ListSchedulesCommand,
  SchedulerClient,
  type SchedulerClientConfig,
  type ScheduleSummary,
} from '@aws-sdk/client-scheduler';
import * as v from 'valibot';
import type { ScheduleFacts, SchedulesFacts, ScheduleUpdate } from '../workflow/doctor/facts.ts';
import { callAws, readerConfig, required } from './call.ts';

export const openScheduler = (config: SchedulerClientConfig = {}) =>
  new SchedulerClient({ ...readerConfig(), ...config });

/** The most pages of a hundred schedules that are read: some accounts have a schedule for each customer. */
const mostPages = 50;

/** A schedule can call any operation of AWS, with the operation's input: "Using universal targets" in its guide. */
const universalInvoke = /^arn:[^:]+:scheduler:::aws-sdk:lambda:invoke$/i;

/** @param functionArn without a qualifier. */
export async function readSchedules(
  client: SchedulerClient,
  functionArn: string,
  nowMs: number,
): Promise<SchedulesFacts> {
  const { summaries, isWhole } = await listSchedules(client);
  const candidates = summaries.filter(
    ({ Target: { Arn = '' } = { Arn: '' } }) =>
      aliasIn(Arn, functionArn) !== undefined || universalInvoke.test(Arn),
  );
  const found = await Promise.all(candidates.map((summary) => readSchedule(client, summary)));
  return {
    isWhole,
    schedules: found.flatMap((schedule) => {
      if (!schedule) return [];
      const alias = aliasIn(invokedBy(schedule), functionArn);
      return alias === undefined ? [] : [scheduleFacts(schedule, alias, nowMs)];
    }),
  };
}

/**
 * @param invoked as Lambda takes it: an ARN, `<account>:function:<name>` or a name.
 * @returns the qualifier in it, `''` without one; `undefined` if it is not the function.
 */
function aliasIn(invoked: string, functionArn: string): string | undefined {
  const whole = invoked.startsWith('arn:') ? functionArn : (functionArn.split(':').at(-1) ?? '');
  const given = invoked.replace(/^\d{12}:function:/, '');
  if (given === whole) return '';
  if (!given.startsWith(`${whole}:`)) return undefined;
  const qualifier = given.slice(whole.length + 1);
  return qualifier === '$LATEST' ? '' : qualifier;
}

async function listSchedules(
  client: SchedulerClient,
): Promise<{ readonly summaries: readonly ScheduleSummary[]; readonly isWhole: boolean }> {
  const call = { action: 'scheduler:ListSchedules', resource: 'the schedules of this region' };
  const summaries: ScheduleSummary[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const input = { MaxResults: 100, ...(nextToken === undefined ? {} : { NextToken: nextToken }) };
    const { Schedules, NextToken } = await callAws(call, () => client.send(new ListSchedulesCommand(input)));
    summaries.push(...required(call, 'Schedules', Schedules));
    nextToken = NextToken;
    if (nextToken === undefined) return { summaries, isWhole: true };
  }
  return { summaries, isWhole: false };
}

/** @returns `undefined` if it was deleted meanwhile. */
function readSchedule(
  client: SchedulerClient,
  { Name, GroupName }: ScheduleSummary,
): Promise<GetScheduleCommandOutput | undefined> {
  return callAws<GetScheduleCommandOutput | undefined>(
    { action: 'scheduler:GetSchedule', resource: `schedule ${GroupName}/${Name}` },
    () => client.send(new GetScheduleCommand({ Name, GroupName })),
    { ResourceNotFoundException: () => undefined },
  );
}

const UniversalInput = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ FunctionName: v.string(), Qualifier: v.optional(v.string()) }),
);

/** The function that a schedule invokes, in any form that Lambda takes, with its qualifier; empty if it is none. */
function invokedBy({ Target }: GetScheduleCommandOutput): string {
  if (!universalInvoke.test(Target?.Arn ?? '')) return Target?.Arn ?? '';
  const input = v.safeParse(UniversalInput, Target?.Input);
  if (!input.success) return '';
  const { FunctionName, Qualifier } = input.output;
  return Qualifier === undefined ? FunctionName : `${FunctionName}:${Qualifier}`;
}

function scheduleFacts(found: GetScheduleCommandOutput, alias: string, nowMs: number): ScheduleFacts {
  const { Name = '', GroupName = 'default', State, EndDate, Target } = found;
  const isOver = EndDate !== undefined && EndDate.getTime() <= nowMs;
  return {
    name: Name,
    group: GroupName,
    ...(alias === '' ? {} : { alias }),
    state: State === 'DISABLED' ? 'Disabled' : isOver ? 'Over' : 'Enabled',
    schedule: found.ScheduleExpression ?? '',
    roleArn: Target?.RoleArn ?? null,
    update: updateOf(found),
  };
}

/**
 * What an update that only enables it has to say again, since an update sets all that it leaves out back to the default.
 *
 * @returns `null` if there is more to it. An input may be a secret, and is never shown.
 */
function updateOf(found: GetScheduleCommandOutput): ScheduleUpdate | null {
  const { ScheduleExpression, ScheduleExpressionTimezone, FlexibleTimeWindow, Target } = found;
  const { StartDate, EndDate, Description, KmsKeyArn, ActionAfterCompletion = 'NONE' } = found;
  if (ScheduleExpression === undefined || Target?.Arn === undefined || Target.RoleArn === undefined)
    return null;
  const { Arn, RoleArn, RetryPolicy, DeadLetterConfig, ...more } = Target;
  const others = [StartDate, EndDate, Description, KmsKeyArn, ...Object.values(more)];
  if (others.some((one) => one !== undefined && one !== '') || ActionAfterCompletion !== 'NONE') return null;
  return {
    expression: ScheduleExpression,
    timezone: ScheduleExpressionTimezone ?? 'UTC',
    window: FlexibleTimeWindow?.MaximumWindowInMinutes ?? null,
    targetArn: Arn,
    roleArn: RoleArn,
    deadLetterArn: DeadLetterConfig?.Arn ?? null,
    retries: {
      maximumAgeSeconds: RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
      attempts: RetryPolicy?.MaximumRetryAttempts ?? 185,
    },
  };
}
