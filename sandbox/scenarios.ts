/** The outages that the sandbox can play. They differ in the state of things before the recovery starts. */

import { scalingOf, type Target } from '../workflow/target.ts';
import { hostsKey } from './host/api.ts';

export const scenarioNames = ['outage', 'healthy', 'host-rejected', 'no-source', 'instance-offline'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export interface Scenario {
  /** What a person should know about it. */
  readonly summary: string;
  /** What follows for a target that has a metric. */
  readonly ofMetric?: string;
  /** What follows for one that has workers, too. */
  readonly ofWorkers?: string;
  /** How the execution has to end: the report's outcome, or the error's name. */
  readonly expected: 'Recovered' | 'Healthy' | 'HostRejected' | 'EnvRestoreFailed' | 'InstanceUnavailable';
  /** Who starts the execution. */
  readonly startedBy: 'alarm' | 'operator';
}

export const scenarios: Record<ScenarioName, Scenario> = {
  outage: {
    summary: 'One key was written over the whole env, and the API was deployed with it.',
    ofMetric: 'The metric has stopped.',
    ofWorkers: 'The workers no longer scale.',
    expected: 'Recovered',
    startedBy: 'alarm',
  },
  healthy: {
    summary: 'Nothing is wrong.',
    expected: 'Healthy',
    startedBy: 'operator',
  },
  'host-rejected': {
    summary: "The env is complete, but the API's ALLOWED_HOSTS lacks the Host that requests have.",
    expected: 'HostRejected',
    startedBy: 'alarm',
  },
  'no-source': {
    summary: 'The env was overwritten, no older version of it is complete, and there is no backup.',
    expected: 'EnvRestoreFailed',
    startedBy: 'alarm',
  },
  'instance-offline': {
    summary: 'The env was overwritten, and the SSM agent of the instance is offline.',
    expected: 'InstanceUnavailable',
    startedBy: 'alarm',
  },
};

/** @param target without it, one that has all. */
export const summaryOf = (scenario: ScenarioName, target?: Pick<Target, 'metric' | 'scaling'>): string => {
  const { summary, ofMetric, ofWorkers } = scenarios[scenario];
  const follows = [
    ...(target && target.metric === undefined ? [] : [ofMetric]),
    ...(target && scalingOf(target) === undefined ? [] : [ofWorkers]),
  ];
  return [summary, ...follows].filter((sentence) => sentence !== undefined).join(' ');
};

/**
 * Why a scenario makes no sense for a target; `undefined` if it does.
 *
 * @param keys of the env.
 */
export function reasonAgainst(
  scenario: ScenarioName,
  { endpoint }: Pick<Target, 'endpoint'>,
  keys: Iterable<string>,
): string | undefined {
  if (scenario !== 'host-rejected' || endpoint.host !== undefined || [...keys].includes(hostsKey))
    return undefined;
  return `endpoint.host is not set and the env has no ${hostsKey}, so no Host is known that its API would reject`;
}
