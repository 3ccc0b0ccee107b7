/** Whether the workers follow the metric again after a repair, by the rules of the doctor. */
import { type BrokenCode, brokenFindings } from './doctor/catalogue.ts';
import type { Check } from './doctor/checks.ts';
import { seenIn } from './doctor/checks.ts';
import { fillCommand } from './doctor/commands.ts';
import type { ActivityFacts } from './doctor/facts.ts';
import { causesOf } from './doctor/follows.ts';
import { group as groupRule, isWarmingUp, sizeOf } from './doctor/group-rules.ts';
import type { Place } from './doctor/place.ts';
import {
  alarmsOn,
  isAlarmHigh,
  policy,
  type ScalingFacts,
  stateOf,
  trackingAlarms,
} from './doctor/scaling-rules.ts';
import type { ScalingProof } from './results.ts';
import type { DeployedTarget, TargetScaling } from './target.ts';
import { listNames } from './words.ts';

/** What a look has shown; if it isn't final, another look may show more. */
export interface ScalingVerdict {
  readonly isFinal: boolean;
  readonly proof: ScalingProof;
}

/** Of what, and since when. */
export interface ScalingSubject {
  readonly target: DeployedTarget;
  readonly scaling: TargetScaling;
  /** Where the target is, for the commands of a finding. */
  readonly place: Place;
  /** Only a scaling activity that began later proves anything. */
  readonly repairedAtMs: number;
}

type BrokenCheck = Extract<Check, { state: 'broken' }>;

/** Judges one look at the alarms, the policy and the group. */
export function judgeScaling(facts: ScalingFacts, subject: ScalingSubject): ScalingVerdict {
  const { scaling, repairedAtMs } = subject;
  const { group, metric } = scaling;
  const final = (proof: ScalingProof): ScalingVerdict => ({ isFinal: true, proof });
  const open = (proof: ScalingProof): ScalingVerdict => ({ isFinal: false, proof });
  const notScaling = (check: BrokenCheck) => notScalingProof(check, subject);

  const [activity] = seenIn(facts.activities) ?? [];
  const isNew =
    activity !== undefined && Date.parse(activity.at) >= repairedAtMs && activity.status !== 'Cancelled';
  const causes = causesIn([trackingAlarms, policy, groupRule].flatMap((rule) => rule(facts, scaling)))
    // What failed before the repair says nothing about now.
    .filter(({ code }) => code !== 'ActivityFailed' || isNew);
  // The first may be over in a moment, the second be the end of a scaling that has just happened.
  const silent = causes.find(({ code }) => code === 'ScalingAlarmsSilent');
  const atMax = causes.find(({ code }) => code === 'GroupAtMax');
  const cause = causes.find(({ code }) => code !== 'ScalingAlarmsSilent' && code !== 'GroupAtMax');
  if (cause) return final(notScaling(cause));

  const { scalingAlarms, policies, group: size, activities } = facts;
  const unseen = [scalingAlarms, policies, size, activities].find((fact) => fact?.seen === false);
  if (unseen?.seen === false) return final({ outcome: 'Unknown', group, says: unseen.why });
  if (silent) return open(notScaling(silent));

  const highs = alarmsOn(seenIn(scalingAlarms) ?? [], metric).filter(isAlarmHigh);
  const says = listNames(highs.map((alarm) => `alarm ${alarm.name} is ${stateOf(alarm)}`));
  const refresh = refreshIn(facts);
  if (activity && isNew && !refresh)
    return final({ outcome: 'Scaled', group, says: `${describe(activity)}; ${sizeIn(facts, group)}` });
  if (highs.every(({ state }) => state === 'OK'))
    return final({ outcome: 'NotDue', group, reason: 'BelowTarget', says });
  if (refresh)
    return final({
      outcome: 'NotDue',
      group,
      reason: 'Refreshing',
      says: `${says}; an instance refresh, of ${refresh.at}, is ${refresh.status}`,
    });
  // As many as the group's owner allows: that is no fault that a person has to be woken for.
  if (atMax) return final({ outcome: 'NotDue', group, reason: 'AtMaximum', says: `${says}; ${atMax.says}` });
  if (activity && isWarmingUp(facts, scaling))
    return final({
      outcome: 'NotDue',
      group,
      reason: 'WarmingUp',
      says: `${says}; new workers may still warm up: ${describe(activity)}`,
    });
  return open({ outcome: 'NotYet', group, says: `${says}; ${sizeIn(facts, group)}` });
}

/** What is broken and follows from nothing else, first link first. */
function causesIn(checks: readonly Check[]): readonly BrokenCheck[] {
  const found = checks.filter((check) => check.state === 'broken');
  const present = new Set<BrokenCode>(found.map(({ code }) => code));
  return found.filter(({ code }) => causesOf(code, present).length === 0);
}

function notScalingProof(
  { code, says, names, commands: [command] }: BrokenCheck,
  { target, scaling, place }: ScalingSubject,
) {
  const { meaning, look, fix, note } = brokenFindings[code];
  const fill = (command: string) => inRegion(fillCommand(command, target, place, names), place.region);
  return {
    outcome: 'NotScaling',
    group: scaling.group,
    code,
    says,
    meaning,
    look: fill(look),
    fix: fill(command ?? fix),
    note: note ?? null,
  } as const;
}

/** Whoever gets a message may have another region set than the doctor was asked for. */
const inRegion = (command: string, region: string) =>
  command.startsWith('aws ') ? `${command} --region ${region}` : command;

/** The last instance refresh, if it still runs: it starts and ends workers as well. */
function refreshIn({ refreshes }: ScalingFacts): ActivityFacts | undefined {
  const [last] = seenIn(refreshes) ?? [];
  return last && !hasEnded.has(last.status) ? last : undefined;
}

const hasEnded = new Set(['Successful', 'Failed', 'Cancelled', 'RollbackSuccessful', 'RollbackFailed']);

const describe = ({ message, status, at }: ActivityFacts) => `${message} (${status}, ${at})`;

function sizeIn({ group }: ScalingFacts, name: string): string {
  const found = seenIn(group);
  return found ? sizeOf(name, found) : `group ${name}`;
}
