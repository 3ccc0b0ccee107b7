import {
  type AlarmType,
  type CloudWatchClient,
  type DescribeAlarmsCommandOutput,
  type MetricAlarm,
  paginateDescribeAlarms,
} from '@aws-sdk/client-cloudwatch';
import { dimensionsFrom } from '../workflow/dimensions.ts';
import type { AlarmFacts, MetricRef } from '../workflow/doctor/facts.ts';
import { callPages } from './call.ts';

/** Which alarms: up to 100 by name, or those whose name begins so. */
export type AlarmChoice = { readonly names: readonly string[] } | { readonly prefix: string };

/** The alarms of that choice that exist; a composite one watches no metric of its own. */
export async function readAlarms(
  cloudWatch: CloudWatchClient,
  choice: AlarmChoice,
): Promise<(AlarmFacts & { readonly arn: string | undefined })[]> {
  const [which, resource] =
    'names' in choice
      ? [{ AlarmNames: [...choice.names] }, `alarms ${choice.names.join(', ')}`]
      : [{ AlarmNamePrefix: choice.prefix }, `alarms ${choice.prefix}…`];
  const call = { action: 'cloudwatch:DescribeAlarms', resource };
  // Without the types, AWS leaves out composite alarms.
  const AlarmTypes: AlarmType[] = ['MetricAlarm', 'CompositeAlarm'];
  const pages = paginateDescribeAlarms({ client: cloudWatch }, { ...which, AlarmTypes });
  const alarms = await callPages<'Alarms', MetricAlarm>(call, bothKinds(pages), 'Alarms');
  return alarms.map((alarm) => ({
    arn: alarm.AlarmArn,
    name: alarm.AlarmName ?? '',
    state: alarm.StateValue ?? '',
    stateSince: alarm.StateUpdatedTimestamp?.toISOString() ?? null,
    actionsEnabled: alarm.ActionsEnabled ?? true,
    metrics: metricsOf(alarm),
    evaluatedSeconds: (alarm.EvaluationPeriods ?? 0) * periodOf(alarm),
  }));
}

async function* bothKinds(pages: AsyncIterable<DescribeAlarmsCommandOutput>) {
  for await (const { MetricAlarms, CompositeAlarms = [] } of pages)
    yield { Alarms: MetricAlarms && [...MetricAlarms, ...CompositeAlarms] };
}

/** Seconds; of metric math, the longest period counts. */
const periodOf = ({ Period = 0, Metrics = [] }: MetricAlarm): number =>
  Math.max(Period, ...Metrics.map((query) => query.Period ?? query.MetricStat?.Period ?? 0));

/** One metric, or all that its metric math reads. */
function metricsOf({ Namespace, MetricName, Dimensions, Metrics = [] }: MetricAlarm): MetricRef[] {
  const named = [
    { Namespace, MetricName, Dimensions },
    ...Metrics.map(({ MetricStat }) => MetricStat?.Metric ?? {}),
  ];
  return named.flatMap((metric) =>
    metric.Namespace !== undefined && metric.MetricName !== undefined
      ? [
          {
            namespace: metric.Namespace,
            name: metric.MetricName,
            dimensions: dimensionsFrom(metric.Dimensions),
          },
        ]
      : [],
  );
}
