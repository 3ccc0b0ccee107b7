/** The scaling policy that the stack brings for a group without one: what it asks for, and what the doctor says of it. */
import { AutoScalingClient, PutScalingPolicyCommand } from '@aws-sdk/client-auto-scaling';
import * as v from 'valibot';
import { readPolicies } from '../../aws/auto-scaling.ts';
import { datapointsOf } from '../../sandbox/services/metric-data.ts';
import { stackOf } from '../../stack/stack.ts';
import { readTarget } from '../../targets/load.ts';
import { policy as judgePolicy, ofScaling } from '../../workflow/doctor/scaling-rules.ts';
import { seen } from '../../workflow/network/seen.ts';
import { groupName } from '../support/app-names.ts';
import { appTarget } from '../support/app-target.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { healthyFacts } from '../support/healthy-facts.ts';
import { resolveSettings } from '../support/resolve-settings.ts';

const target = { ...appTarget(), scaling: { group: groupName, policy: { backlogPerInstance: 7 } } };

const Metric = v.strictObject({
  Namespace: v.string(),
  MetricName: v.string(),
  Dimensions: v.array(v.strictObject({ Name: v.string(), Value: v.string() })),
});
const ScalingPolicy = v.strictObject({
  Type: v.literal('AWS::AutoScaling::ScalingPolicy'),
  Properties: v.strictObject({
    AutoScalingGroupName: v.string(),
    PolicyType: v.literal('TargetTrackingScaling'),
    TargetTrackingConfiguration: v.strictObject({
      TargetValue: v.number(),
      CustomizedMetricSpecification: v.strictObject({
        Metrics: v.array(
          v.strictObject({
            Id: v.string(),
            MetricStat: v.optional(v.strictObject({ Metric, Stat: v.string() })),
            Expression: v.optional(v.string()),
            ReturnData: v.boolean(),
          }),
        ),
      }),
    }),
  }),
});

/** The resource as it is compiled. */
function compiledPolicy() {
  const stack = stackOf(target);
  return v.parse(ScalingPolicy, resolveSettings(stack.resources.ScalingPolicy, stack)).Properties;
}

describe('the scaling policy of the stack', () => {
  it('is there only if the target asks for it', () => {
    expect(stackOf({ ...target, scaling: { group: groupName } }).resources).not.toHaveProperty(
      'ScalingPolicy',
    );
    expect(compiledPolicy()).toMatchObject({
      AutoScalingGroupName: groupName,
      TargetTrackingConfiguration: { TargetValue: 7 },
    });
  });

  it.each<[string, number | undefined, number | undefined, readonly number[]]>([
    ['the backlog of each worker in service', 30, 4, [7.5]],
    ['the whole backlog while there is no worker', 30, 0, [30]],
    ['nothing without a backlog, so that nothing is scaled in', undefined, 4, []],
    ['nothing without the metrics of the group', 30, undefined, []],
  ])('goes by %s', (_, backlog, instances, expected) => {
    const { Metrics } = compiledPolicy().TargetTrackingConfiguration.CustomizedMetricSpecification;
    const queries = Metrics.map(({ MetricStat, ...query }) => ({
      ...query,
      MetricStat: MetricStat && { ...MetricStat, Period: 60 },
    }));
    const published = new Map([
      ['App/BacklogCount WorkerType=Video', backlog],
      [`AWS/AutoScaling/GroupInServiceInstances AutoScalingGroupName=${groupName}`, instances],
    ]);
    const found = datapointsOf(queries, ({ Metric: { Namespace, MetricName, Dimensions } }) => {
      const dimensions = Dimensions.map(({ Name, Value }) => `${Name}=${Value}`);
      const value = published.get(`${Namespace}/${MetricName} ${dimensions}`);
      return value === undefined ? [] : [{ timestampMs: 0, value }];
    });
    expect(found.map(({ value }) => value)).toEqual(expected);
  });
});

describe('a mistake in it', () => {
  const group = groupName;
  it.each<[string, object, string]>([
    ['no group', { policy: { backlogPerInstance: 1 } }, 'group: this field is missing'],
    ['no number', { group, policy: {} }, 'policy.backlogPerInstance: this field is missing'],
    [
      'nothing per worker',
      { group, policy: { backlogPerInstance: 0 } },
      'policy.backlogPerInstance: expected more than 0',
    ],
    [
      'a text',
      { group, policy: { backlogPerInstance: '7' } },
      'policy.backlogPerInstance: expected a number',
    ],
    ['another kind', { group, policy: { cpu: 50 } }, 'policy.backlogPerInstance: this field is missing'],
  ])('is told in one line with its field: %s', (_, scaling, message) => {
    const { name, ...sections } = appTarget();
    expect(() => readTarget(name, { ...sections, scaling })).toThrow(`app: scaling.${message}`);
  });
});

describe('recover doctor', () => {
  let aws: TestAws;
  let autoScaling: AutoScalingClient;
  beforeEach(async () => {
    aws = await openAws();
    autoScaling = new AutoScalingClient(aws.clientConfig);
  });
  afterEach(async () => {
    autoScaling.destroy();
    await aws.close();
  });

  it('judges it as reading the metric as it is published', async () => {
    await autoScaling.send(new PutScalingPolicyCommand({ PolicyName: 'of-the-stack', ...compiledPolicy() }));
    const policies = seen(await readPolicies(autoScaling, groupName));
    const facts = { ...healthyFacts(), policies };
    expect(ofScaling(judgePolicy)(facts, target)).toEqual([
      {
        state: 'ok',
        says: 'policy of-the-stack reads the metric as it is published (Average, in IF(instances > 0, backlog / instances, backlog))',
      },
    ]);
    const other = { ...target, metric: { ...target.metric, name: 'OtherCount' } };
    expect(ofScaling(judgePolicy)(facts, other)).toMatchObject([{ code: 'PolicyElsewhere' }]);
  });
});
