/** The link of the Auto Scaling group: facts in, checks out. */
import type { TargetScaling } from '../target.ts';
import { counted } from '../words.ts';
import { broken, type Check, judge, ok, seenIn } from './checks.ts';
import type { AlarmFacts, GroupFacts } from './facts.ts';
import { isAlarmHigh, isMetric, type ScalingFacts, type ScalingRule, stateOf } from './scaling-rules.ts';

/** Without these a group neither follows its policy nor replaces what fails. */
const neededProcesses = ['Launch', 'Terminate', 'AlarmNotification'];

export const group: ScalingRule = (facts, scaling) => {
  const { group: name } = scaling;
  if (facts.group === null) return [];
  return [
    ...judge(facts.group, (found) =>
      found ? sizeChecks(found, facts, scaling) : [broken('GroupMissing', `there is no group ${name}`)],
    ),
    ...(facts.activities === null
      ? []
      : judge(facts.activities, ([last]) => {
          if (!last) return [ok('it has no scaling activity yet')];
          return [
            last.status === 'Failed'
              ? broken('ActivityFailed', `the last scaling activity, of ${last.at}, failed: ${last.message}`)
              : ok(`its last scaling activity, of ${last.at}, is ${last.status}`),
          ];
        })),
    ...(facts.refreshes === null
      ? []
      : judge(facts.refreshes, ([last]) =>
          last ? [ok(`its last instance refresh, of ${last.at}, is ${last.status}`)] : [],
        )),
  ];
};

function sizeChecks(found: GroupFacts, facts: ScalingFacts, scaling: TargetScaling): readonly Check[] {
  const { group: name } = scaling;
  const { minSize, maxSize, desiredCapacity, suspendedProcesses } = found;
  const suspended = neededProcesses.filter((process) => suspendedProcesses.includes(process));
  const asking = (seenIn(facts.scalingAlarms) ?? []).filter(
    (alarm) => isAlarmHigh(alarm) && alarm.state === 'ALARM',
  );
  const size = `${sizeOf(name, found)}, ${minSize} to ${maxSize} allowed`;
  const unheard = asking.find((alarm) => isUnheard(alarm, facts));
  return [
    ...(suspended.length > 0
      ? [
          broken('GroupSuspended', `group ${name} has suspended ${suspended.join(', ')}`, {}, [
            `aws autoscaling resume-processes --auto-scaling-group-name <group> --scaling-processes ${suspended.join(' ')}`,
          ]),
        ]
      : []),
    desiredCapacity >= maxSize && asking.length > 0
      ? broken('GroupAtMax', `${size}, and more are asked for`)
      : unheard && !isWarmingUp(facts, scaling)
        ? broken('GroupNotFollowing', `alarm ${unheard.name} is ${stateOf(unheard)}; ${size}`)
        : ok(size),
  ];
}

export const sizeOf = (name: string, { inService, desiredCapacity }: GroupFacts): string =>
  `group ${name} has ${counted(inService, 'worker')} of ${desiredCapacity} wanted`;

/** What an alarm does takes seconds; an activity may show a moment later. */
const heardWithinMs = 60_000;

/** Whether an alarm has had time to act, and no activity has come after it. */
function isUnheard({ stateSince }: AlarmFacts, { activities, nowMs }: ScalingFacts): boolean {
  if (stateSince === null || !activities?.seen) return false;
  const [last] = activities.value;
  const sinceMs = Date.parse(stateSince);
  return nowMs - sinceMs > heardWithinMs && !(last && Date.parse(last.at) >= sinceMs);
}

/** Whether new workers may still warm up: until then, they count as if the metric showed what they do. */
export function isWarmingUp({ nowMs, group, policies, activities }: ScalingFacts, { metric }: TargetScaling) {
  const found = seenIn(group);
  const [last] = seenIn(activities) ?? [];
  if (!found || !last) return false;
  const read = (seenIn(policies) ?? []).find(({ metrics }) => metrics.some((one) => isMetric(one, metric)));
  const warmupSeconds = read?.warmupSeconds ?? found.warmupSeconds;
  return nowMs < Date.parse(last.at) + warmupSeconds * 1000;
}
