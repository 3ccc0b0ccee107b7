/**
 * The workers: each instance in service of the Auto Scaling groups takes jobs off the backlog, and new ones come in.
 * A schedule has the metric function count, once a minute as in an account.
 */
import { invokedFunctionOf } from '../workflow/invoked-function.ts';
import type { Target } from '../workflow/target.ts';
import type { Fleet } from './fleet.ts';
import type { Backend } from './host/api.ts';
import type { AutoScaling } from './services/auto-scaling.ts';
import type { Metrics } from './services/cloudwatch.ts';
import type { Functions } from './services/lambda.ts';
import { metricOf } from './services/metric-data.ts';

/** Jobs: how many wait, come in, and get done. */
export interface Work {
  /** That wait while two workers just keep up: what target tracking holds the backlog at. */
  readonly steady: number;
  /** That wait when nobody has scaled the workers for a while. */
  readonly grown: number;
  readonly newPerMinute: number;
  readonly donePerWorker: number;
}

/** So much that a policy of the stack has a reason to ask for more workers, and soon none any more. */
export function workOf({ scaling }: Pick<Target, 'scaling'>): Work {
  const perInstance = scaling?.policy?.backlogPerInstance;
  const steady = perInstance === undefined ? 7 : Math.ceil(2 * perInstance);
  const donePerWorker = Math.max(1, Math.round(steady / 7));
  return {
    steady,
    grown: perInstance === undefined ? 20 : Math.ceil(5.5 * perInstance),
    newPerMinute: 2 * donePerWorker,
    donePerWorker,
  };
}

/** Publishes the backlog, as the schedule does: by the metric function, or by whoever else does so in reality. */
export async function countBacklog(
  { metric, metricFunction }: Pick<Target, 'metric' | 'metricFunction'>,
  { functions, metrics, fleet }: { functions: Functions; metrics: Metrics; fleet: Fleet },
): Promise<void> {
  if (metricFunction) await functions.invokeAsTask(invokedFunctionOf(metricFunction), {});
  else if (metric && fleet.hosts.every((host) => host.isWell())) {
    const { Namespace, ...named } = metricOf(metric);
    const Value = fleet.backend.backlog;
    metrics.put(Namespace, [{ ...named, Value, Unit: metric.unit ?? 'Count', StorageResolution: 60 }]);
  }
}

export interface WorkersOptions {
  readonly autoScaling: AutoScaling;
  readonly metrics: Pick<Metrics, 'record'>;
  readonly backend: Pick<Backend, 'backlog'>;
  readonly work: Work;
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
    const { autoScaling, metrics } = this.#options;
    for (const group of autoScaling.groups())
      metrics.record('AWS/AutoScaling', [
        {
          MetricName: 'GroupInServiceInstances',
          Dimensions: [{ Name: 'AutoScalingGroupName', Value: group.settings.name }],
          Value: group.inService().length,
          StorageResolution: 60,
        },
      ]);
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
    const { autoScaling, backend } = this.#options;
    const { newPerMinute, donePerWorker } = this.#options.work;
    autoScaling.advance();
    const workers = autoScaling.groups().flatMap((group) => group.inService()).length;
    backend.backlog = Math.max(0, backend.backlog + newPerMinute - workers * donePerWorker);
  }
}
