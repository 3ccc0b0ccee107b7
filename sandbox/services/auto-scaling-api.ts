/** The operations of EC2 Auto Scaling, as its API reference of 2011-01-01 describes them. */
import * as v from 'valibot';
import { AwsError, type Operation, operation, type Service } from '../endpoint.ts';
import { FormBoolean, FormInteger, formList } from '../query-protocol.ts';
import { type AutoScaling, invalid } from './auto-scaling.ts';
import { describeAlarms, describeGroup, describePolicy } from './auto-scaling-descriptions.ts';
import { type Process, processes, type ScalingGroup } from './auto-scaling-group.ts';
import { TargetTrackingConfiguration } from './target-tracking.ts';

const Name = v.pipe(v.string(), v.minLength(1));
const Names = v.optional(formList(v.string()), []);
const ProcessNames = v.optional(formList(v.picklist(processes)), []);
const pageEntries = { MaxRecords: v.optional(FormInteger), NextToken: v.optional(v.string(), '0') };

/** Without names, everything is asked for. */
const isAsked = (names: readonly string[], ...own: string[]) =>
  names.length === 0 || own.some((one) => names.includes(one));

/** A part of a list, and the token of the next one. */
function pageOf<Item>(
  items: readonly Item[],
  { MaxRecords = 50, NextToken }: { readonly MaxRecords?: number | undefined; readonly NextToken: string },
): { items: Item[]; NextToken: string | undefined } {
  if (!/^\d+$/.test(NextToken))
    throw new AwsError('InvalidNextToken', `The token '${NextToken}' is invalid.`);
  const end = Number(NextToken) + MaxRecords;
  return {
    items: items.slice(Number(NextToken), end),
    NextToken: end < items.length ? String(end) : undefined,
  };
}

export function autoScalingService(autoScaling: AutoScaling): Service {
  /** Answers after everything has happened that is due. */
  const at = <Schema extends v.GenericSchema>(
    schema: Schema,
    run: (input: v.InferOutput<Schema>) => unknown,
  ): Operation =>
    operation(
      schema,
      (input) => {
        autoScaling.advance();
        return run(input);
      },
      'ValidationError',
    );

  const groupsOf = (name: string | undefined) =>
    name === undefined ? autoScaling.groups() : [autoScaling.group(name)];

  return {
    targetPrefix: 'AutoScaling',
    operations: {
      DescribeAutoScalingGroups: at(
        v.object({
          AutoScalingGroupNames: Names,
          Filters: v.optional(formList(v.object({ Name: v.string(), Values: formList(v.string()) })), []),
          ...pageEntries,
        }),
        ({ AutoScalingGroupNames, Filters, ...page }) => {
          const { items, NextToken } = pageOf(
            autoScaling
              .groups()
              .filter(({ settings: { name } }) => isAsked(AutoScalingGroupNames, name))
              .filter((group) => Filters.every(({ Name, Values }) => hasTag(group, Name, Values))),
            page,
          );
          return { AutoScalingGroups: items.map(describeGroup), NextToken };
        },
      ),

      DescribePolicies: at(
        v.object({
          AutoScalingGroupName: v.optional(Name),
          PolicyNames: Names,
          PolicyTypes: Names,
          ...pageEntries,
        }),
        ({ AutoScalingGroupName, PolicyNames, PolicyTypes, ...page }) => {
          const described = groupsOf(AutoScalingGroupName).flatMap(({ settings: { name } }) =>
            autoScaling.policies(name).map((policy) => describePolicy(name, policy)),
          );
          const { items, NextToken } = pageOf(
            described
              .filter(({ PolicyName, PolicyARN }) => isAsked(PolicyNames, PolicyName, PolicyARN))
              .filter(({ PolicyType }) => isAsked(PolicyTypes, PolicyType)),
            page,
          );
          return { ScalingPolicies: items, NextToken };
        },
      ),

      DescribeScalingActivities: at(
        v.object({ AutoScalingGroupName: v.optional(Name), ActivityIds: Names, ...pageEntries }),
        ({ AutoScalingGroupName, ActivityIds, ...page }) => {
          const { items, NextToken } = pageOf(
            groupsOf(AutoScalingGroupName)
              .flatMap(({ activities }) => activities)
              .filter(({ ActivityId }) => isAsked(ActivityIds, ActivityId)),
            page,
          );
          return { Activities: items, NextToken };
        },
      ),

      DescribeInstanceRefreshes: at(
        v.object({ AutoScalingGroupName: Name, InstanceRefreshIds: Names, ...pageEntries }),
        ({ AutoScalingGroupName, InstanceRefreshIds, ...page }) => {
          const { items, NextToken } = pageOf(
            autoScaling
              .group(AutoScalingGroupName)
              .instanceRefreshes.filter(({ InstanceRefreshId }) =>
                isAsked(InstanceRefreshIds, InstanceRefreshId),
              ),
            page,
          );
          return { InstanceRefreshes: items, NextToken };
        },
      ),

      PutScalingPolicy: at(
        v.object({
          AutoScalingGroupName: Name,
          PolicyName: Name,
          PolicyType: v.literal('TargetTrackingScaling'),
          EstimatedInstanceWarmup: v.optional(FormInteger),
          Enabled: v.optional(FormBoolean, 'true'),
          TargetTrackingConfiguration,
        }),
        (input) => {
          const policy = autoScaling.putPolicy({
            group: input.AutoScalingGroupName,
            name: input.PolicyName,
            enabled: input.Enabled,
            estimatedInstanceWarmup: input.EstimatedInstanceWarmup,
            configuration: input.TargetTrackingConfiguration,
          });
          return { PolicyARN: policy.arn, Alarms: describeAlarms(policy) };
        },
      ),

      DeletePolicy: at(
        v.object({ AutoScalingGroupName: Name, PolicyName: Name }),
        ({ AutoScalingGroupName, PolicyName }) => autoScaling.deletePolicy(AutoScalingGroupName, PolicyName),
      ),

      SetDesiredCapacity: at(
        v.object({
          AutoScalingGroupName: Name,
          DesiredCapacity: FormInteger,
          HonorCooldown: v.optional(FormBoolean, 'false'),
        }),
        ({ AutoScalingGroupName, DesiredCapacity, HonorCooldown }) => {
          const activity = HonorCooldown ? autoScaling.coolingDown(AutoScalingGroupName) : undefined;
          if (activity)
            throw new AwsError(
              'ScalingActivityInProgress',
              `Scaling activity ${activity.ActivityId} is in progress and blocks this action`,
            );
          autoScaling.setDesired(
            AutoScalingGroupName,
            DesiredCapacity,
            'a user request explicitly set group desired capacity',
          );
        },
      ),

      UpdateAutoScalingGroup: at(
        v.object({
          AutoScalingGroupName: Name,
          MinSize: v.optional(FormInteger),
          MaxSize: v.optional(FormInteger),
          DesiredCapacity: v.optional(FormInteger),
        }),
        ({ AutoScalingGroupName, ...wanted }) => {
          const group = autoScaling.group(AutoScalingGroupName);
          const { MinSize = group.minSize, MaxSize = group.maxSize } = wanted;
          if (MaxSize < MinSize)
            throw invalid(`Max bound, ${MaxSize}, must be greater than or equal to min bound, ${MinSize}`);
          // Without a capacity of its own, a group is brought within its new bounds.
          const desired = wanted.DesiredCapacity ?? Math.min(Math.max(group.desired, MinSize), MaxSize);
          if (desired < MinSize || desired > MaxSize)
            throw invalid(
              `Desired capacity:${desired} must be between the specified min size:${MinSize} and max size:${MaxSize}`,
            );
          Object.assign(group, { minSize: MinSize, maxSize: MaxSize });
          autoScaling.setDesired(
            AutoScalingGroupName,
            desired,
            `a user request update of AutoScalingGroup constraints to min: ${MinSize}, max: ${MaxSize}, desired: ${desired}`,
          );
        },
      ),

      SuspendProcesses: at(
        v.object({ AutoScalingGroupName: Name, ScalingProcesses: ProcessNames }),
        ({ AutoScalingGroupName, ScalingProcesses }) => {
          const { suspended } = autoScaling.group(AutoScalingGroupName);
          const reason = `User suspended at ${new Date().toISOString().slice(0, 19)}Z`;
          for (const process of allIfNone(ScalingProcesses))
            if (!suspended.has(process)) suspended.set(process, reason);
        },
      ),

      ResumeProcesses: at(
        v.object({ AutoScalingGroupName: Name, ScalingProcesses: ProcessNames }),
        ({ AutoScalingGroupName, ScalingProcesses }) => {
          const { suspended } = autoScaling.group(AutoScalingGroupName);
          for (const process of allIfNone(ScalingProcesses)) suspended.delete(process);
        },
      ),
    },
  };
}

const allIfNone = (names: readonly Process[]) => (names.length === 0 ? processes : names);

/** Filters are `tag-key`, `tag-value` and `tag:<key>`. */
function hasTag(
  { settings: { tags = {} } }: ScalingGroup,
  filter: string,
  values: readonly string[],
): boolean {
  if (filter === 'tag-key') return values.some((key) => Object.hasOwn(tags, key));
  if (filter === 'tag-value') return Object.values(tags).some((value) => values.includes(value));
  if (!filter.startsWith('tag:')) throw invalid(`Filter type ${filter} is not correct.`);
  return values.includes(tags[filter.slice(4)] ?? '');
}
