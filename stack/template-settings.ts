import { contractOf, type Target } from '../workflow/target.ts';

/** Stands in a branch of the template that isn't taken without a key; an ARN has to be there all the same. */
const noKeyArn = 'arn:aws:kms:us-east-1:000000000000:key/none';

/** The shape in which serverless.yml reads a target: texts for variables, and whole sections of the template. */
export function templateSettings(target: Target, name: string) {
  const { parameter, restore, instances, deploy, endpoint, metricFunction, metric, vpc } = target;
  const { triggers, pauses, approval, notify, stack } = target;
  const heartbeatAlarmName = `env-recovery-${name}-heartbeat`;
  const alarmNames = [...(triggers.heartbeat ? [heartbeatAlarmName] : []), ...triggers.alarms];
  const approveWithinMinutes = approval?.withinMinutes ?? 60;
  const [tagKey = '', ...tagValue] = (instances.tag ?? '').split('=');
  return {
    parameterName: parameter.name,
    reader: parameter.reader,
    envContract: JSON.stringify(contractOf(target)),
    kmsKeyArn: parameter.kmsKeyArn ?? '',
    kmsKeyResource: parameter.kmsKeyArn ?? noKeyArn,
    backupParameterName: restore.backupParameter ?? '',
    instanceIds: (instances.ids ?? []).join(','),
    instanceTag: instances.tag ?? '',
    instanceTagCondition: { [`ssm:resourceTag/${tagKey}`]: tagValue.join('=') },
    instanceArns:
      instances.ids?.map((id) => ({
        // A hybrid node (mi-…) is a managed instance of SSM, not one of EC2.
        'Fn::Sub': id.startsWith('mi-')
          ? `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:managed-instance/${id}`
          : `arn:\${AWS::Partition}:ec2:\${AWS::Region}:\${AWS::AccountId}:instance/${id}`,
      })) ?? [],
    // The shebang decides the shell: without it the agent takes sh, which knows no pipefail on Debian and Ubuntu.
    deployScript: ['#!/bin/bash', 'set -euo pipefail', ...deploy.commands],
    deployTimeoutSeconds: String(deploy.timeoutSeconds),
    deliveryTimeoutSeconds: String(deploy.deliveryTimeoutSeconds),
    endpointUrl: endpoint.url,
    endpointHost: endpoint.host ?? '',
    internalKey: endpoint.internalKey,
    backlogPath: endpoint.backlogPath,
    requestTimeoutSeconds: String(endpoint.requestTimeoutSeconds),
    healthyWithinSeconds: String(endpoint.healthyWithinSeconds),
    functionName: metricFunction.name,
    answerPath: metricFunction.answerPath,
    functionSet: JSON.stringify(metricFunction.set),
    functionSetFromEnv: JSON.stringify(metricFunction.setFromEnv),
    functionRemove: metricFunction.remove.join(','),
    metricFunctionEnvironment: {
      AI_QUEUE_NAME: metricFunction.queues?.ai ?? '',
      VIDEO_QUEUE_NAME: metricFunction.queues?.video ?? '',
      MESSAGING_QUEUE_NAME: metricFunction.queues?.messaging ?? '',
      BACKLOG_PATH: endpoint.backlogPath,
      REQUEST_TIMEOUT_SECONDS: String(endpoint.requestTimeoutSeconds),
      METRIC_NAMESPACE: metric.namespace,
      METRIC_NAME: metric.name,
      METRIC_DIMENSIONS: JSON.stringify(metric.dimensions),
      METRIC_PERIOD_SECONDS: String(metric.periodSeconds),
      // The key comes with the first recovery, from the parameter: no template may hold it.
      ...metricFunction.set,
    },
    deployMetricFunction: metricFunction.deploy,
    scheduleMetricFunction: metricFunction.schedule,
    aiQueue: metricFunction.queues?.ai ?? '',
    videoQueue: metricFunction.queues?.video ?? '',
    messagingQueue: metricFunction.queues?.messaging ?? '',
    metricNamespace: metric.namespace,
    metricName: metric.name,
    metricDimensions: JSON.stringify(metric.dimensions),
    metricDimensionList: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
    metricPeriodSeconds: String(metric.periodSeconds),
    confirmWithinSeconds: String(metric.confirmWithinSeconds),
    // Two empty lists are how CloudFormation spells "in no VPC".
    vpc: vpc ?? { subnetIds: [], securityGroupIds: [] },
    heartbeatAlarmName,
    heartbeat: String(triggers.heartbeat),
    // An empty list is no pattern; the rule isn't there then, but has to be spelled.
    alarmNames: alarmNames.length > 0 ? alarmNames : ['none'],
    alarmCount: String(alarmNames.length),
    parameterChange: String(triggers.parameterChange),
    schedule: triggers.schedule || '',
    cooldownMinutes: String(pauses.cooldownMinutes),
    maxFailures: String(pauses.maxFailures),
    windowHours: String(pauses.windowHours),
    needsApproval: String(approval !== undefined),
    approveWithinMinutes: String(approveWithinMinutes),
    approveWithinSeconds: approveWithinMinutes * 60,
    subscriptions: notify.subscriptions.map(({ protocol, endpoint: Endpoint }) => ({
      Protocol: protocol,
      Endpoint,
    })),
    stackKeyArn: stack.kmsKeyArn ?? '',
    stackKeyResource: stack.kmsKeyArn ?? noKeyArn,
    oneAtATime: stack.reserveConcurrency ? 1 : { Ref: 'AWS::NoValue' },
  };
}
