import {
  CloudWatchClient,
  type CloudWatchClientConfig,
  GetMetricDataCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { dimensionList } from '../workflow/dimensions.ts';
import { readPeriodSecondsOf } from '../workflow/metric-period.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { Metric } from '../workflow/target.ts';
import { callAws, readerConfig, required } from './call.ts';

/** @param config overrides the settings of the client. */
export const openCloudWatch = (config: CloudWatchClientConfig = {}) =>
  new CloudWatchClient({ ...readerConfig(), ...config });

export interface Datapoint {
  readonly value: number;
  /** The start of the period by which it is read. */
  readonly timestampMs: number;
}

/** The name of a metric in messages and in the report. */
export const nameOfMetric = (metric: Pick<Metric, 'namespace' | 'name'>) =>
  `${metric.namespace}/${metric.name}`;

/**
 * The newest datapoint with the unit of the target, stamped at or after `sinceMs`; `undefined` if CloudWatch shows none
 * (yet). A result that isn't complete (`InternalError`, `PartialData`) proves nothing.
 *
 * @throws RecoveryError AccessDenied if CloudWatch says Forbidden.
 */
export async function readNewestDatapoint(
  cloudWatch: CloudWatchClient,
  metric: Metric,
  sinceMs: number,
  nowMs: number,
): Promise<Datapoint | undefined> {
  const resource = `metric ${nameOfMetric(metric)}`;
  const call = { action: 'cloudwatch:GetMetricData', resource };
  const periodSeconds = readPeriodSecondsOf(metric);
  const { MetricDataResults } = await callAws(call, () =>
    cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(sinceMs),
        // The end is exclusive, and the datapoint of the running period starts before now.
        EndTime: new Date(nowMs + periodSeconds * 1000),
        ScanBy: 'TimestampDescending',
        MetricDataQueries: [
          {
            Id: 'backlog',
            MetricStat: {
              Metric: {
                Namespace: metric.namespace,
                MetricName: metric.name,
                Dimensions: dimensionList(metric.dimensions),
              },
              Period: periodSeconds,
              Stat: 'Maximum',
              ...(metric.unit === undefined ? {} : { Unit: metric.unit }),
            },
          },
        ],
      }),
    ),
  );
  const [result] = required(call, 'MetricDataResults', MetricDataResults);
  if (result?.StatusCode === 'Forbidden') {
    throw new RecoveryError('AccessDenied', `cloudwatch:GetMetricData on ${resource}: forbidden.`);
  }
  if (result?.StatusCode !== 'Complete') return undefined;
  const datapoints = (result.Timestamps ?? []).map((timestamp, index) => ({
    timestampMs: timestamp.getTime(),
    value: result.Values?.[index] ?? Number.NaN,
  }));
  return datapoints.find(
    ({ timestampMs, value }) => timestampMs >= sinceMs && Number.isFinite(value) && value >= 0,
  );
}

/** Publishes one datapoint, stamped now, as a Count if the target says nothing else. High resolution if the period is shorter than a minute. */
export async function publishDatapoint(
  cloudWatch: CloudWatchClient,
  metric: Metric,
  value: number,
): Promise<void> {
  await callAws(
    {
      action: 'cloudwatch:PutMetricData',
      resource: `metric ${nameOfMetric(metric)}`,
    },
    () =>
      cloudWatch.send(
        new PutMetricDataCommand({
          Namespace: metric.namespace,
          MetricData: [
            {
              MetricName: metric.name,
              Dimensions: dimensionList(metric.dimensions),
              Value: value,
              Unit: metric.unit ?? 'Count',
              Timestamp: new Date(),
              StorageResolution: metric.periodSeconds < 60 ? 1 : 60,
            },
          ],
        }),
      ),
  );
}
