import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError } from '../../sandbox/endpoint.ts';
import { causesOf, followersOf, statesOf, useDoctor } from '../support/doctor.ts';
import {
  type ChainOptions,
  dimensions,
  group,
  putEnv,
  target,
  topicArn,
  trackBacklog,
} from '../support/healthy-chain.ts';

const { aws, doctor, fail, open } = useDoctor();

describe('recover doctor', () => {
  it('finds every link of a healthy chain ok', async () => {
    await open();
    const found = await doctor();
    expect(found).toMatchObject({ exitCode: 0, state: 'ok', causes: [] });
    expect(new Set(Object.values(statesOf(found)))).toEqual(new Set(['ok']));
    expect(found.text).toContain('every link holds');
  });

  it('calls nothing that docs/doctor.md does not ask a permission for', async () => {
    await open();
    await doctor();
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'doctor.md'), 'utf8');
    const allowed = [...page.matchAll(/`[a-z0-9]+:([A-Z]\w+)`/g)].map(([, operation]) => operation);
    const called = [...new Set(aws().endpoint.calls.map(({ operation }) => operation))];
    expect(called.length).toBeGreaterThan(15);
    expect(called.filter((operation) => !allowed.includes(operation))).toEqual([]);
  });

  it('finds a rule that invokes an alias which the target does not name', async () => {
    await open({ callerAlias: 'live' });
    const { functions } = aws();
    const { name } = target.metricFunction;
    functions.versionsOf(name).putAlias('live', { FunctionVersion: functions.publish(name) });
    const found = await doctor();
    expect(causesOf(found)).toEqual(['AliasNotNamed']);
    expect(found.diagnosis).toMatch(/rule count-each-minute invokes alias live of .* names no alias/);
    expect(found.text).toContain('rule count-each-minute invokes its alias live, rate(1 minute)');
  });

  it('tells of an outage that the env is the cause, and what follows from it', async () => {
    await open({ stoppedMinutesAgo: 20 });
    putEnv(aws(), 'LAMBDA_INTERNAL_API_KEY=canary\n');
    const found = await doctor();
    expect(found).toMatchObject({ exitCode: 1, state: 'broken' });
    expect(found.causes[0]).toMatchObject({ code: 'EnvIncomplete', link: 'env' });
    expect(found.diagnosis).toMatch(
      /^broken at the env .*DB_HOST is missing.*version 2 was written by user\/sandbox at /,
    );
    expect(new Set(followersOf(found))).toEqual(
      new Set(['MetricStopped', 'HeartbeatFiring', 'ScalingAlarmsSilent']),
    );
    expect(found.text).toContain('MetricStopped, which follows from EnvIncomplete');
  });

  it('knows nothing of a metric that CloudWatch does not show, and asks the endpoint without the key', async () => {
    await open();
    aws().fail(
      'GetMetricData',
      ...Array.from({ length: 12 }, () => new AwsError('InternalServiceFault', '', 500)),
    );
    const found = await doctor();
    expect(found).toMatchObject({ exitCode: 3, state: 'unknown' });
    expect(statesOf(found)).toMatchObject({ metric: 'unknown', schedule: 'unknown', endpoint: 'unknown' });
    expect(found.text).toContain('cloudwatch:GetMetricData on metric');
  });

  it('ends with 2 where there are no credentials, like every command', async () => {
    await open();
    aws().fail('GetParameterHistory', new AwsError('ExpiredTokenException', 'canary'));
    expect(await fail()).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining('CredentialsExpired'),
    });
  });
});

describe('the doctor sees on the wire', () => {
  const stat = (Dimensions = dimensions) => ({
    Metric: { Namespace: target.metric.namespace, MetricName: target.metric.name, Dimensions },
    Stat: 'Average',
  });
  const math = (Dimensions = dimensions) => [
    { Id: 'm1', MetricStat: stat(Dimensions), ReturnData: false },
    { Id: 'e1', Expression: 'm1 / 2', ReturnData: true },
  ];
  const track = (part: object) => () => trackBacklog(aws(), part);
  const stopped = { stoppedMinutesAgo: 20 };
  const metricFunction = target.metricFunction.name;
  const instance = () => aws().autoScaling.group(group);

  it.each<[what: string, causes: readonly string[], change: () => void, options?: ChainOptions]>([
    ['an agent that is offline', ['AgentOffline'], () => undefined, { isOnline: false }],
    [
      'a disabled schedule',
      ['ScheduleDisabled'],
      () => undefined,
      { ...stopped, invokedMinutesAgo: 20, isRuleEnabled: false },
    ],
    [
      'a function that nobody invokes',
      ['FunctionNotInvoked'],
      () => undefined,
      { ...stopped, invokedMinutesAgo: 20 },
    ],
    [
      'a variable that is not the one of the target',
      ['FunctionEnvWrong'],
      () =>
        aws().functions.update(metricFunction, {
          ...aws().functions.variables(metricFunction),
          VIDEO_BACKLOG_API_HOST: 'canary',
        }),
    ],
    [
      'an instance that is gone',
      ['InstanceGone'],
      () => {
        const { interfaces } = aws().network;
        interfaces.splice(
          interfaces.findIndex(({ instanceId }) => instanceId === target.instances.ids?.[0]),
          1,
        );
      },
    ],
    [
      'a VPC without an endpoint for CloudWatch',
      ['ServiceUnreachable'],
      () => {
        const { endpoints } = aws().network;
        endpoints.splice(
          endpoints.findIndex(({ serviceName }) => serviceName.endsWith('.monitoring')),
          1,
        );
      },
    ],
    ['a policy with other dimensions', ['PolicyOtherDimensions'], track({ Dimensions: [] })],
    ['metric math with other dimensions', ['PolicyOtherDimensions'], track({ Metrics: math([]) })],
    ['metric math with the metric', [], track({ Metrics: math() })],
    ['a policy with a unit that nobody publishes', ['PolicyOtherUnit'], track({ Unit: 'Seconds' })],
    ['a policy with the unit that is published', [], track({ Unit: 'Count' })],
    ['a policy that counts samples', ['PolicyCountsSamples'], track({ Statistic: 'SampleCount' })],
    ['a deleted policy', ['PolicyMissing'], () => aws().autoScaling.deletePolicy(group, 'hold-backlog')],
    [
      'launches that fail',
      ['ActivityFailed'],
      () => {
        instance().launchFailure = 'no capacity';
        aws().autoScaling.setDesired(group, 2, 'a test');
      },
    ],
    [
      'a subscription that nobody has confirmed',
      ['SubscriptionPending'],
      () => aws().topics.add(topicArn, [{ Protocol: 'email', Endpoint: 'oncall@example.com' }]),
    ],
    ['no subscription', ['NobodySubscribed'], () => aws().topics.add(topicArn)],
    ['no backup', ['BackupMissing'], () => aws().elsewhere.delete(target.restore.backupParameter ?? '')],
  ])('%s: %j', async (_what, causes, change, options = {}) => {
    await open(options);
    change();
    expect(causesOf(await doctor())).toEqual(causes);
  });
});
