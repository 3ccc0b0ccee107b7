/** Looks at metrics as they are published, for `recover doctor`. */
import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type GetMetricDataCommandOutput,
  type Metric,
  paginateListMetrics,
  type StandardUnit,
} from '@aws-sdk/client-cloudwatch';
import { type Dimensions, dimensionList, dimensionsFrom } from '../workflow/dimensions.ts';
import type { MetricRef } from '../workflow/doctor/facts.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { callAws, callPages, required } from './call.ts';

/** The sets of dimensions with which a metric was published in the last two weeks; new ones show after some minutes. */
export async function listDimensions(
  cloudWatch: CloudWatchClient,
  { namespace, name }: Pick<MetricRef, 'namespace' | 'name'>,
): Promise<Dimensions[]> {
  const call = { action: 'cloudwatch:ListMetrics', resource: `metric ${namespace}/${name}` };
  const pages = paginateListMetrics({ client: cloudWatch }, { Namespace: namespace, MetricName: name });
  const metrics = await callPages<'Metrics', Metric>(call, pages, 'Metrics');
  return metrics.map(({ Dimensions }) => dimensionsFrom(Dimensions));
}

export interface MetricLook {
  readonly metric: MetricRef;
  readonly statistic: 'SampleCount' | 'Sum';
  /** Only datapoints that were published with it; all if undefined. */
  readonly unit?: string | undefined;
  readonly sinceMs: number;
  readonly nowMs: number;
}

const periodSeconds = 60;

/** A metric's datapoints by the minute, newest first; the start of the minute is the time of each. */
export async function readMinutes(
  cloudWatch: CloudWatchClient,
  { metric, statistic, unit, sinceMs, nowMs }: MetricLook,
): Promise<{ readonly timestampMs: number; readonly value: number }[]> {
  const resource = `metric ${metric.namespace}/${metric.name}`;
  const call = { action: 'cloudwatch:GetMetricData', resource };
  const { MetricDataResults }: GetMetricDataCommandOutput = await callAws(call, () =>
    cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(sinceMs),
        // The end is exclusive, and the datapoint of the running minute starts before now.
        EndTime: new Date(nowMs + periodSeconds * 1000),
        ScanBy: 'TimestampDescending',
        MetricDataQueries: [
          {
            Id: 'looked',
            MetricStat: {
              Metric: {
                Namespace: metric.namespace,
                MetricName: metric.name,
                Dimensions: dimensionList(metric.dimensions),
              },
              Period: periodSeconds,
              Stat: statistic,
              ...(isUnit(unit) ? { Unit: unit } : {}),
            },
          },
        ],
      }),
    ),
  );
  const [result] = required(call, 'MetricDataResults', MetricDataResults);
  if (result?.StatusCode === 'Forbidden')
    throw new RecoveryError('AccessDenied', `cloudwatch:GetMetricData on ${resource}: forbidden.`);
  // A result that isn't complete (`InternalError`, `PartialData`) proves nothing.
  if (result?.StatusCode !== 'Complete')
    throw new RecoveryError('AwsUnavailable', `cloudwatch:GetMetricData on ${resource}: not complete.`);
  return (result.Timestamps ?? []).map((timestamp, index) => ({
    timestampMs: timestamp.getTime(),
    value: result.Values?.[index] ?? 0,
  }));
}

/** CloudWatch refuses what is no unit of its own. */
const isUnit = (unit: string | undefined): unit is StandardUnit => unit !== undefined && unit !== '';
