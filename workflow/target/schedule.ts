/**
 * Schedules as rules of EventBridge write them, all of UTC:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html. The other kinds of cron have
 * five fields, count the days of the week from 0, or know no `?`.
 */

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Instead of the numbers, from `least` on. */
  readonly names?: readonly string[];
  /** What else can stand there, alone. */
  readonly wildcards?: RegExp;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const fields: readonly Field[] = [
  { name: 'minutes', least: 0, most: 59 },
  { name: 'hours', least: 0, most: 23 },
  {
    name: 'day-of-month',
    least: 1,
    most: 31,
    wildcards: /^(\?|L|LW|([1-9]|[12]\d|3[01])W)$/,
  },
  { name: 'month', least: 1, most: 12, names: months },
  {
    name: 'day-of-week',
    least: 1,
    most: 7,
    names: days,
    wildcards: /^(\?|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)?L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5])$/,
  },
  { name: 'year', least: 1970, most: 2199 },
];

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html, `ScheduleExpression`. */
const maxLength = 256;

/** What is wrong with a schedule of EventBridge, as a message; `undefined` for nothing. */
export function faultOfSchedule(schedule: string): string | undefined {
  if (schedule.length > maxLength) return `expected at most ${maxLength} characters`;
  const [, kind, content = ''] = /^(rate|cron)\(\s*(.+?)\s*\)$/.exec(schedule) ?? [];
  if (kind === 'rate') return faultOfRate(content);
  if (kind === 'cron') return faultOfCron(content.split(/\s+/));
  return 'expected rate(…) or cron(…), as EventBridge writes a schedule';
}

function faultOfRate(content: string): string | undefined {
  const [, count, unit, plural] = /^([1-9]\d*)\s+(minute|hour|day)(s?)$/.exec(content) ?? [];
  if (count === undefined)
    return 'expected a rate such as rate(1 hour) or rate(30 minutes): a whole number of minutes, hours or days';
  const isPlural = plural === 's';
  if ((count === '1') !== isPlural) return undefined;
  return `expected rate(${count} ${unit}${isPlural ? '' : 's'}): EventBridge wants the singular after 1, and else the plural`;
}

function faultOfCron(parts: readonly string[]): string | undefined {
  if (parts.length !== fields.length)
    return `expected six fields in cron(…), not ${parts.length}: ${fields.map(({ name }) => name).join(' ')}, such as cron(0/5 * * * ? *)`;
  for (const [index, field] of fields.entries()) {
    const isKnown = isKnownTo(field, (parts[index] ?? '').toUpperCase());
    if (!isKnown)
      return `${field.name} in cron(…): expected ${field.least}-${field.most}${field.names ? ` or ${field.names[0]}-${field.names.at(-1)}` : ''}, with the wildcards of EventBridge`;
  }
  if ((parts[2] === '?') === (parts[4] === '?'))
    return 'expected a ? in cron(…) as either day-of-month or day-of-week, and not as both';
  return undefined;
}

function isKnownTo(field: Field, part: string): boolean {
  return field.wildcards?.test(part) || part.split(',').every((item) => isItemOf(field, item));
}

/** `*`, a value, a range `1-5`, or one of them with an increment, `0/15`. */
function isItemOf(field: Field, item: string): boolean {
  const [range = '', step, ...rest] = item.split('/');
  if (rest.length > 0 || (step !== undefined && !isWithin(step, 1, field.most))) return false;
  if (range === '*') return true;
  const ends = range.split('-');
  return ends.length <= 2 && ends.every((end) => isValueOf(field, end));
}

const isValueOf = ({ least, most, names = [] }: Field, value: string): boolean =>
  names.includes(value) || isWithin(value, least, most);

const isWithin = (value: string, least: number, most: number): boolean =>
  /^\d{1,4}$/.test(value) && Number(value) >= least && Number(value) <= most;
