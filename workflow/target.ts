/** A target: the service that is recovered, as its file describes it. `target/` has the fields, and what has to hold between them. */
import * as v from 'valibot';
import { checks } from './target/checks.ts';
import type { Endpoint } from './target/endpoint.ts';
import { TargetFields } from './target/sections.ts';
import { defaultApprovalMinutes } from './target/triggers.ts';

export const Target = v.pipe(
  TargetFields,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const target = dataset.value;
    for (const { field, expected } of checks.filter(({ holds }) => !holds(target)))
      addIssue({ message: expected, path: pathTo(field, target) });
  }),
  v.transform((target) => ({
    ...target,
    triggers: { ...target.triggers, heartbeat: target.triggers.heartbeat ?? target.metric !== undefined },
  })),
);

/** The place of a mistake as valibot describes it. */
const pathTo = ([section, field]: (typeof checks)[number]['field'], input: TargetFields) =>
  [
    { type: 'object', origin: 'value', input: { ...input }, key: section, value: input[section] },
    { type: 'object', origin: 'value', input: { ...input[section] }, key: field, value: undefined },
  ] satisfies [v.IssuePathItem, v.IssuePathItem];

export type Target = Omit<v.InferOutput<typeof Target>, 'endpoint'> & { readonly endpoint: Endpoint };
export type Metric = NonNullable<Target['metric']>;
export type MetricFunction = NonNullable<Target['metricFunction']>;

/** A target with its name, as it is shipped inside each function's bundle. */
export type DeployedTarget = Target & { readonly name: string };

/** What scales the workers. */
export interface TargetScaling {
  readonly metric: Metric;
  /** Their Auto Scaling group: by name, or else the one that a dimension of the metric names. */
  readonly group: string;
}

/** @returns `undefined` if the target has no metric, or no group. */
export function scalingOf({
  scaling,
  metric,
}: Pick<Target, 'scaling' | 'metric'>): TargetScaling | undefined {
  const group = scaling?.group ?? metric?.dimensions.AutoScalingGroupName;
  return metric === undefined || group === undefined ? undefined : { metric, group };
}

/** How long a person has to answer. A target that asks for no approval has a value for the template only. */
export const approvalMinutesOf = ({ approval }: Pick<Target, 'approval'>): number =>
  approval?.withinMinutes ?? defaultApprovalMinutes;

/** The key and the value of `Key=value`; the value may hold `=` too. */
export function splitTag(tag = ''): { readonly key: string; readonly value: string } {
  const [key = '', ...value] = tag.split('=');
  return { key, value: value.join('=') };
}
