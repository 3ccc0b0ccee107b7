/** What `serverless package` makes of serverless.yml: the very template that gets deployed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { AlarmProperties } from '../sandbox/services/cloudwatch.ts';
import { matchesPattern, RuleProperties } from '../sandbox/services/eventbridge.ts';
import { FunctionProperties } from '../sandbox/services/lambda.ts';
import { StateMachineProperties } from '../sandbox/services/states.ts';
import { resolveTemplate, resourcesOf } from '../sandbox/template.ts';
import { packagedIn } from './package-stacks.ts';

const read = (target: string) =>
  readFileSync(join(packagedIn(target), 'cloudformation-template-update-stack.json'), 'utf8');
const academy = resolveTemplate(read('academy-api'));
const sandbox = resolveTemplate(read('sandbox'));
const functionsDirectory = join(import.meta.dirname, '..', 'functions');

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
    v.object({ Type: v.string(), Resource: v.optional(v.string()), TimeoutSeconds: v.optional(v.number()) }),
  ),
});
const definition = v.parse(Definition, JSON.parse(machine?.properties.DefinitionString ?? ''));
const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task');
const camelCase = (state: string) => `${state.charAt(0).toLowerCase()}${state.slice(1)}`;
const kebabCase = (state: string) =>
  camelCase(state).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

describe('names', () => {
  it('gives each file in functions/ a Task state of the same name, but for the metric function', () => {
    const files = readdirSync(functionsDirectory).map((file) => file.replace(/\.ts$/, ''));
    expect(files.sort()).toEqual([...tasks.map(([state]) => kebabCase(state)), 'queue-depth-metric'].sort());
  });

  it('gives each Task state the function of the same key, whose handler is the file of that name', () => {
    for (const [state, { Resource }] of tasks) {
      const logicalId = `${state}LambdaFunction`;
      expect(academy.get(logicalId)?.arn).toBe(Resource);
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
    expect(functions).toHaveLength(tasks.length + 1);
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
    const { Timeout, Environment } = v.parse(
      FunctionProperties,
      academy.get('ConfirmBacklogLambdaFunction')?.properties,
    );
    expect(Timeout).toBeGreaterThan(Number(Environment?.Variables.CONFIRM_WITHIN_SECONDS));
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
    expect(groups.length).toBe(tasks.length + 3);
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

describe('permissions', () => {
  it.each([
    ['ValidateEnvRole', ['ssm:GetParameter']],
    [
      'UploadEnvRole',
      [
        'ssm:GetParameter',
        'ssm:GetParameter',
        'ssm:GetParameterHistory',
        'ssm:LabelParameterVersion',
        'ssm:PutParameter',
        'ssm:UnlabelParameterVersion',
      ],
    ],
    [
      'MarkKnownGoodRole',
      [
        'ssm:GetParameter',
        'ssm:GetParameterHistory',
        'ssm:GetParameterHistory',
        'ssm:LabelParameterVersion',
        'ssm:PutParameter',
      ],
    ],
    ['CheckEndpointRole', ['ssm:GetParameter']],
    [
      'DeployApiRole',
      ['ssm:DescribeInstanceInformation', 'ssm:ListCommands', 'ssm:SendCommand', 'ssm:SendCommand'],
    ],
    ['AwaitDeployRole', ['ssm:CancelCommand', 'ssm:GetCommandInvocation', 'ssm:GetParameter']],
    ['VerifyEndpointRole', ['ssm:GetParameter']],
    [
      'PatchLambdaEnvRole',
      ['lambda:GetFunctionConfiguration', 'lambda:UpdateFunctionConfiguration', 'ssm:GetParameter'],
    ],
    ['ConfirmBacklogRole', ['cloudwatch:GetMetricData', 'lambda:InvokeFunction']],
    ['ReportRecoveryRole', []],
  ])('lets %s do %j and nothing else', (role, actions) => {
    expect(actionsOf(academy, role)).toEqual(actions);
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
      ['UploadEnvRole', [expect.stringMatching(/:parameter\/academy\/api\/env$/)]],
      ['MarkKnownGoodRole', [expect.stringMatching(/:parameter\/academy\/api\/env-backup$/)]],
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
  it('runs the target’s commands in bash, up to the first failure, and takes no parameters', () => {
    expect(academy.get('DeployDocument')?.properties).toMatchObject({
      Content: {
        schemaVersion: '2.2',
        mainSteps: [
          {
            inputs: {
              runCommand: [
                '#!/bin/bash',
                'set -euo pipefail',
                'cd /home/ec2-user/academy',
                'bash scripts/deploy_api_on_server.sh',
                'bash scripts/verify_api_after_deploy.sh',
              ],
            },
          },
        ],
      },
    });
    expect(academy.get('DeployDocument')?.properties.Content).not.toHaveProperty('parameters');
  });
});

describe('the alarm and its rule', () => {
  const [alarm] = resourcesOf(academy, 'AWS::CloudWatch::Alarm', AlarmProperties);
  const rule = v.parse(
    v.object({
      ...RuleProperties.entries,
      Targets: v.array(
        v.object({
          Arn: v.string(),
          DeadLetterConfig: v.object({ Arn: v.string() }),
          RetryPolicy: v.object({ MaximumEventAgeInSeconds: v.number(), MaximumRetryAttempts: v.number() }),
        }),
      ),
    }),
    academy.get('RecoverEnvEventsRuleCloudWatchEvent1')?.properties,
  );
  const event = (alarmName: string | undefined, value: string) => ({
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
    detail: { alarmName, state: { value }, previousState: { value: 'OK' } },
  });

  it('breaches when the metric is missing', () => {
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

  it('starts the state machine on ALARM of this alarm, and on nothing else', () => {
    const name = alarm?.properties.AlarmName;
    expect(matchesPattern(rule.EventPattern, event(name, 'ALARM'))).toBe(true);
    expect(matchesPattern(rule.EventPattern, event(name, 'OK'))).toBe(false);
    expect(matchesPattern(rule.EventPattern, event('another', 'ALARM'))).toBe(false);
    expect(matchesPattern(rule.EventPattern, { ...event(name, 'ALARM'), source: 'aws.ec2' })).toBe(false);
    expect(rule.Targets[0]?.Arn).toBe(machine?.arn);
  });

  it('gives up on a late event after minutes, and keeps it in a queue', () => {
    expect(rule.Targets[0]?.RetryPolicy.MaximumEventAgeInSeconds).toBeLessThanOrEqual(300);
    expect(rule.Targets[0]?.DeadLetterConfig.Arn).toBe(academy.get('UndeliveredEvents')?.arn);
  });
});

describe('two targets', () => {
  it('share no name, so that their stacks fit into one account', () => {
    const names = (json: string) => {
      const found = [
        ...json.matchAll(/"(?:FunctionName|StateMachineName|LogGroupName|AlarmName)": ?"([^"]+)"/g),
      ];
      const exports = v.parse(
        v.object({
          Outputs: v.record(v.string(), v.object({ Export: v.optional(v.object({ Name: v.string() })) })),
        }),
        JSON.parse(json),
      ).Outputs;
      return [
        ...found.map(([, name]) => name),
        ...Object.values(exports).flatMap(({ Export }) => (Export ? [Export.Name] : [])),
      ];
    };
    const shared = names(read('academy-api')).filter((name) => names(read('sandbox')).includes(name));
    expect(shared).toEqual([]);
  });
});
