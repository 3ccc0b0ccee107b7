/** What starts an execution and what follows its end, and how both are kept safe, in the compiled template. */
import * as v from 'valibot';
import { AlarmProperties } from '../../sandbox/services/alarms.ts';
import { matchesPattern } from '../../sandbox/services/eventbridge.ts';
import { resourcesOf } from '../../sandbox/template.ts';
import { stackOf } from '../../stack/stack.ts';
import { academy, machine, Policies, Rule, read, target } from '../support/compiled-template.ts';

describe('hardening', () => {
  it('encrypts the queue and the state machine, with a key of the target’s if it names one', () => {
    expect(academy.get('RecoverEnv')?.properties.EncryptionConfiguration).toEqual({ Type: 'AWS_OWNED_KEY' });
    expect(academy.get('UndeliveredEvents')?.properties).toMatchObject({ SqsManagedSseEnabled: true });

    const kmsKeyArn = 'arn:aws:kms:ap-northeast-2:111122223333:key/00000000-0000-0000-0000-000000000000';
    const withKey = stackOf({ ...target, stack: { ...target.stack, kmsKeyArn } });
    expect(withKey.derived.executionEncryption).toMatchObject({
      Type: 'CUSTOMER_MANAGED_KMS_KEY',
      KmsKeyId: kmsKeyArn,
    });
    const queue = v.parse(v.looseObject({ Properties: v.unknown() }), withKey.resources.UndeliveredEvents);
    expect(queue.Properties).toHaveProperty('KmsMasterKeyId');
    expect(queue.Properties).not.toHaveProperty('SqsManagedSseEnabled');
    const mayDecrypt = Object.entries(withKey.resources).flatMap(([role, resource]) => {
      const parsed = v.safeParse(v.object({ Properties: Policies }), resource);
      const statements = parsed.success ? parsed.output.Properties.Policies : [];
      return statements
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .filter(({ Action }) => Action.includes('kms:Decrypt'))
        .map(({ Condition }) => ({ role, Condition }));
    });
    expect(mayDecrypt.map(({ role }) => role)).toEqual([
      'CloseRecoveryRole',
      'CloseRecoveryRole',
      'RecoverEnvRole',
    ]);
    for (const { Condition } of mayDecrypt) expect(Condition).toBeDefined();
    expect(JSON.stringify(withKey.resources.RecoverEnvRole)).toContain('kms:EncryptionContext:SourceArn');
  });

  it('names no key, and asks for none, where the target has none', () => {
    expect(read('academy-api')).not.toContain('kms:');
    expect(read('academy-api')).not.toContain('KmsKeyId');
    expect(read('academy-api')).not.toContain(':000000000000:');
  });

  it('lets what changes something run once at a time, and so what tidies up', () => {
    const Reserved = v.object({ ReservedConcurrentExecutions: v.optional(v.number()) });
    const reserved = resourcesOf(academy, 'AWS::Lambda::Function', Reserved).filter(
      ({ properties }) => properties.ReservedConcurrentExecutions === 1,
    );
    expect(reserved.map(({ logicalId }) => logicalId.replace('LambdaFunction', '')).sort()).toEqual([
      'CloseRecovery',
      'DeployApi',
      'MarkKnownGood',
      'PatchLambdaEnv',
      'UploadEnv',
    ]);
  });

  it('keeps every event that could not be delivered, and tells a person of it', () => {
    const rules = resourcesOf(academy, 'AWS::Events::Rule', Rule).filter(
      ({ logicalId }) => !logicalId.startsWith('QueueDepthMetric'),
    );
    expect(rules.map(({ logicalId }) => logicalId)).toEqual([
      'AlarmRule',
      'ParameterRule',
      'ScheduleRule',
      'ClosingRule',
    ]);
    for (const { properties } of rules)
      for (const { DeadLetterConfig } of properties.Targets)
        expect(DeadLetterConfig.Arn).toBe(academy.get('UndeliveredEvents')?.arn);
    expect(academy.get('ClosingInvokeConfig')?.properties).toMatchObject({
      DestinationConfig: { OnFailure: { Destination: academy.get('UndeliveredEvents')?.arn } },
    });
    expect(academy.get('UndeliveredEventsAlarm')?.properties).toMatchObject({
      Namespace: 'AWS/SQS',
      Threshold: 1,
      AlarmActions: [academy.get('RecoveryTopic')?.ref],
    });
  });
});

describe('the triggers', () => {
  const alarm = resourcesOf(academy, 'AWS::CloudWatch::Alarm', AlarmProperties).find(
    ({ logicalId }) => logicalId === 'HeartbeatAlarm',
  );
  const rule = (name: string) => v.parse(Rule, academy.get(name)?.properties);
  const starts = (event: object) =>
    ['AlarmRule', 'ParameterRule', 'ScheduleRule', 'ClosingRule'].filter((name) => {
      const { EventPattern } = rule(name);
      return EventPattern !== undefined && matchesPattern(EventPattern, event);
    });
  const alarmEvent = (alarmName: string | undefined, value: string, source = 'aws.cloudwatch') => ({
    source,
    'detail-type': 'CloudWatch Alarm State Change',
    detail: { alarmName, state: { value }, previousState: { value: 'OK' } },
  });
  const parameterEvent = (name: string, operation: string) => ({
    source: 'aws.ssm',
    'detail-type': 'Parameter Store Change',
    detail: { operation, name, type: 'SecureString' },
  });

  it('have an alarm that breaches when the metric is missing', () => {
    expect(alarm?.properties).toMatchObject({
      Namespace: 'Academy/VideoProcessing',
      MetricName: 'BacklogCount',
      Dimensions: [
        { Name: 'WorkerType', Value: 'Video' },
        { Name: 'AutoScalingGroupName', Value: 'academy-video-worker-asg' },
      ],
      TreatMissingData: 'breaching',
    });
  });

  it('are ALARM and INSUFFICIENT_DATA of the named alarms, and nothing else of alarms', () => {
    const name = alarm?.properties.AlarmName;
    expect(starts(alarmEvent(name, 'ALARM'))).toEqual(['AlarmRule']);
    expect(starts(alarmEvent(name, 'INSUFFICIENT_DATA'))).toEqual(['AlarmRule']);
    expect(starts(alarmEvent(name, 'OK'))).toEqual([]);
    expect(starts(alarmEvent('another', 'ALARM'))).toEqual([]);
    expect(starts(alarmEvent(name, 'ALARM', 'aws.ec2'))).toEqual([]);
  });

  it('are changes of the parameter, but neither its labels nor the backup', () => {
    for (const operation of ['Create', 'Update', 'Delete'])
      expect(starts(parameterEvent('/academy/api/env', operation))).toEqual(['ParameterRule']);
    expect(starts(parameterEvent('/academy/api/env', 'LabelParameterVersion'))).toEqual([]);
    expect(starts(parameterEvent('/academy/api/env-backup', 'Update'))).toEqual([]);
  });

  it('are the schedule', () => {
    expect(rule('ScheduleRule').ScheduleExpression).toBe('rate(1 hour)');
  });

  it('start the state machine, give up on a late event after minutes, and keep it', () => {
    for (const name of ['AlarmRule', 'ParameterRule', 'ScheduleRule']) {
      expect(rule(name).Targets).toHaveLength(1);
      expect(rule(name).Targets[0]).toMatchObject({
        Arn: machine?.arn,
        RoleArn: academy.get('StartRecoveryRole')?.arn,
      });
      expect(rule(name).Targets[0]?.RetryPolicy.MaximumEventAgeInSeconds).toBeLessThanOrEqual(300);
    }
  });

  it('are each left out of the template where the target wants none', () => {
    const none = { heartbeat: false, alarms: [], parameterChange: false, schedule: false as const };
    const { resources } = stackOf({ ...target, triggers: { ...target.triggers, ...none } });
    for (const name of ['HeartbeatAlarm', 'AlarmRule', 'ParameterRule', 'ScheduleRule'])
      expect(resources).not.toHaveProperty(name);
    expect(resources).toHaveProperty('ClosingRule');
  });
});
