/** The permissions in the compiled template. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { accountId, resourcesOf } from '../../sandbox/template.ts';
import { academy, actionsOf, machine, Role, sandbox, statementsOf } from '../support/compiled-template.ts';
import { networkActions, ofInterfaces } from '../support/network-actions.ts';

const leaseActions = ['dynamodb:GetItem', 'dynamodb:PutItem'];
const fenceActions = [...leaseActions, 'states:DescribeExecution'];

describe('permissions', () => {
  it.each<[string, string[]]>([
    ['TakeLeaseRole', [...fenceActions, 'sns:Publish'].sort()],
    ['ValidateEnvRole', ['ssm:GetParameter', 'ssm:GetParameterHistory']],
    ['CheckEndpointRole', ['ssm:GetParameter', 'ssm:GetParameterHistory']],
    [
      'PlanRecoveryRole',
      [
        'lambda:GetFunctionConfiguration',
        'lambda:InvokeFunction',
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
    [
      'ConfirmBacklogRole',
      [
        'autoscaling:DescribeAutoScalingGroups',
        'autoscaling:DescribeInstanceRefreshes',
        'autoscaling:DescribePolicies',
        'autoscaling:DescribeScalingActivities',
        'cloudwatch:DescribeAlarms',
        'cloudwatch:GetMetricData',
        'lambda:InvokeFunction',
      ],
    ],
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
        'lambda:InvokeFunction',
        'sns:Publish',
        'sqs:SendMessage',
        'ssm:CancelCommand',
        'ssm:ListCommands',
        'states:DescribeExecution',
        'states:GetExecutionHistory',
      ],
    ],
    [
      'DiagnoseChainRole',
      [
        'autoscaling:DescribeAutoScalingGroups',
        'autoscaling:DescribeInstanceRefreshes',
        'autoscaling:DescribePolicies',
        'autoscaling:DescribeScalingActivities',
        'cloudwatch:DescribeAlarms',
        'cloudwatch:GetMetricData',
        'cloudwatch:ListMetrics',
        'events:DescribeRule',
        'events:ListRuleNamesByTarget',
        'lambda:GetFunctionConfiguration',
        'lambda:ListAliases',
        'sns:ListSubscriptionsByTopic',
        'ssm:DescribeInstanceInformation',
        'ssm:GetParameter',
        'ssm:GetParameter',
        'ssm:GetParameterHistory',
        'states:DescribeStateMachine',
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
    expect(roles).toHaveLength(17);
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
      'cloudwatch:DescribeAlarms',
      'cloudwatch:ListMetrics',
      'autoscaling:DescribeAutoScalingGroups',
      'autoscaling:DescribeInstanceRefreshes',
      'autoscaling:DescribePolicies',
      'autoscaling:DescribeScalingActivities',
      'ec2:DescribeInstances',
      'events:ListRuleNamesByTarget',
      // With a condition on the namespace.
      'cloudwatch:PutMetricData',
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
      ...ofInterfaces,
      ...networkActions.filter((action) => action.startsWith('ec2:Describe')),
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

  it('are named in SECURITY.md where they allow something of Run Command, of metrics or of scaling, on everything', () => {
    const text = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8');
    const onAll = statementsOf(academy).flatMap(({ Action, Resource }) =>
      Resource.includes('*') ? Action : [],
    );
    const named = onAll.filter((action) => /^(ssm|cloudwatch|autoscaling):/.test(action));
    expect(named).toEqual(expect.arrayContaining(['ssm:CancelCommand', 'autoscaling:DescribePolicies']));
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

const Trust = v.object({
  AssumeRolePolicyDocument: v.object({
    Statement: v.tuple([
      v.object({ Principal: v.object({ Service: v.string() }), Condition: v.optional(v.unknown()) }),
    ]),
  }),
});

describe('roles', () => {
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
});
