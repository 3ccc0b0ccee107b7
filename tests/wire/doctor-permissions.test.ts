/** What the doctor says without the permission to look, one after the other. */
import * as v from 'valibot';
import { AwsError } from '../../sandbox/endpoint.ts';
import { eachMinute } from '../support/caller-cures.ts';
import { statesOf, useDoctor } from '../support/doctor.ts';
import { target } from '../support/healthy-chain.ts';

const { aws, doctor, open } = useDoctor();

describe('without the permission', () => {
  it.each<[action: string, links: readonly string[], code?: string]>([
    ['ssm:GetParameterHistory', ['writer', 'env', 'request', 'readiness']],
    ['ssm:GetParameter', ['readiness']],
    ['ssm:DescribeInstanceInformation', ['host']],
    ['ec2:DescribeInstances', ['host'], 'UnauthorizedOperation'],
    ['iam:GetInstanceProfile', ['host'], 'AccessDenied'],
    ['iam:SimulatePrincipalPolicy', ['host', 'readiness'], 'AccessDenied'],
    ['lambda:GetFunctionConfiguration', ['function', 'readiness']],
    ['cloudwatch:GetMetricData', ['endpoint', 'schedule', 'metric']],
    ['cloudwatch:ListMetrics', ['metric']],
    ['cloudwatch:DescribeAlarms', ['alarms']],
    ['lambda:ListAliases', ['schedule']],
    ['events:ListRuleNamesByTarget', ['schedule']],
    ['events:DescribeRule', ['schedule']],
    ['scheduler:ListSchedules', ['schedule']],
    ['autoscaling:DescribeAutoScalingGroups', ['group'], 'AccessDenied'],
    ['autoscaling:DescribePolicies', ['policy'], 'AccessDenied'],
    ['autoscaling:DescribeScalingActivities', ['group'], 'AccessDenied'],
    ['autoscaling:DescribeInstanceRefreshes', ['group'], 'AccessDenied'],
    ['states:DescribeStateMachine', ['readiness']],
    ['sns:ListSubscriptionsByTopic', ['readiness'], 'AuthorizationError'],
  ])(
    '%s, %j are unknown and name it, and the others are as before',
    async (action, links, code = 'AccessDeniedException') => {
      await open();
      aws().endpoint.injectFault = ({ operation }) =>
        operation === action.split(':')[1] ? new AwsError(code, 'canary', 403) : undefined;
      const found = await doctor();
      expect(found).toMatchObject({ exitCode: 3, state: 'unknown' });
      expect(found.links.filter(({ state }) => state !== 'ok').map(({ link }) => link)).toEqual(links);
      const named = found.links.filter(({ findings }) =>
        findings.some(({ says }) => says.includes(`${action} `)),
      );
      // An endpoint is asked instead, and can't be seen from here.
      expect(named.map(({ link }) => link)).toEqual(links.filter((link) => link !== 'endpoint'));
    },
  );

  it.each([
    'DescribeSubnets',
    'DescribeNetworkInterfaces',
    'DescribeSecurityGroupRules',
    'DescribeVpcEndpoints',
    'DescribeVpcAttribute',
  ])('ec2:%s, the network is unknown and names it', async (name) => {
    await open();
    aws().endpoint.injectFault = ({ operation }) =>
      operation === name ? new AwsError('UnauthorizedOperation', 'canary', 403) : undefined;
    const found = await doctor();
    expect(found).toMatchObject({ exitCode: 3, state: 'unknown' });
    expect(found.links.filter(({ state }) => state !== 'ok').map(({ link }) => link)).toEqual(['network']);
    expect(found.text).toContain(`ec2:${name} is not allowed`);
  });

  it('scheduler:GetSchedule, a function that a schedule invokes has an unknown caller', async () => {
    await open({ hasRule: false });
    aws().schedules.put('count', eachMinute);
    expect(await doctor()).toMatchObject({ exitCode: 0, state: 'ok' });
    aws().endpoint.injectFault = ({ operation }) =>
      operation === 'GetSchedule' ? new AwsError('AccessDeniedException', 'canary', 403) : undefined;
    const found = await doctor();
    expect(found).toMatchObject({ exitCode: 3, state: 'unknown' });
    expect(found.links.filter(({ state }) => state !== 'ok').map(({ link }) => link)).toEqual(['schedule']);
    expect(found.text).toContain('scheduler:GetSchedule on schedule default/count');
  });

  it('iam:SimulatePrincipalPolicy, a metric function that no datapoint proves is unknown as well', async () => {
    await open({ stoppedMinutesAgo: 20 });
    expect(statesOf(await doctor()).function).toBe('ok');
    aws().endpoint.injectFault = ({ operation }) =>
      operation === 'SimulatePrincipalPolicy' ? new AwsError('AccessDenied', 'canary', 403) : undefined;
    const found = await doctor();
    expect(statesOf(found)).toMatchObject({ host: 'unknown', function: 'unknown', readiness: 'unknown' });
    expect(found.text).toContain('iam:SimulatePrincipalPolicy on role QueueDepthMetricRole');
  });

  it('to use the key of the env, that is named', async () => {
    await open();
    aws().endpoint.injectFault = ({ operation, input }) => {
      const isDecrypted = v.safeParse(v.looseObject({ WithDecryption: v.literal(true) }), input).success;
      return operation.startsWith('GetParameter') && isDecrypted
        ? new AwsError('AccessDeniedException', 'canary')
        : undefined;
    };
    const { text } = await doctor();
    expect(text).toContain(`kms:Decrypt on KMS key alias/aws/ssm of parameter ${target.parameter.name}`);
  });

  it('to read anything, nothing is told but that', async () => {
    await open();
    aws().endpoint.injectFault = () => new AwsError('AccessDeniedException', 'canary', 403);
    const found = await doctor();
    expect(found).toMatchObject({ exitCode: 3, state: 'unknown', causes: [] });
    expect(Object.values(statesOf(found))).not.toContain('ok');
  });
});
