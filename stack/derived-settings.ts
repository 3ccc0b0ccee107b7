/** What the template needs from a target in AWS's own words; it reads everything else from the target itself. */

import { dimensionList } from '../workflow/dimensions.ts';
import { silenceOf } from '../workflow/metric-period.ts';
import { isPath, textNamesOf } from '../workflow/spread-env.ts';
import { heartbeatOf } from '../workflow/stack-names.ts';
import { approvalMinutesOf, type DeployedTarget } from '../workflow/target.ts';
import { logicalName } from './functions.ts';

/** @param stateKeys of the functions that the state machine invokes. */
export function derivedSettings(target: DeployedTarget, stateKeys: readonly string[]) {
  const { name, parameter, deploy, metric, triggers, notify, stack } = target;
  const heartbeatAlarmName = heartbeatOf(name);
  return {
    // The shebang chooses the shell: without it the agent runs sh, which has no pipefail on Debian and Ubuntu.
    // SSM fills in the version that DeployApi has looked at: a read of the newest one on the host could lag.
    deployScript: [
      '#!/bin/bash',
      'set -euo pipefail',
      "export ENV_VERSION='{{ envVersion }}'",
      ...deploy.commands,
    ],
    // Documents take their numbers as text.
    deployTimeoutSeconds: String(deploy.timeoutSeconds),
    parameterNames: isPath(parameter.name)
      ? [{ prefix: parameter.name }]
      : (textNamesOf(parameter.name) ?? [parameter.name]),
    // Of a target without a metric, nothing in the template refers to it.
    metricDimensions: dimensionList(metric?.dimensions ?? {}),
    heartbeatAlarmName,
    silence: silenceOf(metric),
    alarmPattern: alarmPatternOf(triggers, heartbeatAlarmName),
    approveWithinSeconds: approvalMinutesOf(target) * 60,
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
    stateFunctionArns: stateKeys.map((key) => ({
      'Fn::GetAtt': [`${logicalName(key)}LambdaFunction`, 'Arn'],
    })),
  };
}

/**
 * The `detail` of the events of alarms that start a recovery. Where the alarms differ in their states, it is an `$or`:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
 */
function alarmPatternOf({ heartbeat, alarms }: DeployedTarget['triggers'], heartbeatName: string): object {
  const named = [...(heartbeat ? [{ name: heartbeatName, onInsufficientData: true }] : []), ...alarms];
  const namesOf = (wanted: boolean) =>
    named.filter(({ onInsufficientData }) => onInsufficientData === wanted).map(({ name }) => name);
  const patterns = [
    { alarmName: namesOf(true), state: { value: ['ALARM', 'INSUFFICIENT_DATA'] } },
    { alarmName: namesOf(false), state: { value: ['ALARM'] } },
  ].filter(({ alarmName }) => alarmName.length > 0);
  const [only, ...others] = patterns;
  return only && others.length === 0 ? only : { $or: patterns };
}
