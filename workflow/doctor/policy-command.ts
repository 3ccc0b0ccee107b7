/** The command that puts a target tracking policy as it ought to be, whole: nothing has to be known besides it. */
import { dimensionList } from '../dimensions.ts';
import type { MetricRef, PolicyFacts, TrackedMetric, TrackingConfiguration } from './facts.ts';

const sameName = (one: TrackedMetric['Metric'], { namespace, name }: MetricRef) =>
  one?.Namespace === namespace && one.MetricName === name;

const meant = (statistic: string | undefined) => (statistic === 'SampleCount' ? 'Average' : statistic);

/**
 * Puts a policy again, with the dimensions of the target, a statistic that says how much there is, and enabled. Auto
 * Scaling makes the alarms of a policy again whenever it is put.
 *
 * @param isWrongUnit whether it asks for a unit that the metric doesn't have: it gets the one that the target names, or
 *   none.
 * @returns nothing if the policy reads the metric more than once: only a person knows which of them is meant how.
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
  const isWanted = ({ MetricStat }: { readonly MetricStat?: TrackedMetric | undefined }) =>
    sameName(MetricStat?.Metric, wanted);
  if (Metrics.filter(isWanted).length !== 1) return [];
  return put(policy.name, policy, {
    ...rest,
    CustomizedMetricSpecification: {
      ...specification,
      Metrics: Metrics.map((query) =>
        query.MetricStat && isWanted(query)
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

/** Characters that one of sh, cmd and PowerShell would take for more than text, even in quotes. */
export const notForShells = /[$`\\%!<>&|^\r\n]/;

function put(
  name: string,
  { isEnabled, warmupSeconds }: Pick<PolicyFacts, 'isEnabled' | 'warmupSeconds'>,
  configuration: TrackingConfiguration,
): readonly string[] {
  const json = JSON.stringify(configuration, (_key, value: unknown) =>
    Array.isArray(value) && value.length === 0 ? undefined : value,
  );
  if (notForShells.test(json) || !/^[\w.-]+$/.test(name)) return [];
  return [
    [
      'aws autoscaling put-scaling-policy --auto-scaling-group-name <group>',
      `--policy-name ${name} --policy-type TargetTrackingScaling`,
      `--target-tracking-configuration "${json.replaceAll('"', '\\"')}"`,
      ...(warmupSeconds === null ? [] : [`--estimated-instance-warmup ${warmupSeconds}`]),
      ...(isEnabled ? [] : ['--enabled']),
    ].join(' '),
  ];
}
