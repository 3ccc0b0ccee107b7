import {
  type CloudWatchClient,
  GetMetricDataCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import type { MetricSelector } from '../functions/runtime/settings.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { callAws } from './call.ts';

export interface Datapoint {
  readonly value: number;
  /** The start of the datapoint's period. */
  readonly timestampMs: number;
}

/** How a metric is called in messages and in the report. */
export const nameOfMetric = (metric: Pick<MetricSelector, 'METRIC_NAMESPACE' | 'METRIC_NAME'>) =>
  `${metric.METRIC_NAMESPACE}/${metric.METRIC_NAME}`;

const dimensionsOf = (metric: MetricSelector) =>
  Object.entries(metric.METRIC_DIMENSIONS).map(([Name, Value]) => ({ Name, Value }));

/** The newest datapoint stamped at or after `sinceMs`; `undefined` if CloudWatch shows none (yet). */
export async function readNewestDatapoint(
  cloudWatch: CloudWatchClient,
  metric: MetricSelector,
  sinceMs: number,
  nowMs: number,
): Promise<Datapoint | undefined> {
  const resource = `metric ${nameOfMetric(metric)}`;
  const { MetricDataResults } = await callAws({ action: 'cloudwatch:GetMetricData', resource }, () =>
    cloudWatch.send(
      new GetMetricDataCommand({
        StartTime: new Date(sinceMs),
        // The end is exclusive, and the datapoint of the running period starts before now.
        EndTime: new Date(nowMs + metric.METRIC_PERIOD_SECONDS * 1000),
        ScanBy: 'TimestampDescending',
        MetricDataQueries: [
          {
            Id: 'backlog',
            MetricStat: {
              Metric: {
                Namespace: metric.METRIC_NAMESPACE,
                MetricName: metric.METRIC_NAME,
                Dimensions: dimensionsOf(metric),
              },
              Period: metric.METRIC_PERIOD_SECONDS,
              Stat: 'Maximum',
            },
          },
        ],
      }),
    ),
  );
  const result = MetricDataResults?.[0];
  if (result?.StatusCode === 'Forbidden') {
    throw new RecoveryError('AccessDenied', `cloudwatch:GetMetricData on ${resource}: forbidden.`);
  }
  const datapoints = (result?.Timestamps ?? []).map((timestamp, index) => ({
    timestampMs: timestamp.getTime(),
    value: result?.Values?.[index] ?? Number.NaN,
  }));
  return datapoints.find(
    ({ timestampMs, value }) => timestampMs >= sinceMs && Number.isFinite(value) && value >= 0,
  );
}

/** Publishes one datapoint, stamped now. High resolution if the period is shorter than a minute. */
export async function publishDatapoint(
  cloudWatch: CloudWatchClient,
  metric: MetricSelector,
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
          Namespace: metric.METRIC_NAMESPACE,
          MetricData: [
            {
              MetricName: metric.METRIC_NAME,
              Dimensions: dimensionsOf(metric),
              Value: value,
              Unit: 'Count',
              Timestamp: new Date(),
              StorageResolution: metric.METRIC_PERIOD_SECONDS < 60 ? 1 : 60,
            },
          ],
        }),
      ),
  );
}
