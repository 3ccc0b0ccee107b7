/** What AWS documents of EC2 Auto Scaling; see any-aws.ts. */
import { randomUUID } from 'node:crypto';
import {
  type Alarm,
  AutoScalingClient,
  type CustomizedMetricSpecification,
  DeletePolicyCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  DescribePoliciesCommand,
  DescribeScalingActivitiesCommand,
  PutScalingPolicyCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { GroupName, openAnyAws } from '../support/any-aws.ts';
import { until } from '../support/until.ts';

const AutoScalingGroupName = GroupName;
const PolicyName = 'hold-backlog';

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let autoScaling: AutoScalingClient;
let cloudWatch: CloudWatchClient;

beforeAll(async () => {
  aws = await openAnyAws();
  autoScaling = new AutoScalingClient(aws.config);
  cloudWatch = new CloudWatchClient(aws.config);
});
afterAll(() => aws.sandbox?.close());

const bounds = (part: { MinSize?: number; MaxSize?: number; DesiredCapacity?: number }) =>
  autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, ...part }));
const setDesired = (DesiredCapacity: number, HonorCooldown = false) =>
  autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity, HonorCooldown }));

async function group() {
  const { AutoScalingGroups } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [GroupName] }),
  );
  return AutoScalingGroups?.[0];
}
const inService = async (count: number) => {
  const states = (await group())?.Instances?.map(({ LifecycleState }) => LifecycleState);
  return states?.length === count && states.every((state) => state === 'InService');
};
const newestActivity = async () =>
  (await autoScaling.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName }))).Activities?.[0];

describe('a group', () => {
  afterEach(async () => {
    await bounds({ MinSize: 1, MaxSize: 4, DesiredCapacity: 1 });
    await until(() => inService(1));
  });

  it('is described with its bounds, its instances, and their states', async () => {
    expect(await group()).toMatchObject({
      AutoScalingGroupName,
      MinSize: 1,
      MaxSize: 4,
      DesiredCapacity: 1,
      DefaultCooldown: 300,
      CreatedTime: expect.any(Date),
      SuspendedProcesses: [],
      Instances: [
        {
          InstanceId: expect.stringMatching(/^i-[0-9a-f]{17}$/),
          LifecycleState: 'InService',
          HealthStatus: 'Healthy',
          ProtectedFromScaleIn: false,
        },
      ],
    });
  });

  it('is not listed where it does not exist, and has an error of its own where it is changed', async () => {
    const { AutoScalingGroups } = await autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['nobody'] }),
    );
    expect(AutoScalingGroups).toEqual([]);
    await expect(
      autoScaling.send(
        new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'nobody', DesiredCapacity: 1 }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationError', $metadata: { httpStatusCode: 400 } });
  });

  it('gets as many instances as are desired, and says why in an activity', async () => {
    await setDesired(3);
    await until(() => inService(3));
    const activity = await until(async () => {
      const newest = await newestActivity();
      return newest?.StatusCode === 'Successful' && newest;
    });
    expect(activity).toMatchObject({
      Description: expect.stringMatching(/^Launching a new EC2 instance: i-/),
      Cause: expect.stringMatching(/ changing the desired capacity from 1 to 3\./),
      Progress: 100,
      StartTime: expect.any(Date),
      EndTime: expect.any(Date),
    });
    await setDesired(1);
    await until(() => inService(1));
    expect((await newestActivity())?.Description).toMatch(/^Terminating EC2 instance: i-/);
  });

  it('refuses a capacity outside of its bounds', async () => {
    await expect(setDesired(5)).rejects.toMatchObject({ name: 'ValidationError' });
    await expect(setDesired(0)).rejects.toMatchObject({ name: 'ValidationError' });
    await expect(bounds({ MinSize: 3, MaxSize: 2 })).rejects.toMatchObject({ name: 'ValidationError' });
    expect(await group()).toMatchObject({ MinSize: 1, MaxSize: 4, DesiredCapacity: 1 });
  });

  it('is brought within new bounds', async () => {
    await bounds({ MinSize: 2 });
    expect(await group()).toMatchObject({ MinSize: 2, MaxSize: 4, DesiredCapacity: 2 });
    await bounds({ MinSize: 1, MaxSize: 1 });
    expect(await group()).toMatchObject({ MinSize: 1, MaxSize: 1, DesiredCapacity: 1 });
  });

  it('makes a change that honours the cooldown wait for the activity before it', async () => {
    await setDesired(2);
    await expect(setDesired(3, true)).rejects.toMatchObject({ name: 'ScalingActivityInProgressFault' });
    await setDesired(3);
    expect((await group())?.DesiredCapacity).toBe(3);
  });

  it('launches nothing while that process is suspended', async () => {
    await autoScaling.send(
      new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['Launch'] }),
    );
    expect((await group())?.SuspendedProcesses).toEqual([
      { ProcessName: 'Launch', SuspensionReason: expect.stringMatching(/^User suspended at /) },
    ]);
    await setDesired(2);
    expect(await group()).toMatchObject({ DesiredCapacity: 2, Instances: [{}] });
    await autoScaling.send(new ResumeProcessesCommand({ AutoScalingGroupName }));
    await until(() => inService(2));
    expect((await group())?.SuspendedProcesses).toEqual([]);
  });

  it('refuses to suspend a process that it does not have', async () => {
    await expect(
      autoScaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: ['Sleep'] })),
    ).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('has had no instance refresh', async () => {
    const { InstanceRefreshes } = await autoScaling.send(
      new DescribeInstanceRefreshesCommand({ AutoScalingGroupName }),
    );
    expect(InstanceRefreshes).toEqual([]);
  });
});

describe('a target tracking policy', () => {
  const Namespace = 'EnvRecoveryTest';
  const Dimensions = [
    { Name: 'Test', Value: randomUUID() },
    { Name: 'WorkerType', Value: 'Video' },
  ];
  const backlog = { Namespace, MetricName: 'BacklogCount', Dimensions };
  const put = (metric: CustomizedMetricSpecification, TargetValue = 2.5) =>
    autoScaling.send(
      new PutScalingPolicyCommand({
        AutoScalingGroupName,
        PolicyName,
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingConfiguration: { TargetValue, CustomizedMetricSpecification: metric },
      }),
    );
  const policies = async (PolicyNames = [PolicyName]) =>
    (await autoScaling.send(new DescribePoliciesCommand({ AutoScalingGroupName, PolicyNames })))
      .ScalingPolicies;
  const alarms = async (AlarmNames: string[]) =>
    (await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames }))).MetricAlarms;
  const namesOf = ({ Alarms = [] }: { Alarms?: readonly Alarm[] | undefined }) =>
    Alarms.flatMap(({ AlarmName = '' }) => AlarmName).sort();

  afterEach(async () => {
    if ((await policies())?.length)
      await autoScaling.send(new DeletePolicyCommand({ AutoScalingGroupName, PolicyName }));
    await setDesired(1);
    await until(() => inService(1));
  });

  it('has two alarms on its metric, and is described as it was put', async () => {
    const metric = { ...backlog, Statistic: 'Maximum', Unit: 'Count' } as const;
    const created = await put(metric);
    const names = namesOf(created);
    const [high, low] = names;
    expect(high).toMatch(new RegExp(`^TargetTracking-${GroupName}-AlarmHigh-[0-9a-f-]{36}$`));
    expect(low).toMatch(new RegExp(`^TargetTracking-${GroupName}-AlarmLow-[0-9a-f-]{36}$`));
    expect(await alarms(names)).toEqual([
      expect.objectContaining({
        ...metric,
        AlarmName: high,
        AlarmActions: [created.PolicyARN],
        ComparisonOperator: 'GreaterThanThreshold',
        EvaluationPeriods: 3,
        Threshold: 2.5,
        StateValue: 'INSUFFICIENT_DATA',
      }),
      expect.objectContaining({
        ...metric,
        AlarmName: low,
        AlarmActions: [created.PolicyARN],
        ComparisonOperator: 'LessThanThreshold',
        EvaluationPeriods: 15,
        Threshold: 2.25,
        StateValue: 'INSUFFICIENT_DATA',
      }),
    ]);
    expect(await policies()).toMatchObject([
      {
        PolicyARN: created.PolicyARN,
        PolicyType: 'TargetTrackingScaling',
        Enabled: true,
        TargetTrackingConfiguration: { TargetValue: 2.5, CustomizedMetricSpecification: metric },
      },
    ]);
  });

  it('keeps its ARN when it is put again, and takes its alarms along when it is deleted', async () => {
    const first = await put({ ...backlog, Statistic: 'Average' });
    const second = await put({ ...backlog, Statistic: 'Average' }, 7);
    expect(second.PolicyARN).toBe(first.PolicyARN);
    expect(await policies()).toMatchObject([{ TargetTrackingConfiguration: { TargetValue: 7 } }]);
    await autoScaling.send(new DeletePolicyCommand({ AutoScalingGroupName, PolicyName }));
    expect(await policies([])).toEqual([]);
    expect(await alarms([...namesOf(first), ...namesOf(second)])).toEqual([]);
  });

  it('adds instances in proportion when three datapoints are above its target', async () => {
    const { Alarms } = await put({ ...backlog, Statistic: 'Maximum' });
    const [high = ''] = namesOf({ Alarms });
    const publish = (Timestamp: Date) =>
      cloudWatch.send(
        new PutMetricDataCommand({
          Namespace,
          MetricData: [{ MetricName: 'BacklogCount', Dimensions, Value: 7, Timestamp, StorageResolution: 1 }],
        }),
      );
    await until(async () => {
      await publish(new Date());
      return (await group())?.DesiredCapacity === 3;
    });
    expect(await alarms([high])).toMatchObject([{ StateValue: 'ALARM' }]);
    await until(() => inService(3));
    expect((await newestActivity())?.Cause).toContain(
      `a monitor alarm ${high} in state ALARM triggered policy ${PolicyName} changing the desired capacity from 1 to 3.`,
    );
  });

  it('follows the result of metric math', async () => {
    const stat = (MetricName: string) => ({
      Metric: { Namespace, MetricName, Dimensions },
      Stat: 'Average',
    });
    const created = await put({
      Metrics: [
        { Id: 'm1', MetricStat: stat('BacklogCount'), ReturnData: false },
        { Id: 'm2', MetricStat: stat('Workers'), ReturnData: false },
        { Id: 'e1', Label: 'Backlog per worker', Expression: 'm1 / m2', ReturnData: true },
      ],
    });
    expect(await alarms(namesOf(created))).toMatchObject(
      Array(2).fill({
        Metrics: expect.arrayContaining([
          expect.objectContaining({ Id: 'e1', Expression: 'm1 / m2', ReturnData: true }),
          expect.objectContaining({ Id: 'm2', ReturnData: false }),
        ]),
      }),
    );
  });

  it.each<[string, CustomizedMetricSpecification]>([
    ['no name', { Namespace, Statistic: 'Average' }],
    [
      'no query that returns data',
      {
        Metrics: [
          {
            Id: 'm1',
            MetricStat: { Metric: { Namespace, MetricName: 'BacklogCount' }, Stat: 'Average' },
            ReturnData: false,
          },
        ],
      },
    ],
  ])('is refused for a metric with %s', async (_what, metric) => {
    await expect(put(metric)).rejects.toMatchObject({ name: 'ValidationError' });
    expect(await policies()).toEqual([]);
  });
});
