/** The content of a target file with a mistake in it, and what is told about it. */
import { loadTarget, readTarget } from '../../targets/load.ts';
import type { Metric, MetricFunction, Target } from '../../workflow/target.ts';

export interface Measured {
  readonly metric: Metric;
  readonly metricFunction: MetricFunction;
}

/** A target that has both, so that its type says so. */
export function measured<T extends Target>(target: T): T & Measured {
  const { metric, metricFunction } = target;
  if (!metric || !metricFunction) throw new Error('the target lacks metric or metricFunction');
  return { ...target, metric, metricFunction };
}

/** A valid target file, with a list of every kind. */
const valid = () => ({
  ...structuredClone<Record<string, unknown>>({ ...loadTarget('academy-api') }),
  notify: { subscriptions: [{ protocol: 'email', endpoint: 'oncall@example.com' }] },
});

/** `target` with a value at a path such as `deploy.commands.0`; `undefined` takes the field out. */
function withValue(target: object, path: string, value: unknown): object {
  const [name = '', ...rest] = path.split('.');
  const inner: unknown = Reflect.get(target, name);
  const next =
    rest.length === 0
      ? value
      : withValue(typeof inner === 'object' && inner !== null ? inner : {}, rest.join('.'), value);
  const copy = Array.isArray(target) ? [...target] : { ...target };
  Reflect.set(copy, name, next);
  if (next === undefined) Reflect.deleteProperty(copy, name);
  return copy;
}

/** The content of a valid target file, but for these values at their paths. */
export const fileWith = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values).reduce<object>((target, [path, value]) => withValue(target, path, value), valid());

/** The message about the first mistake; `none` if there is none. */
export function mistakeIn(content: unknown): string {
  try {
    readTarget('targets/x.yml', content);
  } catch (error) {
    if (error instanceof Error && error.name === 'TargetInvalid') return error.message;
    throw error;
  }
  return 'none';
}
