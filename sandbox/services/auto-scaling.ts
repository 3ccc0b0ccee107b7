/** EC2 Auto Scaling: groups whose desired capacity follows their target tracking policies. */
import { AwsError } from '../endpoint.ts';
import { type Activity, type GroupSettings, ScalingGroup } from './auto-scaling-group.ts';
import type { Metrics } from './cloudwatch.ts';
import {
  alarmsOf,
  askedCapacity,
  type NewPolicy,
  newPolicy,
  type Reading,
  type TrackingPolicy,
} from './target-tracking.ts';

export interface AutoScalingOptions {
  /** How long a minute takes here, in seconds: the periods of alarms, warm-ups, launches and cooldowns go by it. */
  readonly minuteSeconds: number;
  readonly now?: () => number;
}

export const invalid = (message: string) => new AwsError('ValidationError', message);

export class AutoScaling {
  readonly #groups = new Map<string, { readonly group: ScalingGroup; readonly policies: TrackingPolicy[] }>();
  readonly #metrics: Metrics;
  readonly minuteSeconds: number;
  readonly #now: () => number;

  constructor(metrics: Metrics, { minuteSeconds, now = Date.now }: AutoScalingOptions) {
    this.#metrics = metrics;
    this.minuteSeconds = minuteSeconds;
    this.#now = now;
  }

  addGroup(settings: GroupSettings): ScalingGroup {
    const group = new ScalingGroup(settings, this.minuteSeconds);
    this.#groups.set(settings.name, { group, policies: [] });
    return group;
  }

  groups(): readonly ScalingGroup[] {
    return [...this.#groups.values()].map(({ group }) => group);
  }

  /** @throws AwsError ValidationError if there is none of that name, like all methods here. */
  group(name: string): ScalingGroup {
    return this.#find(name).group;
  }

  policies(groupName: string): readonly TrackingPolicy[] {
    return this.#find(groupName).policies;
  }

  #find(name: string) {
    const found = this.#groups.get(name);
    if (!found) throw invalid(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
    return found;
  }

  /** Creates a policy, or replaces the one of that name, with alarms that know nothing yet. */
  putPolicy(policy: NewPolicy): TrackingPolicy {
    const { policies } = this.#find(policy.group);
    const existing = policies.find(({ name }) => name === policy.name);
    const created = newPolicy(policy, existing);
    const alarms = alarmsOf(created, this.minuteSeconds);
    if (existing) this.deletePolicy(policy.group, existing.name);
    for (const alarm of alarms) this.#metrics.addAlarm(alarm, 'INSUFFICIENT_DATA');
    policies.push(created);
    return created;
  }

  /** @param policyName or its ARN. */
  deletePolicy(groupName: string, policyName: string): void {
    const { policies } = this.#find(groupName);
    const index = policies.findIndex(({ name, arn }) => [name, arn].includes(policyName));
    const [deleted] = index === -1 ? [] : policies.splice(index, 1);
    if (!deleted) throw invalid(`Policy name not found - ${policyName}`);
    this.#metrics.removeAlarms([deleted.alarmHigh, deleted.alarmLow]);
  }

  setDesired(groupName: string, desired: number, why: string): void {
    this.group(groupName).setDesired(desired, why, this.#now());
    this.advance();
  }

  /** The activity that a change which honours the cooldown has to wait for. */
  coolingDown(groupName: string): Activity | undefined {
    return this.group(groupName).coolingDown(this.#now());
  }

  /** Brings every group to what it is now: alarms are evaluated, and capacity follows them. */
  advance(): void {
    const nowMs = this.#now();
    for (const { group, policies } of this.#groups.values()) {
      group.advance(nowMs);
      this.#track(group, policies, nowMs);
      group.advance(nowMs);
    }
  }

  /** Of several policies, the one that asks for the largest capacity counts. An alarm is heard once a minute. */
  #track(group: ScalingGroup, policies: readonly TrackingPolicy[], nowMs: number): void {
    const alarmNames = policies.flatMap(({ alarmHigh, alarmLow }) => [alarmHigh, alarmLow]);
    this.#metrics.evaluateAlarms(({ properties }) => alarmNames.includes(properties.AlarmName));
    if (group.suspended.has('AlarmNotification')) return;
    const asking = policies
      .filter(({ enabled, askedAtMs }) => enabled && nowMs - askedAtMs >= this.minuteSeconds * 1000)
      .map((policy) => {
        const readings = { high: this.#read(policy.alarmHigh), low: this.#read(policy.alarmLow) };
        const capacity = group.capacity(nowMs, policy.estimatedInstanceWarmup);
        return { policy, readings, asked: askedCapacity(policy.configuration, readings, capacity) };
      });
    const [most] = asking.toSorted((one, other) => other.asked - one.asked);
    if (!most || most.asked === group.desired) return;
    const { policy, readings, asked } = most;
    policy.askedAtMs = nowMs;
    const alarm = readings.high.state === 'ALARM' ? policy.alarmHigh : policy.alarmLow;
    group.setDesired(asked, `a monitor alarm ${alarm} in state ALARM triggered policy ${policy.name}`, nowMs);
  }

  #read(alarmName: string): Reading {
    const alarm = this.#metrics.alarms().find(({ properties }) => properties.AlarmName === alarmName);
    return {
      state: alarm?.actionsEnabled ? alarm.state : 'INSUFFICIENT_DATA',
      value: alarm && this.#metrics.datapoints(alarm).at(-1)?.value,
    };
  }
}
