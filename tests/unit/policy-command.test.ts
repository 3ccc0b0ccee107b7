import { dimensionList } from '../../workflow/dimensions.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import type { TrackingConfiguration } from '../../workflow/doctor/facts.ts';
import { putPolicyAgain } from '../../workflow/doctor/policy-command.ts';
import { alarm, doctorTarget, healthyFacts, high, policyOf, seen } from '../support/healthy-facts.ts';

const { metric } = doctorTarget();
const Metric = { Namespace: metric.namespace, MetricName: metric.name, Dimensions: [] };
const commandFor = (configuration: TrackingConfiguration, part: object = {}, leavesUnitOut = false) =>
  putPolicyAgain(policyOf({ configuration, ...part }), metric, leavesUnitOut)[0];
const single = (part: object = {}): TrackingConfiguration => ({
  TargetValue: 7,
  CustomizedMetricSpecification: { ...Metric, Statistic: 'SampleCount', Unit: 'Count', ...part },
});
const math = (Expression: string, ...more: object[]): TrackingConfiguration => ({
  TargetValue: 7,
  CustomizedMetricSpecification: {
    Metrics: [{ MetricStat: { Metric, Stat: 'Average' } }, ...more, { ...{ Id: 'e1', Expression } }],
  },
});
/** What the command gives Auto Scaling. */
const givenBy = (command = ''): unknown =>
  JSON.parse(/--target-tracking-configuration "(.*)"/.exec(command)?.[1]?.replaceAll('\\"', '"') ?? 'null');
const Dimensions = dimensionList(metric.dimensions);

describe('the command that puts a policy again', () => {
  it('corrects the dimensions and the statistic, and keeps the rest, with its warm-up', () => {
    const command = commandFor({ ...single(), ...{ DisableScaleIn: true } }, { warmupSeconds: 90 });
    expect(givenBy(command)).toEqual({
      TargetValue: 7,
      DisableScaleIn: true,
      CustomizedMetricSpecification: { ...Metric, Dimensions, Statistic: 'Average', Unit: 'Count' },
    });
    expect(command).toMatch(/ --estimated-instance-warmup 90$/);
  });

  it('leaves the unit out only where nothing is published with it', () => {
    expect(commandFor(single())).toContain('Unit');
    expect(commandFor(single(), {}, true)).not.toContain('Unit');
  });

  it('changes of metric math only what reads the metric', () => {
    const other = {
      MetricStat: {
        Metric: { Namespace: 'AWS/AutoScaling', MetricName: 'GroupInServiceInstances' },
        Stat: 'Average',
        Unit: 'Count',
      },
    };
    expect(givenBy(commandFor(math('m1 / m2', other), {}, true))).toMatchObject({
      CustomizedMetricSpecification: {
        Metrics: [{ MetricStat: { Metric: { Dimensions } } }, other, { Expression: 'm1 / m2' }],
      },
    });
  });

  it('writes an expression so that no shell takes it for more', () => {
    const command = commandFor(math('IF(m1 > 0 && m1 < 100, m1 %$`!^|, 0)'));
    expect(command?.replace('<group>', '')).not.toMatch(/[$`%!<>&|^]/);
    expect(givenBy(command)).toMatchObject({
      CustomizedMetricSpecification: {
        Metrics: [{}, { Expression: 'IF(m1 > 0 && m1 < 100, m1 %$`!^|, 0)' }],
      },
    });
  });

  it('knows by the dimensions which of two is meant, and leaves the other one', () => {
    const right = { MetricStat: { Metric: { ...Metric, Dimensions }, Stat: 'SampleCount' } };
    const given = givenBy(commandFor(math('m1 + m2', right)));
    expect(given).toMatchObject({
      CustomizedMetricSpecification: {
        Metrics: [
          { MetricStat: { Stat: 'Average' } },
          { MetricStat: { Metric: { Dimensions }, Stat: 'Average' } },
          { Expression: 'm1 + m2' },
        ],
      },
    });
    expect(given).not.toHaveProperty('CustomizedMetricSpecification.Metrics.0.MetricStat.Metric.Dimensions');
  });

  it.each<[string, TrackingConfiguration, object?]>([
    ['a predefined metric', { TargetValue: 50 }],
    [
      'the metric twice, with other dimensions each time',
      math('m1 + m2', { MetricStat: { Metric, Stat: 'Maximum' } }),
    ],
    ['a quote in a dimension', single({ Namespace: 'A"B' })],
    ['a name that a shell would take for more', single(), { name: '$(x)' }],
  ])('is none for %s: a person writes the file', (_what, configuration, part = {}) => {
    expect(commandFor(configuration, part)).toBeUndefined();
  });
});

it('turns on the metrics of the group that a policy divides by, where its alarms have no data', () => {
  const silent = alarm(high, { state: 'INSUFFICIENT_DATA' });
  const instances = {
    namespace: 'AWS/AutoScaling',
    name: 'GroupInServiceInstances',
    dimensions: {},
    statistic: 'Average',
    unit: null,
  };
  const { metrics } = policyOf();
  const part = {
    scalingAlarms: seen([silent]),
    policies: seen([policyOf({ metrics: [...metrics, instances] })]),
  };
  expect(diagnose(healthyFacts(part), doctorTarget()).causes).toMatchObject([
    {
      code: 'ScalingAlarmsSilent',
      commands: [
        expect.stringMatching(/^aws autoscaling enable-metrics-collection .* GroupInServiceInstances$/),
      ],
    },
  ]);
});
