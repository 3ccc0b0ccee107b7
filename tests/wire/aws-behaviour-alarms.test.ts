/** What AWS documents of the alarms of target tracking as somebody changes them; see any-aws.ts. */
import { randomUUID } from 'node:crypto';
import {
  AutoScalingClient,
  DeletePolicyCommand,
  PutScalingPolicyCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { GroupName, openAnyAws } from '../support/any-aws.ts';

const AutoScalingGroupName = GroupName;
const PolicyName = `behaviour-${randomUUID()}`;

let aws: Awaited<ReturnType<typeof openAnyAws>>;
let autoScaling: AutoScalingClient;
let cloudWatch: CloudWatchClient;

beforeAll(async () => {
  aws = await openAnyAws();
  autoScaling = new AutoScalingClient(aws.config);
  cloudWatch = new CloudWatchClient(aws.config);
});
afterAll(async () => {
  await autoScaling.send(new DeletePolicyCommand({ AutoScalingGroupName, PolicyName }));
  await aws.sandbox?.close();
});

it('have actions that are disabled and enabled, and a state that is set until the next look', async () => {
  const { Alarms = [] } = await autoScaling.send(
    new PutScalingPolicyCommand({
      AutoScalingGroupName,
      PolicyName,
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingConfiguration: {
        TargetValue: 7,
        CustomizedMetricSpecification: {
          Namespace: 'EnvRecoveryTest',
          MetricName: 'BacklogCount',
          Dimensions: [{ Name: 'Test', Value: randomUUID() }],
          Statistic: 'Maximum',
        },
      },
    }),
  );
  const AlarmNames = Alarms.flatMap(({ AlarmName }) => AlarmName ?? []);
  const shown = async () => {
    const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames }));
    return MetricAlarms.map(({ ActionsEnabled }) => ActionsEnabled);
  };
  expect(await shown()).toEqual([true, true]);
  await cloudWatch.send(new DisableAlarmActionsCommand({ AlarmNames }));
  expect(await shown()).toEqual([false, false]);
  // Without actions, nobody scales by it.
  const [AlarmName = ''] = AlarmNames;
  await cloudWatch.send(
    new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'behaviour' }),
  );
  const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
  expect(MetricAlarms?.[0]?.StateUpdatedTimestamp?.getTime()).toBeGreaterThan(Date.now() - 60_000);
  await cloudWatch.send(new EnableAlarmActionsCommand({ AlarmNames }));
  expect(await shown()).toEqual([true, true]);
});
