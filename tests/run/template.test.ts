/** What `serverless package` makes of serverless.yml: the very template that gets deployed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { AlarmProperties } from '../../sandbox/services/alarms.ts';
import { matchesPattern, RuleProperties } from '../../sandbox/services/eventbridge.ts';
import { FunctionProperties } from '../../sandbox/services/lambda.ts';
import { StateMachineProperties } from '../../sandbox/services/states.ts';
import { accountId, resolveTemplate, resourcesOf } from '../../sandbox/template.ts';
import { stackOf } from '../../stack/stack.ts';
import { loadTarget } from '../../targets/load.ts';
import { packagedIn } from '../support/package-stacks.ts';

const read = (target: string) =>
  readFileSync(join(packagedIn(target), 'cloudformation-template-update-stack.json'), 'utf8');
const academy = resolveTemplate(read('academy-api'));
const sandbox = resolveTemplate(read('sandbox'));
const target = { name: 'academy-api', ...loadTarget('academy-api') };
const functionsDirectory = join(import.meta.dirname, '..', '..', 'functions');

const oneOrMore = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value) => (typeof value === 'string' ? [value] : value)),
);
const Statement = v.object({ Action: oneOrMore, Resource: oneOrMore, Condition: v.optional(v.unknown()) });
const Role = v.object({
  Policies: v.array(v.object({ PolicyDocument: v.object({ Statement: v.array(Statement) }) })),
});
const statementsOf = (resources: typeof academy) =>
  resourcesOf(resources, 'AWS::IAM::Role', Role).flatMap(({ logicalId, properties }) =>
    properties.Policies.flatMap(({ PolicyDocument }) =>
      PolicyDocument.Statement.map((statement) => ({ role: logicalId, ...statement })),
    ),
  );
/** Of a role, before its intrinsic functions are resolved. */
const Policies = v.object({
  Policies: v.array(
    v.object({
      PolicyDocument: v.object({
        Statement: v.array(v.object({ Action: oneOrMore, Condition: v.optional(v.unknown()) })),
      }),
    }),
  ),
});
const actionsOf = (resources: typeof academy, role: string) =>
  statementsOf(resources)
    .filter((statement) => statement.role === role)
    .flatMap(({ Action }) => Action)
    .filter((action) => !/^(logs|xray|ec2):/.test(action))
    .sort();

const [machine] = resourcesOf(academy, 'AWS::StepFunctions::StateMachine', StateMachineProperties);
const Definition = v.object({
  States: v.record(
    v.string(),
    v.object({
      Type: v.string(),
      Resource: v.optional(v.string()),
      TimeoutSeconds: v.optional(v.number()),
      Parameters: v.optional(v.object({ FunctionName: v.optional(v.string()) })),
    }),
  ),
});
const definition = v.parse(Definition, JSON.parse(machine?.properties.DefinitionString ?? ''));
const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task');
/** Functions that are no state: the one that publishes the metric, and the one that tidies up from outside. */
const otherFunctions = ['close-recovery', 'queue-depth-metric'];
const camelCase = (state: string) => `${state.charAt(0).toLowerCase()}${state.slice(1)}`;
const kebabCase = (state: string) =>
  camelCase(state).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const Rule = v.object({
  ...RuleProperties.entries,
  Targets: v.array(
    v.object({
      Arn: v.string(),
      RoleArn: v.optional(v.string()),
      DeadLetterConfig: v.object({ Arn: v.string() }),
      RetryPolicy: v.object({ MaximumEventAgeInSeconds: v.number(), MaximumRetryAttempts: v.number() }),
    }),
  ),
});

describe('names', () => {
  it('gives each Task state a file in functions/ with its code, and one with its role, of the same name', () => {
    const states = tasks.map(([state]) => kebabCase(state)).sort();
    for (const ending of ['.ts', '.yml']) {
      const files = readdirSync(functionsDirectory).filter((file) => file.endsWith(ending));
      expect(files.map((file) => file.replace(ending, '')).sort()).toEqual(states);
    }
  });

  it('gives each Task state the function of the same key, whose handler is the file of that name', () => {
    for (const [state, { Resource, Parameters }] of tasks) {
      const logicalId = `${state}LambdaFunction`;
      // A state that waits for a token names its function in its parameters.
      expect(academy.get(logicalId)?.arn).toBe(Parameters?.FunctionName ?? Resource);
      expect(academy.get(logicalId)?.properties).toMatchObject({
        FunctionName: `env-recovery-academy-api-${camelCase(state)}`,
        Handler: `functions/${kebabCase(state)}.handler`,
      });
    }
  });
});

describe('functions', () => {
  it('run on nodejs24.x on arm64, traced, with a role of their own', () => {
    const functions = resourcesOf(sandbox, 'AWS::Lambda::Function', v.looseObject({ Role: v.string() }));
    expect(functions).toHaveLength(tasks.length + otherFunctions.length);
    expect(new Set(functions.map(({ properties }) => properties.Role)).size).toBe(functions.length);
    for (const { properties } of functions) {
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
      });
    }
  });

  it('end before their task does', () => {
    for (const [state, { TimeoutSeconds = 0 }] of tasks) {
      const { Timeout } = v.parse(FunctionProperties, academy.get(`${state}LambdaFunction`)?.properties);
      expect(Timeout).toBeLessThan(TimeoutSeconds);
    }
  });

  it('have time for what their settings allow', () => {
    const timeoutOf = (name: string) =>
      v.parse(FunctionProperties, academy.get(`${name}LambdaFunction`)?.properties).Timeout;
    // The most that a target may say.
    expect(timeoutOf('ConfirmBacklog')).toBeGreaterThan(600);
    expect(timeoutOf('VerifyEndpoint')).toBeGreaterThan(120 + 30);
  });

  it('are in the VPC only where they ask the endpoint', () => {
    const Vpc = v.object({ VpcConfig: v.optional(v.object({ SubnetIds: v.array(v.string()) })) });
    const inVpc = resourcesOf(academy, 'AWS::Lambda::Function', Vpc)
      .filter(({ properties }) => (properties.VpcConfig?.SubnetIds.length ?? 0) > 0)
      .map(({ logicalId }) => logicalId);
    expect(inVpc.sort()).toEqual(['CheckEndpointLambdaFunction', 'VerifyEndpointLambdaFunction']);
  });

  it('write into log groups that are kept for a bounded time', () => {
    const groups = resourcesOf(sandbox, 'AWS::Logs::LogGroup', v.object({ RetentionInDays: v.number() }));
    expect(groups.length).toBe(tasks.length + otherFunctions.length + 2);
  });

  it('include the metric function, with its schedule, where the target deploys it', () => {
    expect(academy.has('QueueDepthMetricLambdaFunction')).toBe(false);
    expect(sandbox.get('QueueDepthMetricLambdaFunction')?.properties).toMatchObject({
      FunctionName: 'sandbox-queue-depth-metric',
    });
    expect(sandbox.get('QueueDepthMetricEventsRuleSchedule1')?.properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'DISABLED',
    });
  });
});

const leaseActions = ['dynamodb:GetItem', 'dynamodb:PutItem'];
const fenceActions = [...leaseActions, 'states:DescribeExecution'];

describe('permissions', () => {
  it.each<[string, string[]]>([
    ['TakeLeaseRole', fenceActions],
    ['ValidateEnvRole', ['ssm:GetParameter', 'ssm:GetParameterHistory']],
    ['CheckEndpointRole', ['ssm:GetParameter', 'ssm:GetParameterHistory']],
    [
      'PlanRecoveryRole',
      [
        'lambda:GetFunctionConfiguration',
        'ssm:DescribeInstanceInformation',
        'ssm:GetDocument',
        'ssm:GetParameter',
        'ssm:GetParameter',
        'ssm:GetParameterHistory',
      ],
    ],
    ['RequestApprovalRole', [...fenceActions, 'sns:Publish'].sort()],
    ['AnnounceRecoveryRole', ['sns:Publish']],
    [
      'UploadEnvRole',
      [
        ...leaseActions,
        'ssm:GetParameter',
        'ssm:GetParameter',
        'ssm:GetParameterHistory',
        'ssm:LabelParameterVersion',
        'ssm:PutParameter',
        'ssm:UnlabelParameterVersion',
        'states:DescribeExecution',
      ],
    ],
    [
      'DeployApiRole',
      [
        ...leaseActions,
        'ssm:CancelCommand',
        'ssm:DescribeInstanceInformation',
        'ssm:GetCommandInvocation',
        'ssm:GetDocument',
        'ssm:GetParameter',
        'ssm:GetParameterHistory',
        'ssm:ListCommands',
        'ssm:SendCommand',
        'ssm:SendCommand',
        'states:DescribeExecution',
      ],
    ],
    ['VerifyEndpointRole', ['ssm:GetParameter', 'ssm:GetParameterHistory']],
    [
      'PatchLambdaEnvRole',
      [
        ...leaseActions,
        'lambda:GetFunctionConfiguration',
        'lambda:UpdateFunctionConfiguration',
        'ssm:GetParameter',
        'ssm:GetParameterHistory',
        'states:DescribeExecution',
      ],
    ],
    ['ConfirmBacklogRole', ['cloudwatch:GetMetricData', 'lambda:InvokeFunction']],
    [
      'MarkKnownGoodRole',
      [
        ...leaseActions,
        'ssm:GetParameter',
        'ssm:GetParameterHistory',
        'ssm:GetParameterHistory',
        'ssm:LabelParameterVersion',
        'ssm:PutParameter',
        'states:DescribeExecution',
      ],
    ],
    ['ReportRecoveryRole', [...leaseActions, 'sns:Publish']],
    [
      'CloseRecoveryRole',
      [
        ...leaseActions,
        'sns:Publish',
        'sqs:SendMessage',
        'ssm:CancelCommand',
        'ssm:ListCommands',
        'states:DescribeExecution',
        'states:GetExecutionHistory',
      ],
    ],
    ['RecoverEnvRole', ['lambda:InvokeFunction']],
    ['StartRecoveryRole', ['states:StartExecution']],
  ])('lets %s do %j and nothing else', (role, actions) => {
    expect(actionsOf(academy, role)).toEqual(actions);
  });

  it('are listed here for every role', () => {
    const roles = resourcesOf(academy, 'AWS::IAM::Role', Role).map(({ logicalId }) => logicalId);
    expect(roles.filter((role) => actionsOf(academy, role).length === 0)).toEqual([]);
    expect(roles).toHaveLength(16);
  });

  it('name no action with *', () => {
    for (const resources of [academy, sandbox])
      for (const { Action } of statementsOf(resources))
        for (const action of Action) expect(action).not.toContain('*');
  });

  it('give * as a resource only to actions that know no other', () => {
    const allowed = new Set([
      'ssm:ListCommands',
      'ssm:DescribeInstanceInformation',
      'ssm:GetCommandInvocation',
      'ssm:CancelCommand',
      'cloudwatch:GetMetricData',
      // With a condition on the namespace.
      'cloudwatch:PutMetricData',
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
      // The state machine's own role: the delivery of its logs and traces.
      'logs:CreateLogDelivery',
      'logs:GetLogDelivery',
      'logs:UpdateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:DescribeResourcePolicies',
      'logs:DescribeLogGroups',
      'xray:GetSamplingRules',
      'xray:GetSamplingTargets',
    ]);
    for (const { Action, Resource } of [...statementsOf(academy), ...statementsOf(sandbox)])
      if (Resource.includes('*')) for (const action of Action) expect(allowed).toContain(action);
  });

  it('are named in SECURITY.md where they allow something of Run Command, or of metrics, on everything', () => {
    const text = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8');
    const onAll = statementsOf(academy).flatMap(({ Action, Resource }) =>
      Resource.includes('*') ? Action : [],
    );
    const named = onAll.filter((action) => /^(ssm|cloudwatch):/.test(action));
    expect(named).toContain('ssm:CancelCommand');
    expect(named.filter((action) => !text.includes(`\`${action}\``))).toEqual([]);
  });

  it('let the deploy command run only this stack’s document, on instances with the target’s tag', () => {
    const statements = statementsOf(academy).filter(({ Action }) => Action.includes('ssm:SendCommand'));
    expect(statements).toMatchObject([
      { Resource: [expect.stringMatching(/document\/env-recovery-academy-api-deploy$/)] },
      {
        Resource: [expect.stringMatching(/:instance\/\*$/), expect.stringMatching(/:managed-instance\/\*$/)],
        Condition: { StringEquals: { 'ssm:resourceTag/Name': 'academy-api' } },
      },
    ]);
  });

  it('let nothing be written but the env parameter and its backup, and the backup not by what restores', () => {
    const writes = statementsOf(academy).filter(({ Action }) => Action.includes('ssm:PutParameter'));
    expect(writes.map(({ role, Resource }) => [role, Resource])).toEqual([
      ['MarkKnownGoodRole', [expect.stringMatching(/:parameter\/academy\/api\/env-backup$/)]],
      ['UploadEnvRole', [expect.stringMatching(/:parameter\/academy\/api\/env$/)]],
    ]);
  });
});

describe('the state machine', () => {
  it('logs without execution data and is traced', () => {
    expect(academy.get('RecoverEnv')?.properties).toMatchObject({
      StateMachineName: 'env-recovery-academy-api',
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });
});

describe('the deploy document', () => {
  it('runs the target’s commands in bash, up to the first failure, and takes nothing but a number', () => {
    expect(academy.get('DeployDocument')?.properties).toMatchObject({
      Content: {
        schemaVersion: '2.2',
        parameters: { envVersion: { type: 'String', allowedPattern: '^[0-9]{1,9}$' } },
        mainSteps: [
          {
            inputs: {
              runCommand: [
                '#!/bin/bash',
                'set -euo pipefail',
                "export ENV_VERSION='{{ envVersion }}'",
                'cd /home/ec2-user/academy',
                'bash scripts/deploy_api_on_server.sh',
                'bash scripts/verify_api_after_deploy.sh',
              ],
            },
          },
        ],
      },
    });
    const { parameters } = v.parse(
      v.object({ parameters: v.record(v.string(), v.unknown()) }),
      academy.get('DeployDocument')?.properties.Content,
    );
    expect(Object.keys(parameters)).toEqual(['envVersion']);
  });
});

const Trust = v.object({
  AssumeRolePolicyDocument: v.object({
    Statement: v.tuple([
      v.object({ Principal: v.object({ Service: v.string() }), Condition: v.optional(v.unknown()) }),
    ]),
  }),
});

describe('hardening', () => {
  it('lets a service use a role for this stack alone: no confused deputy', () => {
    const trusted = resourcesOf(academy, 'AWS::IAM::Role', Trust).map(({ properties }) => {
      const [{ Principal, Condition }] = properties.AssumeRolePolicyDocument.Statement;
      return { service: Principal.Service, Condition };
    });
    // Lambda takes a role of its own account only.
    expect(trusted.filter(({ service }) => service !== 'lambda.amazonaws.com')).toEqual([
      {
        service: 'states.amazonaws.com',
        Condition: {
          StringEquals: { 'aws:SourceAccount': accountId },
          ArnEquals: { 'aws:SourceArn': machine?.arn },
        },
      },
      {
        service: 'events.amazonaws.com',
        Condition: {
          StringEquals: { 'aws:SourceAccount': accountId },
          ArnEquals: {
            'aws:SourceArn': ['AlarmRule', 'ParameterRule', 'ScheduleRule'].map(
              (name) => academy.get(name)?.arn,
            ),
          },
        },
      },
    ]);
  });

  it('lets services send to the queue, the topic and the function that tidies up for this stack alone', () => {
    const Policy = v.object({
      PolicyDocument: v.object({
        Statement: v.array(
          v.object({ Principal: v.unknown(), Condition: v.record(v.string(), v.unknown()) }),
        ),
      }),
    });
    const statements = ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']
      .flatMap((type) => resourcesOf(academy, type, Policy))
      .flatMap(({ properties }) => properties.PolicyDocument.Statement);
    expect(statements).toHaveLength(2);
    for (const { Condition } of statements)
      expect(JSON.stringify(Condition)).toMatch(/aws:SourceAccount.*aws:SourceArn/);
    expect(academy.get('ClosingPermission')?.properties).toMatchObject({
      Principal: 'events.amazonaws.com',
      SourceAccount: accountId,
      SourceArn: academy.get('ClosingRule')?.arn,
    });
  });

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
    const { resources } = stackOf({ ...target, triggers: none });
    for (const name of ['HeartbeatAlarm', 'AlarmRule', 'ParameterRule', 'ScheduleRule'])
      expect(resources).not.toHaveProperty(name);
    expect(resources).toHaveProperty('ClosingRule');
  });
});

describe('the end of an execution', () => {
  it('is dealt with by closeRecovery if it is none of success, of this machine alone', () => {
    const { EventPattern, Targets } = v.parse(Rule, academy.get('ClosingRule')?.properties);
    const event = (stateMachineArn: string | undefined, status: string) => ({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: { stateMachineArn, status },
    });
    for (const status of ['FAILED', 'TIMED_OUT', 'ABORTED'])
      expect(matchesPattern(EventPattern, event(machine?.arn, status))).toBe(true);
    for (const status of ['RUNNING', 'SUCCEEDED'])
      expect(matchesPattern(EventPattern, event(machine?.arn, status))).toBe(false);
    expect(matchesPattern(EventPattern, event('another', 'FAILED'))).toBe(false);
    expect(Targets[0]?.Arn).toBe(academy.get('CloseRecoveryLambdaFunction')?.arn);
  });
});

describe('two targets', () => {
  it('share no name, so that their stacks fit into one account', () => {
    const names = (json: string) => {
      const found = [
        ...json.matchAll(
          /"(?:FunctionName|StateMachineName|LogGroupName|AlarmName|TableName|TopicName)": ?"([^"]+)"/g,
        ),
      ];
      const exports = v.parse(
        v.object({
          Outputs: v.record(v.string(), v.object({ Export: v.optional(v.object({ Name: v.string() })) })),
        }),
        JSON.parse(json),
      ).Outputs;
      found.push(...json.matchAll(/"Name": ?"(env-recovery-[^"]+)"/g));
      return [
        ...found.map(([, name]) => name),
        ...Object.values(exports).flatMap(({ Export }) => (Export ? [Export.Name] : [])),
      ];
    };
    const shared = names(read('academy-api')).filter((name) => names(read('sandbox')).includes(name));
    expect(shared).toEqual([]);
  });
});
