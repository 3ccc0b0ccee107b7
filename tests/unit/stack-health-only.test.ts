/** The stack of a target that leaves out its metric, its metric function, or both. */
import * as v from 'valibot';
import { stackOf } from '../../stack/stack.ts';
import { servicesOfStack } from '../../workflow/network/called-services.ts';
import { healthOnlyTarget } from '../support/healthy-facts.ts';
import { resolveSettings } from '../support/resolve-settings.ts';
import { statementsOf } from '../support/stack-roles.ts';

const Type = v.object({ Type: v.string() });
const Action = v.object({
  Action: v.pipe(
    v.union([v.string(), v.array(v.string())]),
    v.transform((actions) => [actions].flat()),
  ),
});

describe('the stack of a target that can only be seen to answer', () => {
  const { functions, resources } = stackOf(healthOnlyTarget());
  const actionsOf = (role: string) =>
    statementsOf(resources[role]).flatMap((statement) => v.parse(Action, statement).Action);
  const frame = [
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'xray:PutTraceSegments',
    'xray:PutTelemetryRecords',
  ];

  it('has nothing that looks at a metric, invokes or changes a function, or scales', () => {
    const actions = Object.keys(resources).flatMap((role) => actionsOf(role).map((action) => [role, action]));
    expect(actions).toContainEqual(['DeployApiRole', 'ssm:SendCommand']);
    const others = actions.filter(([, action = '']) =>
      /^(cloudwatch|autoscaling|events|lambda|sqs:Get|ec2:DescribeSubnets)/.test(action),
    );
    // Of the stack's own functions.
    expect(others).toEqual([
      ['PlanRecoveryRole', 'lambda:InvokeFunction'],
      ['CloseRecoveryRole', 'lambda:InvokeFunction'],
      ['RecoverEnvRole', 'lambda:InvokeFunction'],
    ]);
    const types = Object.values(resources).map((resource) => v.parse(Type, resource).Type);
    expect(types).not.toContain('AWS::AutoScaling::ScalingPolicy');
    // The one alarm is on the queue of undelivered events.
    expect(Object.keys(resources).filter((name) => name.includes('Alarm'))).toEqual([
      'UndeliveredEventsAlarm',
    ]);
    expect(resources).not.toHaveProperty('AlarmRule');
    expect(functions).not.toHaveProperty('queueDepthMetric');
  });

  it('lets the states that have nothing to do write their logs, and no more', () => {
    for (const role of ['PatchLambdaEnvRole', 'ConfirmBacklogRole', 'CheckEndpointRole'])
      expect([role, actionsOf(role)]).toEqual([role, frame]);
    expect(functions.patchLambdaEnv).not.toHaveProperty('reservedConcurrency');
    // If the endpoint does not come up, it is the env that may have been wiped.
    expect(actionsOf('VerifyEndpointRole')).toContain('ssm:GetParameter');
  });

  it('refers to nothing that the target leaves out', () => {
    const { resources, ...settings } = stackOf(healthOnlyTarget());
    const paths = [...JSON.stringify(resources).matchAll(/\$\{self:custom\.stack\.([\w.]+)\}/g)];
    expect(paths.length).toBeGreaterThan(5);
    for (const [reference, path = ''] of paths)
      expect([path, resolveSettings(reference, settings)]).toEqual([path, expect.anything()]);
  });

  it('needs no way to CloudWatch from its VPC', () => {
    expect(servicesOfStack(undefined)).toEqual(['ssm']);
  });
});

describe('the stack of a target with only one of both', () => {
  const roleText = (role: string, part: object) =>
    JSON.stringify(stackOf(healthOnlyTarget(part)).resources[role]);
  const metric = { namespace: 'App', name: 'Count', dimensions: { AutoScalingGroupName: 'workers' } };
  const metricFunction = { name: 'metric', answerPath: 'count' };

  it('reads the metric that somebody else publishes, watches its heartbeat, and looks at the workers', () => {
    const role = roleText('ConfirmBacklogRole', { metric });
    expect(role).toMatch(/cloudwatch:GetMetricData.*autoscaling:DescribePolicies/);
    expect(role).not.toContain('lambda:');
    expect(roleText('PatchLambdaEnvRole', { metric })).not.toContain('lambda:Update');
    const stack = stackOf(healthOnlyTarget({ metric }));
    expect(stack.resources).toHaveProperty('HeartbeatAlarm');
    expect(stack.derived.alarmPattern).toMatchObject({ alarmName: ['env-recovery-app-heartbeat'] });
  });

  it('patches and invokes the function, and looks at no metric', () => {
    expect(roleText('PatchLambdaEnvRole', { metricFunction })).toContain(
      'lambda:UpdateFunctionConfiguration',
    );
    const role = roleText('ConfirmBacklogRole', { metricFunction });
    expect(role).toContain('lambda:InvokeFunction');
    expect(role).not.toMatch(/cloudwatch:|autoscaling:/);
  });
});
