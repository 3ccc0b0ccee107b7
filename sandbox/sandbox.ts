/**
 * Boots the compiled template on loopback: its functions, state machine, document, table, topic, queues, alarms and
 * event rules.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { heartbeatOf } from '../workflow/stack-names.ts';
import { type DeployedTarget, scalingOf } from '../workflow/target.ts';
import { accountServices } from './account-services.ts';
import { type Endpoint, openEndpoint } from './endpoint.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { type Host, systemEnvironment } from './host/host.ts';
import { addMetricFunction, type FunctionBundle } from './metric-function.ts';
import { addressOf, type Network } from './network.ts';
import { networkOf } from './private-network.ts';
import type { Seed } from './seed/seed.ts';
import { PolicyProperties } from './seed/seed-workers.ts';
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
import { Functions } from './services/lambda.ts';
import { lambdaService } from './services/lambda-api.ts';
import { invocationOf } from './services/metric-data.ts';
import { RunCommand } from './services/run-command.ts';
import { type Message, snsService, TopicProperties, Topics } from './services/sns.ts';
import { Queues, sqsService } from './services/sqs.ts';
import { ParameterStore, ssmService } from './services/ssm.ts';
import { StateMachineProperties, StateMachines, statesService } from './services/states.ts';
import type { TargetTrackingConfiguration } from './services/target-tracking.ts';
import { addStackFunctions } from './stack-functions.ts';
import { region, resolveTemplate, resourcesOf } from './template.ts';
import { countBacklog, Workers, workOf } from './workers.ts';

/** The address of AWS in the sandbox's network. */
const awsUrl = 'http://aws.sandbox';

/** How long a minute of CloudWatch and Auto Scaling takes here, so that a metric of one a minute is no long wait. */
const minuteSeconds = 1;

/** Nobody's credentials: the endpoint checks none, and no real account has these. */
export const credentials = { AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox' };

/** Of every process in the sandbox. */
const environment = {
  ...systemEnvironment(),
  ...credentials,
  AWS_REGION: region,
  // Version 1 of the CLI, which commands of a host may use.
  AWS_DEFAULT_REGION: region,
};

export interface SandboxOptions {
  /** Where `packageTarget` put the template and the zips. Any number of sandboxes can share it. */
  readonly packageDirectory: string;
  /** A folder for what this sandbox writes. */
  readonly directory: string;
  /** What it starts from; `seedSandbox` brings the rest. */
  readonly seed: Pick<Seed, 'target' | 'versions' | 'backend' | 'variables'>;
  /** Runs the target's own commands on its hosts, by bash, instead of stand-ins. */
  readonly runCommands?: boolean;
  /** In place of the stand-in for a metric function that the stack does not bring. */
  readonly functionBundle?: FunctionBundle | undefined;
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

export interface Sandbox {
  readonly endpoint: Endpoint;
  readonly target: DeployedTarget;
  readonly stateMachineArn: string;
  readonly parameterName: string;
  readonly backupParameterName: string;
  readonly metricFunctionName: string;
  readonly fleet: Fleet;
  /** The first one, like the instance. */
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
  /** The name of the stack's alarm on the backlog metric, if the target has one. */
  readonly heartbeatName: string | undefined;
  /** Has no group until the scenario adds one. */
  readonly autoScaling: AutoScaling;
  /** The group of the workers, if the target names one. */
  readonly workerGroup: string | undefined;
  /** The policy that the stack brings for it. */
  readonly compiledPolicy: TargetTrackingConfiguration | undefined;
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
  const { seed, directory, runCommands = false } = options;
  const { target, versions, backend } = seed;
  const env = versions.at(-1) ?? '';
  const fleet = await openFleet({ target, directory, env, backend, environment, runCommands });
  const tables = await openTables();
  try {
    return await boot(options, fleet, tables);
  } catch (error) {
    await Promise.all([fleet.close(), tables.close()]);
    throw error;
  }
}

async function boot(options: SandboxOptions, fleet: Fleet, tables: Tables): Promise<Sandbox> {
  const { target, variables } = options.seed;
  const [host, instance] = [fleet.hosts[0], fleet.instances[0]];
  if (!host || !instance) throw new Error('the target has no instance');
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
  const network: Record<string, number> = { [addressOf(target.endpoint.url)]: fleet.port };
  const functions = new Functions({
    platform: { ...environment, AWS_ENDPOINT_URL: awsUrl },
    network,
    certificate: fleet.certificate,
    speedUp: options.speedUp,
    updateMilliseconds: options.updateMilliseconds,
    compileCache: join(options.packageDirectory, 'compiled'),
    onLog: (name, line) => logs.push(`${name}: ${line}`),
    onFailedEvent: (queueArn, record) => queues.send(queueArn, JSON.stringify(record)),
    onInvocation: (name) => metrics.record('AWS/Lambda', [invocationOf(name)]),
  });
  const { packageDirectory, functionBundle } = options;
  const { metricFunction } = target;
  const isBrought = addStackFunctions({ functions, resources, packageDirectory, target, variables });
  if (metricFunction && !isBrought)
    addMetricFunction(functions, {
      target,
      metricFunction,
      variables,
      directory: join(options.directory, 'function'),
      bundle: functionBundle,
    });

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
  const metrics = new Metrics((event) => bus.put(event), Date.now, minuteSeconds);
  const alarms = resourcesOf(resources, 'AWS::CloudWatch::Alarm', AlarmProperties);
  for (const { properties } of alarms) metrics.addAlarm(properties);

  const autoScaling = new AutoScaling(metrics, { minuteSeconds });
  const workers = new Workers({
    autoScaling,
    metrics,
    backend: fleet.backend,
    work: workOf(target),
    count: () => countBacklog(target, { functions, metrics, fleet }),
  });
  const ec2 = networkOf(
    target,
    fleet.instances.map(({ id }) => id),
  );
  const documents = resourcesOf(resources, 'AWS::SSM::Document', v.object({ Content: DocumentContent }));
  const runCommand = new RunCommand(
    new Map(documents.map(({ ref, properties }) => [ref, properties.Content])),
    fleet.instances,
    options.lagMilliseconds,
  );

  for (const calendar of target.pauses.changeCalendars) runCommand.calendars.open(calendar);

  const [machine] = machines.machines();
  if (!machine) throw new Error('the template holds no state machine');
  const parameters = new ParameterStore((event) => bus.put(event));
  const { backupRegion } = target.restore;
  const isElsewhere = backupRegion !== undefined && backupRegion !== region;
  // Nothing in this region listens to events of another one.
  const backups = isElsewhere ? new ParameterStore() : parameters;
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
    isElsewhere ? { [backupRegion]: [ssmService(backups, new RunCommand(new Map(), []), backupRegion)] } : {},
  );
  network[addressOf(awsUrl)] = Number(new URL(endpoint.url).port);
  for (const { environment } of fleet.instances)
    Object.assign(environment, { AWS_ENDPOINT_URL: endpoint.url });
  const heartbeatName = heartbeatOf(target.name);
  const hasHeartbeat = alarms.some(({ properties }) => properties.AlarmName === heartbeatName);
  const [policy] = resourcesOf(resources, 'AWS::AutoScaling::ScalingPolicy', PolicyProperties);

  return {
    endpoint,
    stateMachineArn: machine.arn,
    parameterName: target.parameter.name,
    backupParameterName: target.restore.backupParameter ?? '',
    metricFunctionName: metricFunction?.name ?? '',
    target,
    fleet,
    host,
    network,
    instance,
    ec2,
    parameters,
    backups,
    functions,
    metrics,
    autoScaling,
    workerGroup: scalingOf(target)?.group,
    compiledPolicy: policy?.properties.TargetTrackingConfiguration,
    workers,
    queues,
    tables,
    topics,
    bus,
    runCommand,
    machines,
    heartbeatName: hasHeartbeat ? heartbeatName : undefined,
    logs,
    close: async () => {
      await Promise.all([workers.stop(), machines.stop()]);
      await Promise.all([runCommand.stop(), functions.stop()]);
      await Promise.all([endpoint.close(), fleet.close()]);
      await tables.close();
    },
  };
}
