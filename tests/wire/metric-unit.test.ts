/** The unit of a metric, where a target names one: what is published, what counts, and what the doctor says of it. */
import { StandardUnit } from '@aws-sdk/client-cloudwatch';
import * as v from 'valibot';
import { openAutoScaling } from '../../aws/auto-scaling.ts';
import { lookAtDatapoints } from '../../aws/doctor/looks.ts';
import { publishDatapoint } from '../../aws/metric.ts';
import { confirmBacklog } from '../../functions/confirm-backlog.ts';
import { stackOf } from '../../stack/stack.ts';
import { readTarget } from '../../targets/load.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import type { Metric } from '../../workflow/target.ts';
import { appTarget } from '../support/app-target.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { executionRef } from '../support/execution-facts.ts';
import { doctorTarget, healthyFacts, policyOf, seen, stopped } from '../support/healthy-facts.ts';
import { resolveSettings } from '../support/resolve-settings.ts';
import { servicesOf, steppedClock } from '../support/services.ts';
import { fileWith, mistakeIn } from '../support/target-file.ts';

let aws: TestAws;
beforeEach(async () => {
  aws = await openAws();
});
afterEach(() => aws.close());

const metric = (part: Partial<Metric> = {}) => appTarget({ metric: part }).metric;
const publish = (Value: number, Unit: string | undefined, Timestamp = Date.now()) =>
  aws.metrics.put('App', [
    {
      MetricName: 'BacklogCount',
      Dimensions: [{ Name: 'WorkerType', Value: 'Video' }],
      Value,
      Unit,
      Timestamp,
      StorageResolution: 60,
    },
  ]);

it('is one of those that CloudWatch knows', () => {
  for (const unit of Object.values(StandardUnit))
    expect(mistakeIn(fileWith({ 'metric.unit': unit }))).toBe('none');
});

it.each<[Metric['unit'], string]>([
  [undefined, 'Count'],
  ['Seconds', 'Seconds'],
])('is published with the datapoint: %s as %s', async (unit, published) => {
  await publishDatapoint(aws.cloudWatch, metric(unit === undefined ? {} : { unit }), 7);
  const Dimensions = [{ Name: 'WorkerType', Value: 'Video' }];
  const range = { startMs: 0, endMs: Date.now() + 60_000, periodSeconds: 60, statistic: 'Maximum' };
  const wanted = { Namespace: 'App', MetricName: 'BacklogCount', Dimensions };
  expect(aws.metrics.read(wanted, { ...range, unit: published })).toHaveLength(1);
});

it('counts in the proof: a datapoint with another one is none', async () => {
  aws.addFunction('metric', 'return {video_backlog_count: 7}', {});
  const clock = steppedClock();
  const startedAt = new Date(clock.now()).toISOString();
  const confirm = () =>
    confirmBacklog(
      { execution: executionRef({ startedAt }) },
      {
        ...servicesOf(aws, { metric: { unit: 'Count' } }, clock),
        lambda: aws.lambda.reader,
        cloudWatch: aws.cloudWatch,
        autoScaling: openAutoScaling(aws.clientConfig),
      },
    );
  publish(9, 'Seconds', clock.now());
  await expect(confirm()).rejects.toMatchObject({
    name: 'DatapointMissing',
    message: expect.stringContaining('no datapoint with the unit Count stamped after'),
  });
  publish(7, 'Count', clock.now());
  expect(await confirm()).toMatchObject({ datapoint: { value: 7 } });
});

describe('in the stack', () => {
  const Alarm = v.object({ Properties: v.looseObject({ Unit: v.optional(v.string()) }) });
  const stackWith = (values: Readonly<Record<string, unknown>>) => {
    const scaling = { group: 'workers', policy: { backlogPerInstance: 7 } };
    const stack = stackOf({ name: 'app', ...readTarget('app', fileWith({ scaling, ...values })) });
    const resolved = (name: string) => resolveSettings(Reflect.get(stack.resources, name), stack);
    return {
      alarm: v.parse(Alarm, resolved('HeartbeatAlarm')).Properties.Unit,
      policy: /"Unit":"(\w+)"/.exec(JSON.stringify(resolved('ScalingPolicy')))?.[1],
    };
  };

  it('is that of the heartbeat alarm and of the scaling policy, and of neither without', () => {
    expect(stackWith({ 'metric.unit': 'Seconds' })).toEqual({ alarm: 'Seconds', policy: 'Seconds' });
    expect(stackWith({})).toEqual({ alarm: undefined, policy: undefined });
  });
});

describe('to the doctor', () => {
  it('is the one of the newest datapoint', async () => {
    publish(9, 'Seconds');
    const found = (part: Partial<Metric>) =>
      lookAtDatapoints({
        clients: { cloudWatch: aws.cloudWatch },
        target: appTarget({ metric: part }),
        nowMs: Date.now(),
      });
    expect(await found({})).toEqual({ seen: true, value: expect.any(Number) });
    expect(await found({ unit: 'Seconds' })).toEqual({ seen: true, value: expect.any(Number) });
    expect(await found({ unit: 'Count' })).toEqual({ seen: true, value: null });
  });

  const target = doctorTarget();
  const withUnit = { ...target, metric: { ...target.metric, unit: 'Count' as const } };
  const { name: MetricName, namespace: Namespace } = target.metric;
  const asking = (Unit: string) =>
    policyOf(
      {
        configuration: {
          TargetValue: 7,
          CustomizedMetricSpecification: {
            Namespace,
            MetricName,
            Dimensions: [],
            Statistic: 'Average',
            Unit,
          },
        },
      },
      { unit: Unit },
    );
  const causes = (Unit: string, of: typeof target = withUnit) =>
    diagnose(
      healthyFacts({
        // There are datapoints with both units.
        metric: seen({ lastDatapointMs: healthyFacts().nowMs, hasUnit: true }),
        policies: seen([asking(Unit)]),
      }),
      of,
    ).causes;

  it('has to be the one that the policy asks for, and the command corrects that', () => {
    expect(causes('Count')).toEqual([]);
    expect(causes('Seconds', { ...withUnit, metric: target.metric })).toEqual([]);
    const [cause] = causes('Seconds');
    expect(cause).toMatchObject({
      code: 'PolicyOtherUnit',
      says: 'policy hold-backlog asks for the unit Seconds, and the metric has Count',
    });
    expect(cause?.commands[0]).toContain('\\"Unit\\":\\"Count\\"');
  });

  it('is told with a metric that has stopped', () => {
    expect(JSON.stringify(diagnose(healthyFacts(stopped), withUnit))).toContain(
      '; unit Count) has no fresh datapoint',
    );
  });
});
