/** What the doctor's doors give where there is nothing, and where a list has many pages. */

import { readAlarms } from '../../aws/alarms.ts';
import {
  openAutoScaling,
  readActivities,
  readGroup,
  readPolicies,
  readRefreshes,
} from '../../aws/auto-scaling.ts';
import { lookAtFunction, lookAtInvocations } from '../../aws/doctor/looks.ts';
import { listAliases } from '../../aws/function-alias.ts';
import { readAgents } from '../../aws/instances.ts';
import { listDimensions, readMinutes } from '../../aws/metric-look.ts';
import { listRuleNames, openEventBridge, readRule } from '../../aws/schedule.ts';
import { hasStateMachine } from '../../aws/state-machine.ts';
import { listSubscriptions } from '../../aws/topic.ts';
import { invocationOf } from '../../sandbox/services/metric-data.ts';
import { arn } from '../../sandbox/template.ts';
import { groupName } from '../support/app-names.ts';
import { appTarget } from '../support/app-target.ts';
import { openAws, type TestAws } from '../support/aws.ts';

let aws: TestAws;
const targetArn = arn('lambda', 'function:metric');
beforeEach(async () => {
  aws = await openAws({
    rules: [
      {
        Name: 'each-minute',
        State: 'DISABLED',
        ScheduleExpression: 'rate(1 minute)',
        Targets: [{ Arn: targetArn }],
      },
      { Name: 'other', State: 'ENABLED', Targets: [{ Arn: arn('lambda', 'function:other') }] },
    ],
  });
});
afterEach(() => aws.close());

const metric = { namespace: 'App', name: 'Count', dimensions: { Type: 'Video' } };
const publish = (Unit: string | undefined, Dimensions = [{ Name: 'Type', Value: 'Video' }]) =>
  aws.metrics.put('App', [
    { MetricName: 'Count', Dimensions, Value: 1, Unit, Timestamp: Date.now(), StorageResolution: 60 },
  ]);

describe('a group', () => {
  it('that does not exist is none, without policies, activities and refreshes', async () => {
    const client = openAutoScaling(aws.clientConfig);
    expect(await readGroup(client, 'nobody')).toBeUndefined();
    expect(await readPolicies(client, 'nobody')).toEqual([]);
    expect(await readActivities(client, 'nobody')).toEqual([]);
    expect(await readRefreshes(client, 'nobody')).toEqual([]);
  });

  it('is shown with its sizes and suspended processes', async () => {
    aws.autoScaling.group(groupName).suspended.set('Launch', 'User suspended');
    expect(await readGroup(openAutoScaling(aws.clientConfig), groupName)).toMatchObject({
      minSize: 1,
      maxSize: 4,
      desiredCapacity: 1,
      suspendedProcesses: ['Launch'],
      warmupSeconds: 60,
    });
  });
});

describe('the rules of a function', () => {
  it('are those that have it as a target, with state and schedule', async () => {
    const client = openEventBridge(aws.clientConfig);
    expect(await listRuleNames(client, targetArn)).toEqual(['each-minute']);
    expect(await readRule(client, 'each-minute')).toEqual({
      rule: 'each-minute',
      isEnabled: false,
      schedule: 'rate(1 minute)',
    });
    expect(await readRule(client, 'nobody')).toBeUndefined();
  });
});

describe('a metric', () => {
  it('is listed with each set of dimensions', async () => {
    publish('Count');
    publish('Count', []);
    expect(await listDimensions(aws.cloudWatch, metric)).toEqual([{ Type: 'Video' }, {}]);
    expect(await listDimensions(aws.cloudWatch, { ...metric, name: 'Other' })).toEqual([]);
  });

  it('has datapoints only with the unit that it was published with', async () => {
    publish('Count');
    const look = {
      metric,
      statistic: 'SampleCount',
      sinceMs: Date.now() - 120_000,
      nowMs: Date.now(),
    } as const;
    const valuesOf = async (unit?: string) =>
      (await readMinutes(aws.cloudWatch, { ...look, unit })).map(({ value }) => value);
    expect([await valuesOf(), await valuesOf('Count'), await valuesOf('Seconds')]).toEqual([[1], [1], []]);
  });

  it.each([
    ['Forbidden', 'AccessDenied'],
    ['InternalError', 'AwsUnavailable'],
    ['PartialData', 'AwsUnavailable'],
    [undefined, 'AwsUnavailable'],
  ])('whose look ends as %s is not one without datapoints', async (StatusCode, name) => {
    jest
      .spyOn(aws.cloudWatch, 'send')
      .mockImplementationOnce(() => Promise.resolve({ MetricDataResults: [{ StatusCode }] }));
    const look = { metric, statistic: 'Sum', sinceMs: 0, nowMs: Date.now() } as const;
    await expect(readMinutes(aws.cloudWatch, look)).rejects.toMatchObject({ name });
  });
});

describe('an alarm', () => {
  it('of target tracking says over how long it is evaluated, that of metric math too', async () => {
    const put = (name: string, metric: object, estimatedInstanceWarmup?: number) =>
      aws.autoScaling.putPolicy({
        group: groupName,
        name,
        enabled: true,
        estimatedInstanceWarmup,
        configuration: {
          TargetValue: 7,
          DisableScaleIn: false,
          CustomizedMetricSpecification: { Dimensions: [], ...metric },
        },
      });
    const Metric = { Namespace: 'App', MetricName: 'Count', Dimensions: [] };
    put('plain', { Namespace: 'App', MetricName: 'Count', Statistic: 'Maximum' }, 90);
    put('math', {
      Metrics: [
        { Id: 'm1', ReturnData: false, MetricStat: { Metric, Stat: 'Maximum' } },
        { Id: 'e1', ReturnData: true, Expression: 'm1 / 2' },
      ],
    });
    const alarms = await readAlarms(aws.cloudWatch, { prefix: `TargetTracking-${groupName}-Alarm` });
    // A minute takes a second here.
    expect(alarms.map(({ evaluatedSeconds }) => evaluatedSeconds)).toEqual([3, 15, 3, 15]);
    const policies = await readPolicies(openAutoScaling(aws.clientConfig), groupName);
    expect(policies.map(({ warmupSeconds }) => warmupSeconds)).toEqual([90, null]);
  });

  it('is also one that is made of others', async () => {
    const CompositeAlarms = [{ AlarmName: 'mine', StateValue: 'ALARM' }];
    jest
      .spyOn(aws.cloudWatch, 'send')
      .mockImplementationOnce(() => Promise.resolve({ MetricAlarms: [], CompositeAlarms }));
    expect(await readAlarms(aws.cloudWatch, { names: ['mine'] })).toMatchObject([
      { name: 'mine', state: 'ALARM', metrics: [] },
    ]);
  });
});

describe('the metric function', () => {
  it('is what its alias points to, if the target names one', async () => {
    aws.addFunction('metric', '', { A: 'published' });
    aws.functions.versionsOf('metric').putAlias('live', { FunctionVersion: aws.functions.publish('metric') });
    aws.functions.update('metric', { A: 'latest' });
    const found = (alias?: string) =>
      lookAtFunction({
        clients: { lambda: aws.lambda.reader },
        target: appTarget({ metricFunction: alias === undefined ? {} : { alias } }),
      });
    expect(await found('live')).toMatchObject({ value: { variables: { A: 'published' } } });
    expect(await found()).toMatchObject({ value: { variables: { A: 'latest' } } });
    expect(await found('other')).toMatchObject({ value: 'NotFound' });
  });
});

describe('the invocations of the function', () => {
  it('are those of a quarter of an hour, or of three periods of its metric', async () => {
    const nowMs = Date.now();
    aws.metrics.put('AWS/Lambda', [invocationOf('metric', nowMs - 40 * 60_000)]);
    const found = (periodSeconds: number) =>
      lookAtInvocations({
        clients: { cloudWatch: aws.cloudWatch },
        target: appTarget({ metric: { periodSeconds } }),
        nowMs,
      });
    expect(await found(60)).toEqual({ seen: true, value: 0 });
    expect(await found(900)).toEqual({ seen: true, value: 1 });
  });
});

describe('what is not there', () => {
  it('is none: an alarm, a topic, a state machine, an instance, an alias', async () => {
    expect(await listAliases(aws.lambda.reader, 'nobody')).toEqual([]);
    expect(await readAlarms(aws.cloudWatch, { names: ['nobody'] })).toEqual([]);
    expect(await listSubscriptions(aws.sns, arn('sns', 'nobody'))).toEqual([]);
    expect(await hasStateMachine(aws.sfn, arn('states', 'stateMachine:nobody'))).toBe(false);
    expect(await readAgents(aws.ssm.reader, { ids: ['i-0000000000000dead'] })).toEqual([]);
  });
});
