/**
 * Boots the compiled template on loopback: its functions, state machine, document, table, topic, queues, alarms and
 * event rules.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { loadTarget } from '../targets/load.ts';
import type { DeployedTarget, Metric, MetricFunction } from '../workflow/target.ts';
import { accountServices } from './account-services.ts';
import { type Endpoint, openEndpoint } from './endpoint.ts';
import { type Host, type HostOptions, openHost, systemEnvironment } from './host/host.ts';
import { addressOf, type Network } from './network.ts';
import { networkOf } from './private-network.ts';
import { AlarmProperties } from './services/alarms.ts';
import { AutoScaling } from './services/auto-scaling.ts';
import { autoScalingService } from './services/auto-scaling-api.ts';
import { cloudWatchService, Metrics } from './services/cloudwatch.ts';
import { DocumentContent, type Instance } from './services/command-invocation.ts';
import { dynamoDbService, openTables, TableProperties, type Tables } from './services/dynamodb.ts';
import { ec2Service } from './services/ec2.ts';
import type { Ec2Network } from './services/ec2-network.ts';
import { EventBus, eventBridgeService, RuleProperties } from './services/eventbridge.ts';
import type { ExecutionOptions } from './services/execution.ts';
import { EventInvokeProperties, FunctionProperties, Functions } from './services/lambda.ts';
import { lambdaService } from './services/lambda-api.ts';
import { invocationOf } from './services/metric-data.ts';
import { RunCommand } from './services/run-command.ts';
import { type Message, snsService, TopicProperties, Topics } from './services/sns.ts';
import { Queues, sqsService } from './services/sqs.ts';
import { ParameterStore, ssmService } from './services/ssm.ts';
import { StateMachineProperties, StateMachines, statesService } from './services/states.ts';
import { type ResolvedResource, region, resolveTemplate, resourcesOf } from './template.ts';
import { unpack } from './unpack.ts';
import { Workers } from './workers.ts';

/** The address of AWS in the sandbox's network. */
const awsUrl = 'http://aws.sandbox';

/** Nobody's credentials: the endpoint checks none, and no real account has these. */
export const credentials = { AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox' };

export interface SandboxOptions {
  /** Where `packageTarget` put the template and the zips. Any number of sandboxes can share it. */
  readonly packageDirectory: string;
  /** A folder for what this sandbox writes. */
  readonly directory: string;
  readonly host: Omit<HostOptions, 'directory'>;
  readonly onEvent?: ExecutionOptions['onEvent'];
  /** Gets what a person is told. */
  readonly onMessage?: (message: Message) => void;
  readonly retryMilliseconds?: number;
  /** How many times faster than in reality the functions' own waits pass; by default 1. */
  readonly speedUp?: number;
  /** How long an update of a function's configuration takes. */
  readonly updateMilliseconds?: number;
  /** How long after SendCommand a command is not shown yet. */
  readonly lagMilliseconds?: number;
}

/** The target of the sandbox has both, and the scenarios are about them. */
export type SandboxTarget = DeployedTarget & {
  readonly metric: Metric;
  readonly metricFunction: MetricFunction;
};

function requireMetric(target: DeployedTarget): SandboxTarget {
  const { metric, metricFunction } = target;
  if (!metric || !metricFunction) throw new Error('targets/sandbox.yml lacks metric or metricFunction');
  return { ...target, metric, metricFunction };
}

export interface Sandbox {
  readonly endpoint: Endpoint;
  readonly target: SandboxTarget;
  readonly stateMachineArn: string;
  readonly parameterName: string;
  readonly backupParameterName: string;
  readonly metricFunctionName: string;
  readonly host: Host;
  /** Where the addresses in the target lead to. */
  readonly network: Network;
  readonly instance: Instance;
  /** The VPC as EC2 shows it; nothing of it keeps the processes here from each other. */
  readonly ec2: Ec2Network;
  readonly parameters: ParameterStore;
  /** Of the region that keeps the backup. */
  readonly backups: ParameterStore;
  readonly functions: Functions;
  readonly metrics: Metrics;
  /** The alarm on the backlog metric; it names the metric too. */
  readonly heartbeat: AlarmProperties;
  /** Has no group until the scenario adds one; its minute takes as long as a period of the target's metric. */
  readonly autoScaling: AutoScaling;
  /** Stand still until they are started. */
  readonly workers: Workers;
  readonly queues: Queues;
  readonly tables: Tables;
  readonly topics: Topics;
  readonly bus: EventBus;
  readonly runCommand: RunCommand;
  readonly machines: StateMachines;
  /** Everything the functions have logged. */
  readonly logs: readonly string[];
  close(): Promise<void>;
}

/** @throws Error if the template holds something that the sandbox doesn't know. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const host = await openHost({ directory: join(options.directory, 'host'), ...options.host });
  const tables = await openTables();
  try {
    return await boot(options, host, tables);
  } catch (error) {
    await Promise.all([host.close(), tables.close()]);
    throw error;
  }
}

async function boot(options: SandboxOptions, host: Host, tables: Tables): Promise<Sandbox> {
  const template = readFileSync(
    join(options.packageDirectory, 'cloudformation-template-update-stack.json'),
    'utf8',
  );
  const resources = resolveTemplate(template);

  const queues = new Queues();
  for (const { arn } of resourcesOf(resources, 'AWS::SQS::Queue', v.object({})))
    queues.setDepth(arn.split(':').at(-1) ?? '', 0);
  const topics = new Topics(options.onMessage);
  for (const { arn, properties } of resourcesOf(resources, 'AWS::SNS::Topic', TopicProperties))
    topics.add(arn, properties.Subscription);
  for (const { properties } of resourcesOf(resources, 'AWS::DynamoDB::Table', TableProperties))
    await tables.create(properties);

  const logs: string[] = [];
  const environment = { ...systemEnvironment(), ...credentials, AWS_REGION: region };
  const network: Record<string, number> = {};
  const functions = new Functions({
    platform: { ...environment, AWS_ENDPOINT_URL: awsUrl },
    network,
    speedUp: options.speedUp,
    updateMilliseconds: options.updateMilliseconds,
    compileCache: join(options.packageDirectory, 'compiled'),
    onLog: (name, line) => logs.push(`${name}: ${line}`),
    onFailedEvent: (queueArn, record) => queues.send(queueArn, JSON.stringify(record)),
    onInvocation: (name) => metrics.record('AWS/Lambda', [invocationOf(name)]),
  });
  addFunctions(functions, resources, options.packageDirectory);

  const machines = new StateMachines({
    invoke: (arn, input) => functions.invokeAsTask(arn, input),
    onStatusChange: (event) => bus.put(event),
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    retryMilliseconds: options.retryMilliseconds,
  });
  // The packager has already validated it by the same rules.
  for (const { arn, properties } of resourcesOf(
    resources,
    'AWS::StepFunctions::StateMachine',
    StateMachineProperties,
  ))
    machines.add(arn, properties.StateMachineName, properties.DefinitionString, true);

  const bus = new EventBus(
    resourcesOf(resources, 'AWS::Events::Rule', RuleProperties).map(({ ref, properties }) => ({
      ...properties,
      Name: ref,
    })),
    (arn, event) => {
      if (arn.includes(':function:')) functions.invokeLater(arn, event);
      else machines.start(arn, JSON.stringify(event));
    },
    ({ queueArn, body, attributes }) => queues.send(queueArn, body, attributes),
  );
  const metrics = new Metrics((event) => bus.put(event));
  const alarms = resourcesOf(resources, 'AWS::CloudWatch::Alarm', AlarmProperties);
  for (const { properties } of alarms) metrics.addAlarm(properties);

  const target = requireMetric({ name: 'sandbox', ...loadTarget('sandbox') });
  const autoScaling = new AutoScaling(metrics, { minuteSeconds: target.metric.periodSeconds });
  network[addressOf(target.endpoint.url)] = Number(new URL(host.origin).port);
  const workers = new Workers({
    autoScaling,
    host,
    count: () => functions.invokeAsTask(target.metricFunction.name, {}),
  });
  const parameterName = target.parameter.name;
  const backupParameterName = target.restore.backupParameter ?? '';
  const metricFunctionName = target.metricFunction.name;
  const instanceEnvironment: Record<string, string> = {
    ...environment,
    HOST_DIRECTORY: host.directory,
    PARAMETER_NAME: parameterName,
    SERVICE_MANAGER_URL: host.serviceManagerUrl,
    API_ORIGIN: host.origin,
  };
  const instance: Instance = {
    id: target.instances.ids?.[0] ?? '',
    tags: { Name: 'sandbox-api' },
    online: true,
    workingDirectory: join(import.meta.dirname, 'host'),
    environment: instanceEnvironment,
  };
  const ec2 = networkOf(target, instance.id);
  const documents = resourcesOf(resources, 'AWS::SSM::Document', v.object({ Content: DocumentContent }));
  const runCommand = new RunCommand(
    new Map(documents.map(({ ref, properties }) => [ref, properties.Content])),
    [instance],
    options.lagMilliseconds,
  );

  const [machine] = machines.machines();
  if (!machine) throw new Error('the template holds no state machine');
  // The other alarms watch the stack itself.
  const heartbeat = alarms.find(({ properties }) => properties.TreatMissingData === 'breaching')?.properties;
  if (!heartbeat) throw new Error('the template holds no alarm that fires when a metric stops');

  const parameters = new ParameterStore((event) => bus.put(event));
  // Nothing in this region listens to events of another one.
  const backups = new ParameterStore();
  const backupRegion = target.restore.backupRegion ?? '';
  const endpoint: Endpoint = await openEndpoint(
    [
      ssmService(parameters, runCommand),
      lambdaService(functions),
      statesService(machines),
      cloudWatchService(metrics, () => autoScaling.advance()),
      autoScalingService(autoScaling),
      sqsService(queues, () => endpoint.url),
      snsService(topics),
      eventBridgeService(bus),
      dynamoDbService(tables),
      ec2Service(ec2),
      ...accountServices(resources, target),
    ],
    { [backupRegion]: [ssmService(backups, new RunCommand(new Map(), []), backupRegion)] },
  );
  network[addressOf(awsUrl)] = Number(new URL(endpoint.url).port);
  instanceEnvironment.AWS_ENDPOINT_URL = endpoint.url;

  return {
    endpoint,
    stateMachineArn: machine.arn,
    parameterName,
    backupParameterName,
    metricFunctionName,
    target,
    host,
    network,
    instance,
    ec2,
    parameters,
    backups,
    functions,
    metrics,
    autoScaling,
    workers,
    queues,
    tables,
    topics,
    bus,
    runCommand,
    machines,
    heartbeat,
    logs,
    close: async () => {
      await Promise.all([workers.stop(), machines.stop()]);
      await Promise.all([runCommand.stop(), functions.stop()]);
      await Promise.all([endpoint.close(), host.close()]);
      await tables.close();
    },
  };
}

function addFunctions(
  functions: Functions,
  resources: ReadonlyMap<string, ResolvedResource>,
  packageDirectory: string,
): void {
  for (const { logicalId, arn, properties } of resourcesOf(
    resources,
    'AWS::Lambda::Function',
    FunctionProperties,
  )) {
    // The zip is named after the function's key, which is how its logical id begins.
    const key = logicalId.replace(/LambdaFunction$/, '');
    const zip = `${key.charAt(0).toLowerCase()}${key.slice(1)}.zip`;
    functions.add(properties, arn, unpack(join(packageDirectory, zip), join(packageDirectory, 'unpacked')));
  }
  for (const { properties } of resourcesOf(
    resources,
    'AWS::Lambda::EventInvokeConfig',
    EventInvokeProperties,
  ))
    functions.configureEvents(properties);
}
