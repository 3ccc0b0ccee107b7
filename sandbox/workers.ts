/**
 * The workers: each instance in service of the Auto Scaling groups takes videos off the backlog, and new ones come in.
 * A schedule has the metric function count, once a minute as in an account.
 */
import type { Host } from './host/host.ts';
import type { AutoScaling } from './services/auto-scaling.ts';

/** What comes in during a minute, and what one worker gets done: two workers just keep up. */
const [newVideosPerMinute, videosPerWorker] = [2, 1];

export interface WorkersOptions {
  readonly autoScaling: AutoScaling;
  readonly host: Pick<Host, 'backlog' | 'setBacklog'>;
  /** Invokes the metric function. */
  readonly count: () => Promise<unknown>;
}

export class Workers {
  readonly #options: WorkersOptions;
  #onMinute: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #counting: Promise<unknown> | undefined;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** @param onMinute called after each minute; the count follows it. By default, as before they were stopped. */
  start(onMinute: () => void = this.#onMinute): void {
    this.#onMinute = onMinute;
    this.#eachMinute(() => {
      this.work();
      onMinute();
      this.#count();
    });
  }

  /** They stand still, and what comes in waits elsewhere, but the schedule has the backlog counted all the same. */
  startCounting(): void {
    this.#eachMinute(() => this.#count());
  }

  #eachMinute(minute: () => void): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(minute, this.#options.autoScaling.minuteSeconds * 1000);
    minute();
  }

  #count(): void {
    // A count that takes longer than a minute is waited for.
    this.#counting ??= this.#options.count().finally(() => {
      this.#counting = undefined;
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.counted();
  }

  /** Resolves once no count is under way that has begun before. */
  async counted(): Promise<void> {
    await this.#counting;
  }

  /** One minute passes. */
  work(): void {
    const { autoScaling, host } = this.#options;
    autoScaling.advance();
    const workers = autoScaling.groups().flatMap((group) => group.inService()).length;
    host.setBacklog(Math.max(0, host.backlog() + newVideosPerMinute - workers * videosPerWorker));
  }
}
