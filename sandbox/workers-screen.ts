/** What a person sees of the workers: what changes in their group, in the alarms of its policy, and in the backlog. */
import type { Sandbox } from './sandbox.ts';

type Watched = Pick<Sandbox, 'autoScaling' | 'metrics'> & {
  /** The name of their group. */
  readonly workerGroup: string;
  /** What the policy follows. */
  readonly metricName: string;
};

/** Three minutes until the alarm fires, one for the launch, a few for the work; the rest is for slow machines. */
export const patience = { minutes: 25 };

interface Sight {
  readonly alarms: Readonly<Record<'AlarmHigh' | 'AlarmLow', string>>;
  readonly desired: number;
  readonly inService: number;
  /** The newest datapoint. */
  readonly backlog: number | undefined;
}

export class WorkersScreen {
  readonly #sandbox: Watched;
  readonly #print: (line: string) => void;
  readonly #first: Sight;
  #last: Sight;
  /** The activities that ended before, or have been shown. */
  readonly #ended = new Set<string>();

  constructor(sandbox: Watched, print: (line: string) => void) {
    this.#sandbox = sandbox;
    this.#print = print;
    this.#first = this.#look();
    this.#last = this.#first;
    this.#newlyEnded();
  }

  /** What it saw last, in one line. */
  summary(): string {
    const { alarms, desired, inService, backlog } = this.#last;
    const { maxSize } = this.#group();
    const states = Object.entries(alarms).map(([name, state]) => `${name} ${state}`);
    return `${inService} of ${desired} workers in service, at most ${maxSize}; ${this.#sandbox.metricName} ${backlog ?? 'unknown'}, target ${this.#target() ?? 'none'}; ${states.join(', ')}`;
  }

  /** Prints what has changed since it last looked. */
  show(): void {
    const [was, is] = [this.#last, this.#look()];
    this.#last = is;
    for (const name of ['AlarmLow', 'AlarmHigh'] as const)
      this.#change(name, was.alarms[name], is.alarms[name]);
    this.#change('desired capacity', was.desired, is.desired);
    for (const { Description, StatusCode, StatusMessage } of this.#newlyEnded())
      this.#line('scaling activity', [StatusCode, Description, StatusMessage ?? []].flat().join(': '));
    this.#change('workers in service', was.inService, is.inService);
    this.#change(this.#sandbox.metricName, was.backlog, is.backlog);
  }

  /** There are more workers than at first, and the backlog is at its target again. */
  isScaled(): boolean {
    const { desired, inService, backlog } = this.#last;
    const target = this.#target();
    const isDone = backlog !== undefined && target !== undefined && backlog <= target;
    return desired > this.#first.desired && inService > this.#first.inService && isDone;
  }

  #group() {
    return this.#sandbox.autoScaling.group(this.#sandbox.workerGroup);
  }

  /** `undefined` while somebody has deleted it. */
  #policy() {
    return this.#sandbox.autoScaling.policies(this.#sandbox.workerGroup)[0];
  }

  #target(): number | undefined {
    return this.#policy()?.configuration.TargetValue;
  }

  #look(): Sight {
    const { alarmHigh, alarmLow } = this.#policy() ?? {};
    const find = (name: string | undefined) =>
      this.#sandbox.metrics.alarms().find(({ properties }) => properties.AlarmName === name);
    const [high, low] = [find(alarmHigh), find(alarmLow)];
    const newest = high && this.#sandbox.metrics.datapoints(high).at(-1);
    const group = this.#group();
    return {
      alarms: { AlarmHigh: high?.state ?? 'deleted', AlarmLow: low?.state ?? 'deleted' },
      desired: group.desired,
      inService: group.inService().length,
      backlog: newest && Number(newest.value.toFixed(2)),
    };
  }

  #newlyEnded() {
    const ended = this.#group().activities.filter(
      ({ ActivityId, EndTime }) => EndTime !== undefined && !this.#ended.has(ActivityId),
    );
    for (const { ActivityId } of ended) this.#ended.add(ActivityId);
    return ended.reverse();
  }

  #change(what: string, was: string | number | undefined, is: string | number | undefined): void {
    if (was !== is) this.#line(what, was === undefined ? `${is}` : `from ${was} to ${is ?? 'unknown'}`);
  }

  #line(what: string, text: string): void {
    this.#print(`  ${new Date().toTimeString().slice(0, 8)}  ${what.padEnd(18)}  ${text}`);
  }
}

/**
 * Lets the workers work until target tracking has scaled them and they have brought the backlog down, but not for long.
 *
 * @param screen what has changed since it last looked is shown first; by default, since now.
 * @returns whether that has happened.
 */
export function watchWorkers(
  sandbox: Watched & Pick<Sandbox, 'workers'>,
  print: (line: string) => void,
  screen = new WorkersScreen(sandbox, print),
): Promise<boolean> {
  let minutes = 0;
  return new Promise((resolve) => {
    sandbox.workers.start(() => {
      minutes += 1;
      screen.show();
      const isScaled = screen.isScaled();
      if (!isScaled && minutes < patience.minutes) return;
      print(`${isScaled ? 'The workers scale by themselves again' : 'NOT SCALED'}: ${screen.summary()}`);
      void sandbox.workers.stop();
      resolve(isScaled);
    });
  });
}
