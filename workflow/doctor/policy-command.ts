/** The command that puts a target tracking policy as it ought to be, whole: nothing has to be known besides it. */
import { dimensionList } from '../dimensions.ts';
import type { MetricRef, PolicyFacts, TrackedMetric, TrackingConfiguration } from './facts.ts';
import { jsonArgument } from './json-argument.ts';

const hasDimensions = (one: TrackedMetric['Metric'], { dimensions }: MetricRef) => {
  const own = (one?.Dimensions ?? []).map(({ Name = '', Value = '' }): [string, string] => [Name, Value]);
  return JSON.stringify(own.sort()) === JSON.stringify(Object.entries(dimensions).sort());
};

const sameName = (one: TrackedMetric['Metric'], { namespace, name }: MetricRef) =>
  one?.Namespace === namespace && one.MetricName === name;

const meant = (statistic: string | undefined) => (statistic === 'SampleCount' ? 'Average' : statistic);

/**
 * Puts a policy again, with the dimensions of the target, a statistic that says how much there is, and enabled. Auto
 * Scaling makes the alarms of a policy again whenever it is put.
 *
 * @param isWrongUnit whether it asks for a unit that the metric doesn't have: it gets the one that the target names, or
 *   none.
 * @returns nothing if the policy reads the metric more than once, and never with the dimensions of the target: only a
 *   person knows which of them is meant how.
 */
export function putPolicyAgain(
  policy: PolicyFacts,
  wanted: MetricRef & { readonly unit?: string | undefined },
  isWrongUnit = false,
): readonly string[] {
  const { CustomizedMetricSpecification: specification, ...rest } = policy.configuration;
  if (specification === undefined) return [];
  const { Metrics } = specification;
  const withUnit = <T extends { readonly Unit?: string | undefined }>({ Unit: asked, ...more }: T) => {
    const Unit = isWrongUnit ? wanted.unit : asked;
    return { ...more, ...(Unit === undefined ? {} : { Unit }) };
  };
  if (Metrics === undefined || Metrics.length === 0)
    return put(policy.name, policy, {
      ...rest,
      CustomizedMetricSpecification: withUnit({
        ...specification,
        Dimensions: dimensionList(wanted.dimensions),
        Statistic: meant(specification.Statistic),
      }),
    });
  const named = Metrics.filter(({ MetricStat }) => sameName(MetricStat?.Metric, wanted));
  const right = named.filter(({ MetricStat }) => hasDimensions(MetricStat?.Metric, wanted));
  // Of several that have the name, those are meant that have the dimensions too.
  const meantQueries = named.length === 1 ? named : right;
  if (meantQueries.length === 0) return [];
  return put(policy.name, policy, {
    ...rest,
    CustomizedMetricSpecification: {
      ...specification,
      Metrics: Metrics.map((query) =>
        query.MetricStat && meantQueries.includes(query)
          ? {
              ...query,
              MetricStat: withUnit({
                ...query.MetricStat,
                Metric: { ...query.MetricStat.Metric, Dimensions: dimensionList(wanted.dimensions) },
                Stat: meant(query.MetricStat.Stat),
              }),
            }
          : query,
      ),
    },
  });
}

/**
 * What gives a policy its data that divides by a metric of its group: those are off unless somebody turns them on.
 *
 * @returns nothing for another policy.
 */
export function collectGroupMetrics({ metrics }: PolicyFacts): readonly string[] {
  const names = metrics.filter(({ namespace }) => namespace === 'AWS/AutoScaling').map(({ name }) => name);
  return names.length === 0
    ? []
    : [
        `aws autoscaling enable-metrics-collection --auto-scaling-group-name <group> --granularity 1Minute --metrics ${names.join(' ')}`,
      ];
}

function put(
  name: string,
  { isEnabled, warmupSeconds }: Pick<PolicyFacts, 'isEnabled' | 'warmupSeconds'>,
  configuration: TrackingConfiguration,
): readonly string[] {
  // The SDK gives empty lists where AWS gives nothing.
  const withoutEmpty: unknown = JSON.parse(
    JSON.stringify(configuration, (_key, value: unknown) =>
      Array.isArray(value) && value.length === 0 ? undefined : value,
    ),
  );
  const argument = jsonArgument(withoutEmpty);
  if (argument === undefined || !/^[\w.-]+$/.test(name)) return [];
  return [
    [
      'aws autoscaling put-scaling-policy --auto-scaling-group-name <group>',
      `--policy-name ${name} --policy-type TargetTrackingScaling`,
      `--target-tracking-configuration ${argument}`,
      ...(warmupSeconds === null ? [] : [`--estimated-instance-warmup ${warmupSeconds}`]),
      ...(isEnabled ? [] : ['--enabled']),
    ].join(' '),
  ];
}
