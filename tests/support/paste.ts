/** What a person pastes: a command line of `recover` or of the `aws` CLI, as the doctor prints it. */
import * as autoScaling from '@aws-sdk/client-auto-scaling';
import * as cloudWatch from '@aws-sdk/client-cloudwatch';
import * as ec2 from '@aws-sdk/client-ec2';
import * as events from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as lambda from '@aws-sdk/client-lambda';
import * as scheduler from '@aws-sdk/client-scheduler';
import * as sfn from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import * as ssm from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import { region } from '../../sandbox/template.ts';
import { recover } from './cli.ts';
import { Options, wordsOf } from './command-words.ts';

const IpPermission = v.object({
  IpProtocol: v.string(),
  FromPort: v.pipe(v.string(), v.transform(Number)),
  ToPort: v.pipe(v.string(), v.transform(Number)),
  UserIdGroupPairs: v.optional(v.array(v.object({ GroupId: v.string() })), []),
  IpRanges: v.optional(v.array(v.object({ CidrIp: v.string() })), []),
  PrefixListIds: v.optional(v.array(v.object({ PrefixListId: v.string() })), []),
});
const Dimension = v.object({ Name: v.string(), Value: v.string() });
const Metric = {
  Namespace: v.string(),
  MetricName: v.string(),
  Dimensions: v.array(Dimension),
};
const TrackingConfiguration = v.strictObject({
  TargetValue: v.number(),
  DisableScaleIn: v.optional(v.boolean(), false),
  CustomizedMetricSpecification: v.union([
    v.strictObject({
      ...Metric,
      Statistic: v.picklist(['Average', 'Maximum']),
      Unit: v.exactOptional(v.string()),
    }),
    v.strictObject({
      Metrics: v.array(
        v.strictObject({
          Id: v.string(),
          Expression: v.exactOptional(v.string()),
          ReturnData: v.exactOptional(v.boolean()),
          MetricStat: v.exactOptional(v.strictObject({ Metric: v.strictObject(Metric), Stat: v.string() })),
        }),
      ),
    }),
  ]),
});
const True = v.object({
  Value: v.pipe(
    v.literal('true'),
    v.transform(() => true),
  ),
});

const RuleTarget = v.strictObject({ Id: v.string(), Arn: v.string() });
const WholeNumber = v.pipe(v.string(), v.transform(Number), v.integer());
const PortRange = v.strictObject({ From: WholeNumber, To: WholeNumber });
const FlexibleTimeWindow = v.strictObject({
  Mode: v.picklist(['OFF', 'FLEXIBLE']),
  MaximumWindowInMinutes: v.exactOptional(WholeNumber),
});
const ScheduleTarget = v.strictObject({
  Arn: v.string(),
  RoleArn: v.string(),
  DeadLetterConfig: v.exactOptional(v.strictObject({ Arn: v.string() })),
  RetryPolicy: v.strictObject({ MaximumEventAgeInSeconds: WholeNumber, MaximumRetryAttempts: WholeNumber }),
});

type Act = (options: Options, config: typeof commonConfig & { endpoint: string }) => Promise<unknown>;

const commonConfig = { region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

const openGroup = (options: Options) => ({
  GroupId: options.text('group-id'),
  IpPermissions: [v.parse(IpPermission, options.structure('ip-permissions'))],
});
const executionOf = (options: Options) => ({ executionArn: options.text('execution-arn') });
const groupName = (options: Options) => ({ AutoScalingGroupName: options.text('auto-scaling-group-name') });

/** By service and operation, with the options as the AWS CLI's reference names them. */
const operations: Readonly<Record<string, Act>> = {
  'autoscaling put-scaling-policy': (options, config) => {
    const warmup = options.optional('estimated-instance-warmup', () =>
      Number(options.text('estimated-instance-warmup')),
    );
    const input = {
      ...groupName(options),
      PolicyName: options.text('policy-name'),
      PolicyType: options.text('policy-type'),
      TargetTrackingConfiguration: v.parse(
        TrackingConfiguration,
        options.structure('target-tracking-configuration'),
      ),
      ...(warmup === undefined ? {} : { EstimatedInstanceWarmup: warmup }),
      ...(options.flag('enabled') ? { Enabled: true } : {}),
    };
    return new autoScaling.AutoScalingClient(config).send(new autoScaling.PutScalingPolicyCommand(input));
  },
  'autoscaling resume-processes': (options, config) =>
    new autoScaling.AutoScalingClient(config).send(
      new autoScaling.ResumeProcessesCommand({
        ...groupName(options),
        ScalingProcesses: options.list('scaling-processes'),
      }),
    ),
  'autoscaling update-auto-scaling-group': (options, config) =>
    new autoScaling.AutoScalingClient(config).send(
      new autoScaling.UpdateAutoScalingGroupCommand({
        ...groupName(options),
        MaxSize: Number(options.text('max-size')),
      }),
    ),
  'autoscaling describe-scaling-activities': (options, config) =>
    new autoScaling.AutoScalingClient(config).send(
      new autoScaling.DescribeScalingActivitiesCommand(groupName(options)),
    ),
  'cloudwatch set-alarm-state': (options, config) =>
    new cloudWatch.CloudWatchClient(config).send(
      new cloudWatch.SetAlarmStateCommand({
        AlarmName: options.text('alarm-name'),
        StateValue: v.parse(v.picklist(['OK', 'ALARM', 'INSUFFICIENT_DATA']), options.text('state-value')),
        StateReason: options.text('state-reason'),
      }),
    ),
  'cloudwatch enable-alarm-actions': (options, config) =>
    new cloudWatch.CloudWatchClient(config).send(
      new cloudWatch.EnableAlarmActionsCommand({ AlarmNames: options.list('alarm-names') }),
    ),
  'ec2 authorize-security-group-egress': (options, config) =>
    new ec2.EC2Client(config).send(new ec2.AuthorizeSecurityGroupEgressCommand(openGroup(options))),
  'ec2 authorize-security-group-ingress': (options, config) =>
    new ec2.EC2Client(config).send(new ec2.AuthorizeSecurityGroupIngressCommand(openGroup(options))),
  'ec2 create-network-acl-entry': (options, config) => {
    const isEgress = options.flag('egress');
    if (!isEgress && !options.flag('ingress')) throw new Error('neither --ingress nor --egress');
    return new ec2.EC2Client(config).send(
      new ec2.CreateNetworkAclEntryCommand({
        NetworkAclId: options.text('network-acl-id'),
        Egress: isEgress,
        RuleNumber: Number(options.text('rule-number')),
        Protocol: options.text('protocol'),
        PortRange: v.parse(PortRange, options.structure('port-range')),
        CidrBlock: options.text('cidr-block'),
        RuleAction: v.parse(v.picklist(['allow']), options.text('rule-action')),
      }),
    );
  },
  'ec2 create-vpc-endpoint': (options, config) =>
    new ec2.EC2Client(config).send(
      new ec2.CreateVpcEndpointCommand({
        VpcEndpointType: v.parse(v.picklist(['Interface']), options.text('vpc-endpoint-type')),
        VpcId: options.text('vpc-id'),
        ServiceName: options.text('service-name'),
        SubnetIds: options.list('subnet-ids'),
        SecurityGroupIds: options.list('security-group-ids'),
        PrivateDnsEnabled: options.flag('private-dns-enabled'),
      }),
    ),
  'ec2 modify-vpc-attribute': (options, config) => {
    const read = (name: string) => options.optional(name, () => v.parse(True, options.structure(name)));
    const [support, hostnames] = [read('enable-dns-support'), read('enable-dns-hostnames')];
    return new ec2.EC2Client(config).send(
      new ec2.ModifyVpcAttributeCommand({
        VpcId: options.text('vpc-id'),
        ...(support ? { EnableDnsSupport: support } : {}),
        ...(hostnames ? { EnableDnsHostnames: hostnames } : {}),
      }),
    );
  },
  'ec2 modify-vpc-endpoint': (options, config) =>
    new ec2.EC2Client(config).send(
      new ec2.ModifyVpcEndpointCommand({
        VpcEndpointId: options.text('vpc-endpoint-id'),
        PrivateDnsEnabled: options.flag('private-dns-enabled'),
      }),
    ),
  'ec2 start-instances': (options, config) =>
    new ec2.EC2Client(config).send(
      new ec2.StartInstancesCommand({ InstanceIds: options.list('instance-ids') }),
    ),
  'events enable-rule': (options, config) =>
    new events.EventBridgeClient(config).send(new events.EnableRuleCommand({ Name: options.text('name') })),
  'events put-rule': (options, config) =>
    new events.EventBridgeClient(config).send(
      new events.PutRuleCommand({
        Name: options.text('name'),
        ScheduleExpression: options.text('schedule-expression'),
      }),
    ),
  'events put-targets': (options, config) =>
    new events.EventBridgeClient(config).send(
      new events.PutTargetsCommand({
        Rule: options.text('rule'),
        Targets: [v.parse(RuleTarget, options.structure('targets'))],
      }),
    ),
  'iam put-role-policy': (options, config) =>
    new iam.IAMClient(config).send(
      new iam.PutRolePolicyCommand({
        RoleName: options.text('role-name'),
        PolicyName: options.text('policy-name'),
        PolicyDocument: options.text('policy-document'),
      }),
    ),
  'lambda add-permission': (options, config) =>
    new lambda.LambdaClient(config).send(
      new lambda.AddPermissionCommand({
        FunctionName: options.text('function-name'),
        StatementId: options.text('statement-id'),
        Action: options.text('action'),
        Principal: options.text('principal'),
        SourceArn: options.text('source-arn'),
      }),
    ),
  'scheduler update-schedule': (options, config) =>
    new scheduler.SchedulerClient(config).send(
      new scheduler.UpdateScheduleCommand({
        Name: options.text('name'),
        GroupName: options.text('group-name'),
        State: v.parse(v.picklist(['ENABLED']), options.text('state')),
        ScheduleExpression: options.text('schedule-expression'),
        ScheduleExpressionTimezone: options.text('schedule-expression-timezone'),
        FlexibleTimeWindow: v.parse(FlexibleTimeWindow, options.structure('flexible-time-window')),
        Target: v.parse(ScheduleTarget, options.structure('target')),
      }),
    ),
  'sns confirm-subscription': (options, config) =>
    new sns.SNSClient(config).send(
      new sns.ConfirmSubscriptionCommand({
        TopicArn: options.text('topic-arn'),
        Token: options.text('token'),
      }),
    ),
  'sns subscribe': (options, config) =>
    new sns.SNSClient(config).send(
      new sns.SubscribeCommand({
        TopicArn: options.text('topic-arn'),
        Protocol: options.text('protocol'),
        Endpoint: options.text('notification-endpoint'),
      }),
    ),
  'ssm get-parameter': (options, config) =>
    new ssm.SSMClient(config).send(
      new ssm.GetParameterCommand({
        Name: options.text('name'),
        WithDecryption: options.flag('with-decryption'),
      }),
    ),
  'stepfunctions describe-execution': (options, config) =>
    new sfn.SFNClient(config).send(new sfn.DescribeExecutionCommand(executionOf(options))),
  'stepfunctions get-execution-history': (options, config) =>
    new sfn.SFNClient(config).send(new sfn.GetExecutionHistoryCommand(executionOf(options))),
  'stepfunctions redrive-execution': (options, config) =>
    new sfn.SFNClient(config).send(new sfn.RedriveExecutionCommand(executionOf(options))),
  'stepfunctions start-execution': (options, config) =>
    new sfn.SFNClient(config).send(
      new sfn.StartExecutionCommand({
        stateMachineArn: options.text('state-machine-arn'),
        name: options.optional('name', () => options.text('name')),
        // The AWS CLI sends none then, for which Step Functions takes {}.
        input: options.optional('input', () => options.text('input')),
      }),
    ),
};

/**
 * Carries out one command against the endpoint.
 *
 * @param typed what a person types where a command of `recover` asks for a value.
 * @throws Error on a placeholder that somebody has to fill in, and on a command that is run elsewhere or isn't known.
 */
export async function paste(command: string, endpoint: string, typed = ''): Promise<void> {
  const placeholder = /<[a-z-]+>/.exec(command)?.[0];
  if (placeholder !== undefined) throw new Error(`somebody has to fill in ${placeholder}`);
  const [program, ...words] = wordsOf(command);
  if (program === 'npx') {
    const commandLine = words.slice(2);
    // A value that is piped in answers for itself.
    const answers = commandLine.includes('set') ? [] : ['--yes'];
    const { exitCode, stderr } = await recover(endpoint, [...commandLine, ...answers], { input: typed });
    if (exitCode !== 0) throw new Error(stderr);
    return;
  }
  if (program !== 'aws') throw new Error(`${program} is run elsewhere`);
  const [service = '', operation = '', ...rest] = words;
  const act = operations[`${service} ${operation}`];
  if (!act) throw new Error(`nobody knows here how to run: ${command}`);
  const options = new Options(rest);
  await act(options, { ...commonConfig, endpoint });
  options.end();
}
