/** What the doctor makes of who is set up to invoke the metric function. */
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import type { Facts, ScheduleFacts } from '../../workflow/doctor/facts.ts';
import { doctorTarget, healthyFacts, scheduleOf, seen, stopped, unseen } from '../support/healthy-facts.ts';

const none = { callers: seen([]), invocations: seen(0) } satisfies Partial<Facts>;
const schedules = (...found: readonly ScheduleFacts[]) => ({
  schedules: seen({ isWhole: true, schedules: found }),
});
const judged = (part: Partial<Facts>, of = doctorTarget()) => {
  const { links, causes } = diagnose(healthyFacts(part), of);
  const link = links.find((one) => one.link === 'schedule');
  return {
    state: link?.state,
    seen: link?.seen,
    codes: link?.findings.map(({ code }) => code),
    cause: causes[0],
  };
};

describe('a schedule of EventBridge Scheduler', () => {
  it('is named with its expression, and with the alias that it invokes', () => {
    const part = schedules(scheduleOf({ group: 'jobs', alias: 'live' }));
    const target = doctorTarget({ metricFunction: { name: 'metric', answerPath: 'count', alias: 'live' } });
    expect(judged({ callers: seen([]), ...part }, target).seen).toContain(
      'schedule jobs/count invokes its alias live, rate(1 minute)',
    );
  });

  it('that invokes an alias which the target does not name is found', () => {
    const { causes } = diagnose(healthyFacts(schedules(scheduleOf({ alias: 'old' }))), doctorTarget());
    expect(causes.map(({ code, says }) => [code, says])).toEqual([
      [
        'AliasNotNamed',
        expect.stringContaining('schedule default/count invokes alias old of function metric'),
      ],
    ]);
  });

  it('is enabled again with all that it has', () => {
    const { cause } = judged({ ...stopped, ...none, ...schedules(scheduleOf({ state: 'Disabled' })) });
    expect(cause).toMatchObject({
      code: 'SchedulerDisabled',
      names: { schedule: 'count', 'schedule-group': 'default' },
      commands: [
        'aws scheduler update-schedule --name <schedule> --group-name <schedule-group> --state ENABLED --schedule-expression "rate(1 minute)" --schedule-expression-timezone "UTC" --flexible-time-window "Mode=OFF" --target "Arn=arn:aws:lambda:ap-northeast-2:111122223333:function:metric,RoleArn=arn:aws:iam::111122223333:role/scheduler,RetryPolicy={MaximumEventAgeInSeconds=86400,MaximumRetryAttempts=185}"',
      ],
    });
  });

  it.each<[string, Partial<ScheduleFacts>, RegExp]>([
    ['has more than that', { state: 'Disabled', update: null }, /is disabled$/],
    ['is over', { state: 'Over', update: null }, /^the end date of schedule default\/count has passed$/],
  ])('that %s is left to a person', (_what, part, says) => {
    const { cause } = judged({ ...stopped, ...none, ...schedules(scheduleOf(part)) });
    expect(cause).toMatchObject({
      code: 'SchedulerDisabled',
      commands: [],
      says: expect.stringMatching(says),
    });
  });

  it('that is disabled is no cause while another caller invokes', () => {
    const disabled = schedules(scheduleOf({ state: 'Disabled' }));
    expect(judged({ ...disabled, callers: seen([]) }).state).toBe('ok');
    expect(judged({ ...stopped, invocations: seen(0), ...disabled }).codes).toEqual(['FunctionNotInvoked']);
  });
});

describe('nobody who invokes it', () => {
  it('is said only if everything was looked at', () => {
    const nobody = /^no enabled rule of EventBridge or schedule of EventBridge Scheduler invokes it/;
    const says = (part: Partial<Facts>) => judged({ ...none, ...part }).seen?.some((one) => nobody.test(one));
    expect(says(schedules())).toBe(true);
    expect(says({})).toBe(false);
    expect(says({ schedules: seen({ isWhole: false, schedules: [] }) })).toBe(false);
    expect(says({ schedules: unseen('scheduler:ListSchedules is not allowed', 'NotAllowed') })).toBe(false);
  });

  it('is cured by a rule of its own, or by the stack if that has one', () => {
    const commands = judged({ ...stopped, ...none, ...schedules() }).cause?.commands ?? [];
    expect(commands.map((one) => one.split(' ').slice(0, 3).join(' '))).toEqual([
      'aws events put-rule',
      'aws lambda add-permission',
      'aws events put-targets',
    ]);
    expect(judged({ ...stopped, ...none }).cause?.commands).toEqual([]);
    const queues = { ai: 'ai', video: 'video', messaging: 'messaging' };
    const ofStack = doctorTarget({
      metricFunction: {
        name: 'metric',
        answerPath: 'video_backlog_count',
        set: { VIDEO_BACKLOG_API_INTERNAL: 'https://api.example.com/count/' },
        setFromEnv: { LAMBDA_INTERNAL_API_KEY: 'INTERNAL_KEY' },
        deploy: true,
        schedule: true,
        queues,
      },
    });
    expect(judged({ ...stopped, ...none, ...schedules() }, ofStack).cause?.commands).toEqual([
      'npm run deploy -- --param target=<target>',
    ]);
  });

  it('though somebody is set up to, lacks a permission', () => {
    const rule = { rule: 'each-minute', isEnabled: true, schedule: 'rate(1 minute)' };
    const byRule = judged({ ...stopped, invocations: seen(0), callers: seen([rule]), ...schedules() });
    expect(byRule.cause).toMatchObject({
      names: { rule: 'each-minute' },
      commands: [expect.stringMatching(/^aws lambda add-permission .* --source-arn <rule-arn>$/)],
    });
    const bySchedule = judged({ ...stopped, ...none, ...schedules(scheduleOf()) });
    expect(bySchedule.cause?.commands).toEqual([
      expect.stringMatching(/^aws iam put-role-policy --role-name scheduler .*lambda:InvokeFunction/),
    ]);
  });
});
