/** Boots the compiled template on loopback: its functions, state machine, document, alarm and event rule. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import * as v from 'valibot';
import { type Endpoint, openEndpoint } from './endpoint.ts';
import { type Host, type HostOptions, openHost, systemEnvironment } from './host/host.ts';
import { AlarmProperties, cloudWatchService, Metrics } from './services/cloudwatch.ts';
import { EventBus, RuleProperties } from './services/eventbridge.ts';
import { FunctionProperties, Functions, lambdaService } from './services/lambda.ts';
import { DocumentContent, type Instance, RunCommand } from './services/run-command.ts';
import { Queues, sqsService } from './services/sqs.ts';
import { ParameterStore, ssmService } from './services/ssm.ts';
import {
  StateMachineProperties,
  StateMachines,
  type StateMachinesOptions,
  statesService,
} from './services/states.ts';
import { region, resolveTemplate, resourcesOf } from './template.ts';

/** Credentials of nobody: the endpoint checks none, and no real account has these. */
export const credentials = { AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox' };

/** The API's address in targets/sandbox.yml, which the one of the running host takes the place of. */
const apiOriginInTemplate = 'http://127.0.0.1:8000';

export interface SandboxOptions {
  /** Where `packageTarget` has put the template and the zips. */
  readonly packageDirectory: string;
  /** A folder for what this sandbox writes. */
  readonly directory: string;
  readonly host: Omit<HostOptions, 'directory'>;
  readonly onEvent?: StateMachinesOptions['onEvent'];
  readonly retryMilliseconds?: number;
}

export interface Sandbox {
  readonly endpoint: Endpoint;
  readonly stateMachineArn: string;
  readonly parameterName: string;
  readonly backupParameterName: string;
  readonly metricFunctionName: string;
  readonly host: Host;
  readonly instance: Instance;
  readonly parameters: ParameterStore;
  readonly functions: Functions;
  readonly metrics: Metrics;
  /** The alarm on the backlog metric; it names the metric, too. */
  readonly heartbeat: AlarmProperties;
  readonly queues: Queues;
  readonly runCommand: RunCommand;
  readonly machines: StateMachines;
  /** Everything the functions have logged. */
  readonly logs: readonly string[];
  close(): Promise<void>;
}

/** @throws Error if the template holds something that the sandbox doesn't know. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const host = await openHost({ directory: join(options.directory, 'host'), ...options.host });
  const template = readFileSync(
    join(options.packageDirectory, 'cloudformation-template-update-stack.json'),
    'utf8',
  );
  const resources = resolveTemplate(template.replaceAll(apiOriginInTemplate, host.origin));

  const logs: string[] = [];
  const environment: Record<string, string> = { ...systemEnvironment(), ...credentials, AWS_REGION: region };
  const functions = new Functions(environment, (name, line) => logs.push(`${name}: ${line}`));
  const functionNames = new Map<string, string>();
  // Lambda's /var/task lies below no package.json; this one keeps the project's own out of sight.
  mkdirSync(join(options.directory, 'functions'), { recursive: true });
  writeFileSync(join(options.directory, 'functions', 'package.json'), '{}');
  for (const { logicalId, arn, properties } of resourcesOf(
    resources,
    'AWS::Lambda::Function',
    FunctionProperties,
  )) {
    // The zip is named after the function's key, which is how its logical id begins.
    const key = logicalId.replace(/LambdaFunction$/, '');
    const zip = `${key.charAt(0).toLowerCase()}${key.slice(1)}.zip`;
    const codeDirectory = join(options.directory, 'functions', key);
    unzip(join(options.packageDirectory, zip), codeDirectory);
    functions.add(properties, arn, codeDirectory);
    functionNames.set(arn, properties.FunctionName);
  }

  const machines = new StateMachines({
    invoke: (arn, input) => functions.invoke(functionNames.get(arn) ?? arn, input),
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
    ...(options.retryMilliseconds === undefined ? {} : { retryMilliseconds: options.retryMilliseconds }),
  });
  for (const { arn, properties } of resourcesOf(
    resources,
    'AWS::StepFunctions::StateMachine',
    StateMachineProperties,
  ))
    machines.add(arn, properties.StateMachineName, properties.DefinitionString);

  const bus = new EventBus(
    resourcesOf(resources, 'AWS::Events::Rule', RuleProperties).map(({ properties }) => properties),
    (arn, event) => machines.start(arn, JSON.stringify(event)),
  );
  const metrics = new Metrics((event) => bus.put(event));
  for (const { properties } of resourcesOf(resources, 'AWS::CloudWatch::Alarm', AlarmProperties))
    metrics.addAlarm(properties);

  const parameterName = variableOf(functions, 'env-recovery-sandbox-validateEnv', 'ENV_PARAMETER');
  const backupParameterName = variableOf(functions, 'env-recovery-sandbox-markKnownGood', 'BACKUP_PARAMETER');
  const metricFunctionName = variableOf(functions, 'env-recovery-sandbox-confirmBacklog', 'FUNCTION_NAME');
  const instanceEnvironment: Record<string, string> = {
    ...environment,
    HOST_DIRECTORY: host.directory,
    PARAMETER_NAME: parameterName,
    SERVICE_MANAGER_URL: host.serviceManagerUrl,
    API_ORIGIN: host.origin,
  };
  const instance: Instance = {
    id: variableOf(functions, 'env-recovery-sandbox-deployApi', 'INSTANCE_IDS'),
    tags: { Name: 'sandbox-api' },
    online: true,
    workingDirectory: join(import.meta.dirname, 'host'),
    environment: instanceEnvironment,
  };
  const documents = resourcesOf(resources, 'AWS::SSM::Document', v.object({ Content: DocumentContent }));
  const runCommand = new RunCommand(
    new Map(documents.map(({ ref, properties }) => [ref, properties.Content])),
    [instance],
  );

  const parameters = new ParameterStore();
  const queues = new Queues();
  const endpoint: Endpoint = await openEndpoint([
    ssmService(parameters, runCommand),
    lambdaService(functions),
    statesService(machines),
    cloudWatchService(metrics),
    sqsService(queues, () => endpoint.url),
  ]);
  environment.AWS_ENDPOINT_URL = endpoint.url;
  instanceEnvironment.AWS_ENDPOINT_URL = endpoint.url;

  const [machine] = machines.machines();
  if (!machine) throw new Error('the template holds no state machine');
  const heartbeat = metrics.alarms()[0]?.properties;
  if (!heartbeat) throw new Error('the template holds no alarm');
  return {
    endpoint,
    stateMachineArn: machine.arn,
    parameterName,
    backupParameterName,
    metricFunctionName,
    host,
    instance,
    parameters,
    functions,
    metrics,
    queues,
    runCommand,
    machines,
    heartbeat,
    logs,
    close: async () => {
      for (const execution of machines.executions) if (execution.status === 'RUNNING') execution.abort();
      runCommand.stop();
      functions.stop();
      await Promise.all([endpoint.close(), host.close()]);
    },
  };
}

function variableOf(functions: Functions, functionName: string, variable: string): string {
  const value = functions.variables(functionName)[variable];
  if (value === undefined) throw new Error(`${functionName} has no variable ${variable} in the template`);
  return value;
}

function unzip(file: string, directory: string): void {
  for (const [name, content] of Object.entries(unzipSync(readFileSync(file)))) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
