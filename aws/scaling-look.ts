/** Looks at all that scales the workers by the metric, and changes nothing. */
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { Facts, MetricRef, PolicyFacts } from '../workflow/doctor/facts.ts';
import type { Seen } from '../workflow/network/seen.ts';
import { readAlarms } from './alarms.ts';
import { readActivities, readGroup, readPolicies, readRefreshes } from './auto-scaling.ts';
import { look } from './look.ts';
import { readMinutes } from './metric-look.ts';

export interface ScalingClients {
  readonly autoScaling: AutoScalingClient;
  readonly cloudWatch: CloudWatchClient;
}

/** @throws RecoveryError CredentialsExpired, like all looks. */
export async function lookAtGroup({ autoScaling, cloudWatch }: ScalingClients, name: string) {
  const [scalingAlarms, policies, group, activities, refreshes] = await Promise.all([
    look(() => readAlarms(cloudWatch, { prefix: `TargetTracking-${name}-Alarm` })),
    look(() => readPolicies(autoScaling, name)),
    look(() => readGroup(autoScaling, name)),
    look(() => readActivities(autoScaling, name)),
    look(() => readRefreshes(autoScaling, name)),
  ]);
  return { scalingAlarms, policies, group, activities, refreshes } satisfies Partial<Facts>;
}

/**
 * Whether the metric has datapoints with the unit that a policy asks for; `null` if none asks for one, or nobody could
 * look.
 */
export async function lookAtUnit(
  { cloudWatch }: Pick<ScalingClients, 'cloudWatch'>,
  metric: MetricRef,
  policies: Seen<readonly PolicyFacts[]>,
  { sinceMs, nowMs }: { readonly sinceMs: number; readonly nowMs: number },
): Promise<boolean | null> {
  const read = policies.seen ? policies.value.flatMap(({ metrics }) => metrics) : [];
  const unit = read.find(
    (one) => one.namespace === metric.namespace && one.name === metric.name && one.unit !== null,
  )?.unit;
  if (unit === undefined || unit === null) return null;
  const minutes = await look(() =>
    readMinutes(cloudWatch, { metric, statistic: 'SampleCount', unit, sinceMs, nowMs }),
  );
  return minutes.seen ? minutes.value.length > 0 : null;
}
