import { faultOfSchedule } from '../../workflow/target/schedule.ts';

const sixFields = (count: number) =>
  `expected six fields in cron(…), not ${count}: minutes hours day-of-month month day-of-week year, such as cron(0/5 * * * ? *)`;
const oneQuestionMark = 'expected a ? in cron(…) as either day-of-month or day-of-week, and not as both';

it.each([
  'rate(1 minute)',
  'rate(12 hours)',
  'rate(1 day)',
  'cron(0 10 * * ? *)',
  'cron(*/5 * * * ? *)',
  'cron(0/10 8-17 ? * MON-FRI *)',
  'cron(0,30 0 1,15 * ? *)',
  'cron(0 18 ? * mon-fri *)',
  'cron(0 8 1W JAN,JUL ? 2026-2030)',
  'cron(0 8 L * ? *)',
  'cron(0 8 ? * 2#1 *)',
  'cron(15 10 ? * 6L 2199)',
])('%s is a schedule of EventBridge', (schedule) => {
  expect(faultOfSchedule(schedule)).toBeUndefined();
});

it.each<[schedule: string, told: string]>([
  ['every hour', 'expected rate(…) or cron(…), as EventBridge writes a schedule'],
  ['at(2026-01-01T00:00:00)', 'expected rate(…) or cron(…), as EventBridge writes a schedule'],
  ['rate(1 hours)', 'expected rate(1 hour): EventBridge wants the singular after 1, and else the plural'],
  ['rate(5 minute)', 'expected rate(5 minutes): EventBridge wants the singular after 1, and else the plural'],
  ...['rate(0 hours)', 'rate(30 seconds)', 'rate(hour)', 'rate(1.5 hours)'].map((rate): [string, string] => [
    rate,
    'expected a rate such as rate(1 hour) or rate(30 minutes): a whole number of minutes, hours or days',
  ]),
  ['cron(*/5 * * * *)', sixFields(5)],
  ['cron(0 0 0 * * ? *)', sixFields(7)],
  ['cron(0 0 1 * 1 *)', oneQuestionMark],
  ['cron(0 0 * * * *)', oneQuestionMark],
  ['cron(0 0 ? * ? *)', oneQuestionMark],
  ['cron(60 0 * * ? *)', 'minutes in cron(…): expected 0-59, with the wildcards of EventBridge'],
  ['cron(*/0 0 * * ? *)', 'minutes in cron(…): expected 0-59, with the wildcards of EventBridge'],
  ['cron(0 24 * * ? *)', 'hours in cron(…): expected 0-23, with the wildcards of EventBridge'],
  ['cron(0 0 32 * ? *)', 'day-of-month in cron(…): expected 1-31, with the wildcards of EventBridge'],
  ['cron(0 0 1 13 ? *)', 'month in cron(…): expected 1-12 or JAN-DEC, with the wildcards of EventBridge'],
  ['cron(0 0 ? * 0 *)', 'day-of-week in cron(…): expected 1-7 or SUN-SAT, with the wildcards of EventBridge'],
  [
    'cron(0 0 ? * 3#1,6#3 *)',
    'day-of-week in cron(…): expected 1-7 or SUN-SAT, with the wildcards of EventBridge',
  ],
  ['cron(0 0 * * ? 26)', 'year in cron(…): expected 1970-2199, with the wildcards of EventBridge'],
])('%s is none', (schedule, told) => {
  expect(faultOfSchedule(schedule)).toBe(told);
});
