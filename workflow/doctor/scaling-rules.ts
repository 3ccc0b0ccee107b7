/** The links from the metric to the scaling policy: facts in, checks out. */

import type { Dimensions } from '../dimensions.ts';
import { heartbeatOf } from '../stack-names.ts';
import { type DeployedTarget, type Metric, scalingOf, type TargetScaling } from '../target.ts';
import { listNames } from '../words.ts';
import { broken, type Check, judge, ok, seenIn, unknown } from './checks.ts';
import type { AlarmFacts, Facts, MetricRef, PolicyFacts } from './facts.ts';
import { freshDatapointMs, freshMsOf, timeOf } from './metric-age.ts';
import { collectGroupMetrics, putPolicyAgain } from './policy-command.ts';
import type { Rule } from './service-rules.ts';

const sameDimensions = (one: Dimensions, other: Dimensions) =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());

const sameName = (one: Pick<MetricRef, 'namespace' | 'name'>, other: Pick<MetricRef, 'namespace' | 'name'>) =>
  one.namespace === other.namespace && one.name === other.name;

export const isMetric = (one: MetricRef, other: MetricRef) =>
  sameName(one, other) && sameDimensions(one.dimensions, other.dimensions);

const describe = (dimensions: Dimensions) =>
  Object.entries(dimensions)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ') || 'no dimensions';

/** @returns nothing if the target has no metric. */
export const metric: Rule = (facts, { metric: wanted }) =>
  wanted === undefined || facts.metric === null || facts.dimensionSets === null
    ? []
    : metricChecks({ ...facts, metric: facts.metric, dimensionSets: facts.dimensionSets }, wanted);

type MetricFacts = Pick<Facts, 'nowMs'> & {
  readonly [Fact in 'metric' | 'dimensionSets']: NonNullable<Facts[Fact]>;
};

function metricChecks(facts: MetricFacts, wanted: Metric): readonly Check[] {
  const { dimensionSets } = facts;
  const name = `${wanted.namespace}/${wanted.name}`;
  const withUnit = wanted.unit === undefined ? '' : `; unit ${wanted.unit}`;
  const provenMs = freshDatapointMs(facts, { metric: wanted });
  return [
    ...judge(facts.metric, ({ lastDatapointMs }) => {
      if (provenMs !== undefined) return [ok(`the newest datapoint of ${name} is of ${timeOf(provenMs)}`)];
      // Whether it is elsewhere, or nowhere, is told below.
      if (
        lastDatapointMs === null &&
        seenIn(dimensionSets)?.every((one) => !sameDimensions(one, wanted.dimensions))
      )
        return [];
      const last =
        lastDatapointMs === null ? 'none in the last hours' : `the last one at ${timeOf(lastDatapointMs)}`;
      return [
        broken(
          'MetricStopped',
          `${name} (${describe(wanted.dimensions)}${withUnit}) has no fresh datapoint, ${last}`,
        ),
      ];
    }),
    ...judge(dimensionSets, (found) => {
      // A new metric is not listed for some minutes.
      if (provenMs !== undefined || found.some((one) => sameDimensions(one, wanted.dimensions)))
        return [ok(`it is published with ${describe(wanted.dimensions)}`)];
      return found.length === 0
        ? [broken('MetricNeverPublished', `CloudWatch lists no metric ${name}`)]
        : [
            broken(
              'MetricElsewhere',
              `${name} is published with ${listNames(found.map(describe), 2)}, and not with ${describe(wanted.dimensions)}`,
            ),
          ];
    }),
  ];
}

/** The alarms that start a recovery. */
export const startingAlarms = ({ name, triggers }: DeployedTarget): readonly string[] => [
  ...(triggers.heartbeat ? [heartbeatOf(name)] : []),
  ...triggers.alarms.map((alarm) => alarm.name),
];

export const stateOf = ({ state, stateSince }: AlarmFacts) =>
  `${state}${stateSince === null ? '' : ` since ${stateSince}`}`;

export const alarms: Rule = (facts, target) => {
  const { alarms: own } = facts;
  const wanted = startingAlarms(target);
  return [
    ...(wanted.length === 0
      ? []
      : judge(own, (found) =>
          wanted.flatMap((name) =>
            startingCheck(
              name,
              found.find((alarm) => alarm.name === name),
              target,
            ),
          ),
        )),
    ...ofScaling(trackingAlarms)(facts, target).map((check) => notYetKnown(check, facts, target)),
  ];
};

/** An alarm that was made a moment ago has just not been evaluated yet, if there are datapoints. */
function notYetKnown(check: Check, facts: Facts, target: DeployedTarget): Check {
  if (check.state !== 'broken' || check.code !== 'ScalingAlarmsSilent') return check;
  const found = seenIn(facts.scalingAlarms)?.find(({ name }) => name === check.names.alarm);
  const sinceMs = Date.parse(found?.stateSince ?? '');
  return freshDatapointMs(facts, target) !== undefined && facts.nowMs - sinceMs <= freshMsOf(target)
    ? unknown('AlarmTooNew', check.says)
    : check;
}

/** What scaling by the metric depends on. */
export type ScalingFacts = Pick<
  Facts,
  'nowMs' | 'metric' | 'scalingAlarms' | 'policies' | 'group' | 'activities' | 'refreshes'
>;
export type ScalingRule = (facts: ScalingFacts, scaling: TargetScaling) => readonly Check[];

/** A rule that has nothing to say of a target without a metric or a group. */
export const ofScaling =
  (rule: ScalingRule): Rule =>
  (facts, target) => {
    const scaling = scalingOf(target);
    return scaling ? rule(facts, scaling) : [];
  };

/** The alarms that target tracking made. */
export const trackingAlarms: ScalingRule = ({ scalingAlarms, policies }, { group, metric }) => {
  if (scalingAlarms === null) return [];
  const ours = (seenIn(policies) ?? []).find(({ metrics }) => metrics.some((one) => isMetric(one, metric)));
  return judge(scalingAlarms, (found) =>
    scalingChecks(found, group, metric, {
      again: ours ? putPolicyAgain(ours, metric) : [],
      feed: ours ? collectGroupMetrics(ours) : [],
    }),
  );
};

interface AlarmMeans {
  /** Puts the policy again, which makes its alarms. */
  readonly again: readonly string[];
  /** Gives the policy the data that it lacks; nothing if that is the metric itself. */
  readonly feed: readonly string[];
}

/** Whether an alarm asks for more workers. AWS documents the names of these alarms. */
export const isAlarmHigh = ({ name }: Pick<AlarmFacts, 'name'>): boolean => name.includes('-AlarmHigh-');

/** Those of the alarms that watch the metric. */
export const alarmsOn = (found: readonly AlarmFacts[], wanted: MetricRef): readonly AlarmFacts[] =>
  found.filter(({ metrics }) => metrics.some((one) => isMetric(one, wanted)));

function startingCheck(
  alarm: string,
  found: AlarmFacts | undefined,
  { name, metric }: DeployedTarget,
): readonly Check[] {
  if (!found) return [broken('HeartbeatMissing', `there is no alarm ${alarm}`, { alarm })];
  const isElsewhere =
    alarm === heartbeatOf(name) && metric && !found.metrics.some((one) => isMetric(one, metric));
  if (isElsewhere)
    return [broken('HeartbeatElsewhere', `alarm ${alarm} watches ${listMetrics(found)}`, { alarm })];
  return [
    found.state === 'OK'
      ? ok(`alarm ${alarm} is ${stateOf(found)}`)
      : broken('HeartbeatFiring', `alarm ${alarm} is ${stateOf(found)}`, { alarm }),
  ];
}

const listMetrics = ({ metrics }: Pick<AlarmFacts, 'metrics'>) =>
  listNames(
    metrics.map(({ namespace, name, dimensions }) => `${namespace}/${name} (${describe(dimensions)})`),
    2,
  );

function scalingChecks(
  found: readonly AlarmFacts[],
  group: string,
  wanted: MetricRef,
  { again, feed }: AlarmMeans,
): readonly Check[] {
  const [first] = found;
  if (!first)
    return [
      broken('ScalingAlarmsMissing', `group ${group} has no alarm TargetTracking-${group}-…`, {}, again),
    ];
  const ours = alarmsOn(found, wanted);
  if (ours.length === 0)
    return [
      broken(
        'ScalingAlarmsElsewhere',
        `the alarms of target tracking watch ${listMetrics(first)}`,
        { alarm: first.name },
        again,
      ),
    ];
  if (!ours.some(isAlarmHigh))
    return [
      broken(
        'ScalingAlarmsMissing',
        `group ${group} has no alarm TargetTracking-${group}-AlarmHigh-…`,
        {},
        again,
      ),
    ];
  // One that breaches stays without a state until it has as many datapoints as it evaluates: a quarter of an hour for
  // the one that scales in. The other one shows that there is data.
  const isSilent = ours.every(({ state }) => state === 'INSUFFICIENT_DATA');
  return ours.flatMap((alarm) => [
    ...(alarm.actionsEnabled
      ? []
      : [
          broken('ScalingActionsDisabled', `the actions of alarm ${alarm.name} are disabled`, {
            alarm: alarm.name,
          }),
        ]),
    // ALARM is no fault: it is how target tracking scales.
    isSilent
      ? broken(
          'ScalingAlarmsSilent',
          `alarm ${alarm.name} is ${stateOf(alarm)}`,
          { alarm: alarm.name },
          feed.length > 0 ? feed : again,
        )
      : ok(`alarm ${alarm.name} is ${stateOf(alarm)}`),
  ]);
}

export const policy: ScalingRule = ({ policies, metric: published }, { group, metric }) => {
  if (policies === null) return [];
  return judge(policies, (found) => {
    if (found.length === 0) return [broken('PolicyMissing', `group ${group} has no target tracking policy`)];
    const named = found.filter(({ metrics }) => metrics.some((one) => sameName(one, metric)));
    const [first] = named;
    if (!first)
      return [
        broken(
          'PolicyElsewhere',
          `no target tracking policy of group ${group} (${listNames(found.map(({ name }) => name))}) reads ${metric.namespace}/${metric.name}`,
        ),
      ];
    const right = named.find(({ metrics }) => metrics.some((one) => isMetric(one, metric)));
    if (!right)
      return [
        broken(
          'PolicyOtherDimensions',
          `policy ${first.name} reads ${listMetrics(first)}`,
          { policy: first.name },
          putPolicyAgain(first, metric),
        ),
      ];
    return policyChecks(right, metric, seenIn(published)?.hasUnit ?? null);
  });
};

function policyChecks(policy: PolicyFacts, wanted: Metric, hasUnit: boolean | null): readonly Check[] {
  const { name, isEnabled, metrics, expression } = policy;
  const read = metrics.find((one) => isMetric(one, wanted));
  const isOther = read?.unit && wanted.unit !== undefined && read.unit !== wanted.unit;
  const isWrongUnit = hasUnit === false || Boolean(isOther);
  const names = { policy: name };
  // One command cures all of it.
  const again = putPolicyAgain(policy, wanted, isWrongUnit);
  const faults = [
    ...(isEnabled ? [] : [broken('PolicyDisabled', `policy ${name} is disabled`, names, again)]),
    ...(isWrongUnit && read?.unit
      ? [
          broken(
            'PolicyOtherUnit',
            `policy ${name} asks for the unit ${read.unit}, and ${isOther ? `the metric has ${wanted.unit}` : 'no datapoint has it'}`,
            names,
            again,
          ),
        ]
      : []),
    ...(read?.statistic === 'SampleCount'
      ? [broken('PolicyCountsSamples', `policy ${name} takes SampleCount of the metric`, names, again)]
      : []),
  ];
  const as = `${read?.statistic}${read?.unit ? `, ${read.unit}` : ''}${expression === null ? '' : `, in ${expression}`}`;
  return faults.length > 0 ? faults : [ok(`policy ${name} reads the metric as it is published (${as})`)];
}
