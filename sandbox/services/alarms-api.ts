/** CloudWatch's operations on alarms. */
import * as v from 'valibot';
import { AwsError, operation } from '../endpoint.ts';
import { arn } from '../template.ts';
import type { Metrics } from './cloudwatch.ts';

/** @param evaluate what is due before the alarms are shown. */
export function alarmOperations(metrics: Metrics, evaluate: () => void) {
  const setActions = (isEnabled: boolean) =>
    operation(v.object({ AlarmNames: v.array(v.string()) }), ({ AlarmNames }) => {
      for (const alarm of metrics.alarms())
        if (AlarmNames.includes(alarm.properties.AlarmName)) alarm.actionsEnabled = isEnabled;
      return {};
    });
  return {
    DescribeAlarms: operation(
      v.object({
        AlarmNames: v.optional(v.array(v.string())),
        AlarmNamePrefix: v.optional(v.string(), ''),
      }),
      ({ AlarmNames, AlarmNamePrefix }) => {
        evaluate();
        return {
          MetricAlarms: metrics
            .alarms()
            .filter(({ properties: { AlarmName } }) => AlarmNames?.includes(AlarmName) ?? true)
            .filter(({ properties: { AlarmName } }) => AlarmName.startsWith(AlarmNamePrefix))
            .map(({ properties, state, reason, updatedAt, actionsEnabled }) => ({
              ...properties,
              AlarmArn: arn('cloudwatch', `alarm:${properties.AlarmName}`),
              ActionsEnabled: actionsEnabled,
              StateValue: state,
              StateReason: reason,
              StateUpdatedTimestamp: updatedAt,
            })),
          CompositeAlarms: [],
        };
      },
    ),

    SetAlarmState: operation(
      v.object({
        AlarmName: v.string(),
        StateValue: v.picklist(['OK', 'ALARM', 'INSUFFICIENT_DATA']),
        StateReason: v.string(),
      }),
      ({ AlarmName, StateValue, StateReason }) => {
        const alarm = metrics.alarms().find(({ properties }) => properties.AlarmName === AlarmName);
        if (!alarm) throw new AwsError('ResourceNotFound', 'The alarm does not exist.', 404);
        metrics.setAlarmState(alarm, StateValue, StateReason);
        return {};
      },
    ),

    EnableAlarmActions: setActions(true),
    DisableAlarmActions: setActions(false),
  };
}
