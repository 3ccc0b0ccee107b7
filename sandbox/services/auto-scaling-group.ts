/** One Auto Scaling group: its instances, its desired capacity, and the activities that bring the two together. */
import { randomBytes, randomUUID } from 'node:crypto';
import { AwsError } from '../endpoint.ts';
import { region } from '../template.ts';
import type { Capacity } from './target-tracking.ts';

export interface GroupSettings {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desired: number;
  readonly tags?: Readonly<Record<string, string>>;
  /** Seconds, like all times here; 300 by default. */
  readonly defaultCooldown?: number;
  readonly defaultInstanceWarmup?: number;
  readonly instanceType?: string;
  readonly createdAt: Date;
}

export interface GroupInstance {
  readonly id: string;
  state: 'Pending' | 'InService' | 'Terminating';
  /** When its launch or its end is over. */
  changesAtMs: number;
  /** Since when it is in service. */
  inServiceSinceMs: number;
  activity: Activity;
}

/** As DescribeScalingActivities shows it. */
export interface Activity {
  readonly ActivityId: string;
  readonly AutoScalingGroupName: string;
  readonly Description: string;
  readonly Cause: string;
  readonly StartTime: Date;
  EndTime?: Date;
  StatusCode: 'InProgress' | 'Successful' | 'Failed';
  readonly StatusMessage?: string;
  Progress: number;
  readonly Details: string;
}

/** As DescribeInstanceRefreshes shows it. */
export interface InstanceRefresh {
  readonly InstanceRefreshId: string;
  readonly AutoScalingGroupName: string;
  readonly Status: string;
  readonly StatusReason?: string;
  readonly StartTime: Date;
  readonly EndTime?: Date;
  readonly PercentageComplete: number;
  readonly InstancesToUpdate: number;
}

export const processes = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
] as const;
export type Process = (typeof processes)[number];

export const availabilityZone = `${region}a`;

/** About how long an instance takes to start, and to end. */
const changeSeconds = 30;

/** A time as the texts of causes have it. */
const inText = (timeMs: number) => `${new Date(timeMs).toISOString().slice(0, 19)}Z`;

export class ScalingGroup {
  /** The part of its ARN that no name is. */
  readonly id = randomUUID();
  readonly settings: GroupSettings;
  minSize: number;
  maxSize: number;
  desired: number;
  readonly instances: GroupInstance[] = [];
  /** Newest first, like the refreshes. */
  readonly activities: Activity[] = [];
  readonly instanceRefreshes: InstanceRefresh[] = [];
  /** Suspended processes, with the reason. */
  readonly suspended = new Map<Process, string>();
  /** Why no instance can be launched, e.g. that EC2 has no capacity; launches fail with it as long as it is set. */
  launchFailure: string | undefined;
  readonly #minuteMs: number;
  #retryAtMs = 0;
  /** Why the desired capacity is what it is. */
  #cause: string;

  /** @param minuteSeconds how long a minute of the group takes. */
  constructor(settings: GroupSettings, minuteSeconds: number) {
    this.settings = settings;
    this.minSize = settings.minSize;
    this.maxSize = settings.maxSize;
    this.desired = settings.desired;
    this.#minuteMs = minuteSeconds * 1000;
    const createdAtMs = settings.createdAt.getTime();
    this.#cause = `At ${inText(createdAtMs)} a user request created an AutoScalingGroup changing the desired capacity from 0 to ${settings.desired}.`;
    this.#launch(createdAtMs);
    this.#settle(createdAtMs + this.#milliseconds(changeSeconds));
  }

  #milliseconds(seconds: number): number {
    return (seconds * this.#minuteMs) / 60;
  }

  inService(): readonly GroupInstance[] {
    return this.instances.filter(({ state }) => state === 'InService');
  }

  /** @param warmup seconds; the group's own by default, or its cooldown if it has none. */
  capacity(nowMs: number, warmup = this.settings.defaultInstanceWarmup ?? this.cooldown): Capacity {
    const warm = this.inService().filter(
      ({ inServiceSinceMs }) => nowMs - inServiceSinceMs >= this.#milliseconds(warmup),
    ).length;
    return { desired: this.desired, warm, minSize: this.minSize, maxSize: this.maxSize };
  }

  get cooldown(): number {
    return this.settings.defaultCooldown ?? 300;
  }

  /**
   * @param why a clause such as "a user request explicitly set group desired capacity".
   * @throws AwsError ValidationError outside of the group's bounds.
   */
  setDesired(desired: number, why: string, nowMs: number): void {
    const refuse = (what: string) => {
      throw new AwsError(
        'ValidationError',
        `New SetDesiredCapacity value ${desired} is ${what} for the AutoScalingGroup.`,
      );
    };
    if (desired > this.maxSize) refuse(`above max value ${this.maxSize}`);
    if (desired < this.minSize) refuse(`below min value ${this.minSize}`);
    if (desired === this.desired) return;
    this.#cause = `At ${inText(nowMs)} ${why} changing the desired capacity from ${this.desired} to ${desired}.`;
    this.desired = desired;
  }

  /** The activity that a change which honours the cooldown has to wait for. */
  coolingDown(nowMs: number): Activity | undefined {
    return this.activities.find(
      ({ EndTime }) => EndTime === undefined || nowMs - EndTime.getTime() < this.#milliseconds(this.cooldown),
    );
  }

  /** Brings the group to what it is at that time: launches and ends what differs from its desired capacity. */
  advance(nowMs: number): void {
    this.#settle(nowMs);
    if (!this.suspended.has('Launch') && nowMs >= this.#retryAtMs) this.#launch(nowMs);
    if (!this.suspended.has('Terminate')) this.#terminate(nowMs);
  }

  #settle(nowMs: number): void {
    for (const instance of [...this.instances]) {
      if (instance.state === 'InService' || instance.changesAtMs > nowMs) continue;
      Object.assign(instance.activity, {
        EndTime: new Date(instance.changesAtMs),
        StatusCode: 'Successful',
        Progress: 100,
      });
      if (instance.state === 'Terminating') this.instances.splice(this.instances.indexOf(instance), 1);
      else Object.assign(instance, { state: 'InService', inServiceSinceMs: instance.changesAtMs });
    }
  }

  #actual(): GroupInstance[] {
    return this.instances.filter(({ state }) => state !== 'Terminating');
  }

  #launch(nowMs: number): void {
    const actual = this.#actual().length;
    const cause = `${this.#cause}  At ${inText(nowMs)} an instance was started in response to a difference between desired and actual capacity, increasing the capacity from ${actual} to ${this.desired}.`;
    for (let count = actual; count < this.desired; count += 1) {
      const id = `i-${randomBytes(9).toString('hex').slice(1)}`;
      if (this.launchFailure !== undefined) {
        this.#begin('Launching a new EC2 instance', cause, nowMs, this.launchFailure);
        this.#retryAtMs = nowMs + this.#minuteMs;
        return;
      }
      this.instances.push({
        id,
        state: 'Pending',
        changesAtMs: nowMs + this.#milliseconds(changeSeconds),
        inServiceSinceMs: 0,
        activity: this.#begin(`Launching a new EC2 instance: ${id}`, cause, nowMs),
      });
    }
  }

  /** Those that have been there longest go first. */
  #terminate(nowMs: number): void {
    const actual = this.#actual();
    for (const instance of actual.slice(0, Math.max(0, actual.length - this.desired))) {
      const cause = `${this.#cause}  At ${inText(nowMs)} an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from ${actual.length} to ${this.desired}.  At ${inText(nowMs)} instance ${instance.id} was selected for termination.`;
      instance.state = 'Terminating';
      instance.changesAtMs = nowMs + this.#milliseconds(changeSeconds);
      instance.activity = this.#begin(`Terminating EC2 instance: ${instance.id}`, cause, nowMs);
    }
  }

  #begin(Description: string, Cause: string, nowMs: number, failure?: string): Activity {
    const activity: Activity = {
      ActivityId: randomUUID(),
      AutoScalingGroupName: this.settings.name,
      Description,
      Cause,
      StartTime: new Date(nowMs),
      ...(failure === undefined
        ? { StatusCode: 'InProgress', Progress: 0 }
        : { StatusCode: 'Failed', Progress: 100, StatusMessage: failure, EndTime: new Date(nowMs) }),
      Details: JSON.stringify({ 'Availability Zone': availabilityZone }),
    };
    this.activities.unshift(activity);
    return activity;
  }
}
