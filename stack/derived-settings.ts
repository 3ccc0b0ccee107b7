/** What the template needs from a target in AWS's own words; it reads everything else from the target itself. */
import type { DeployedTarget } from '../workflow/target.ts';

/** A value for the template only: an execution of a target that asks for no approval never waits. */
const defaultApprovalMinutes = 60;

/** Whether the target has the metric function deployed with the stack. */
export const deploysMetricFunction = ({ metricFunction }: DeployedTarget): boolean => metricFunction.deploy;

/** @param functionKeys of all functions of the stack. */
export function derivedSettings(target: DeployedTarget, functionKeys: readonly string[]) {
  const { name, deploy, metric, triggers, approval, notify, stack } = target;
  const heartbeatAlarmName = `env-recovery-${name}-heartbeat`;
  return {
    // The shebang chooses the shell: without it the agent runs sh, which has no pipefail on Debian and Ubuntu.
    deployScript: ['#!/bin/bash', 'set -euo pipefail', ...deploy.commands],
    // Documents take their numbers as text.
    deployTimeoutSeconds: String(deploy.timeoutSeconds),
    metricDimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
    heartbeatAlarmName,
    alarmNames: [...(triggers.heartbeat ? [heartbeatAlarmName] : []), ...triggers.alarms],
    approveWithinSeconds: (approval?.withinMinutes ?? defaultApprovalMinutes) * 60,
    subscriptions: notify.subscriptions.map(({ protocol, endpoint }) => ({
      Protocol: protocol,
      Endpoint: endpoint,
    })),
    executionEncryption:
      stack.kmsKeyArn === undefined
        ? { Type: 'AWS_OWNED_KEY' }
        : {
            Type: 'CUSTOMER_MANAGED_KMS_KEY',
            KmsKeyId: stack.kmsKeyArn,
            KmsDataKeyReusePeriodSeconds: 300,
          },
    // What the state machine invokes: all functions except those that events start.
    stateFunctionArns: functionKeys
      .filter((key) => !['closeRecovery', 'queueDepthMetric'].includes(key))
      .map((key) => ({
        'Fn::GetAtt': [`${key.charAt(0).toUpperCase()}${key.slice(1)}LambdaFunction`, 'Arn'],
      })),
  };
}
