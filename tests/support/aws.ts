/** AWS for the tests of single functions: the sandbox's services on a loopback endpoint. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClientConfig } from '@aws-sdk/client-ssm';
import { readerConfig } from '../../aws/call.ts';
import { type LambdaClients, openLambda } from '../../aws/lambda-clients.ts';
import { openSsm, type SsmClients } from '../../aws/ssm-clients.ts';
import { type Endpoint, openEndpoint } from '../../sandbox/endpoint.ts';
import { endIdleThreads } from '../../sandbox/function-runtime.ts';
import { systemEnvironment } from '../../sandbox/host/host.ts';
import { AutoScaling } from '../../sandbox/services/auto-scaling.ts';
import { autoScalingService } from '../../sandbox/services/auto-scaling-api.ts';
import { cloudWatchService, Metrics } from '../../sandbox/services/cloudwatch.ts';
import type { Instance } from '../../sandbox/services/command-invocation.ts';
import { dynamoDbService, openTables, type Tables } from '../../sandbox/services/dynamodb.ts';
import { ec2Service } from '../../sandbox/services/ec2.ts';
import type { Ec2Network } from '../../sandbox/services/ec2-network.ts';
import { EventBus, eventBridgeService } from '../../sandbox/services/eventbridge.ts';
import { iamArn, iamService, Roles } from '../../sandbox/services/iam.ts';
import { Functions } from '../../sandbox/services/lambda.ts';
import { lambdaService } from '../../sandbox/services/lambda-api.ts';
import { RunCommand } from '../../sandbox/services/run-command.ts';
import { Schedules, schedulerService } from '../../sandbox/services/scheduler.ts';
import { snsService, Topics } from '../../sandbox/services/sns.ts';
import { Queues, sqsService } from '../../sandbox/services/sqs.ts';
import { ParameterStore, ssmService } from '../../sandbox/services/ssm.ts';
import { StateMachines, statesService } from '../../sandbox/services/states.ts';
import { identityService } from '../../sandbox/services/sts.ts';
import { arn, region } from '../../sandbox/template.ts';
import type { EnvFinding } from '../../workflow/results.ts';
import {
  documentCommands,
  documentName,
  groupName,
  leaseTableName,
  otherRegion,
  parameterName,
  topicArn,
} from './app-names.ts';
import { appNetwork } from './app-network.ts';
import { type Faults, injectFaults } from './faults.ts';

export const secret = () => `canary-${randomUUID()}`;

afterAll(endIdleThreads);

/** The deploy document, and the instances that it can run on. */
export interface AwsOptions {
  /** What the deploy document runs on an instance, as JavaScript; succeeds by default. */
  readonly deployScript?: string;
  readonly deployTimeoutSeconds?: number;
  /** The rules of EventBridge; none passes an event on. */
  readonly rules?: ConstructorParameters<typeof EventBus>[0];
  /** Another VPC than that of `app-network.ts`. */
  readonly network?: Ec2Network;
  /** How long a minute takes for Auto Scaling; 1 by default. */
  readonly minuteSeconds?: number;
  readonly instances?: readonly { readonly id: string; readonly online?: boolean; readonly tag?: string }[];
  /** How long an update of a function takes. */
  readonly updatedAfterMs?: number;
  /** How long a new version of a function is pending; not at all by default. */
  readonly versionAfterMs?: number;
}

export interface TestAws extends Faults {
  readonly endpoint: Endpoint;
  /** The function and its API, in a VPC where everything works. */
  readonly network: Ec2Network;
  readonly parameters: ParameterStore;
  /** Of another region. */
  readonly elsewhere: ParameterStore;
  readonly functions: Functions;
  /** None until a test adds one. */
  readonly roles: Roles;
  readonly schedules: Schedules;
  readonly metrics: Metrics;
  /** Has one group, of one instance and at most four, in which a minute takes a second. */
  readonly autoScaling: AutoScaling;
  readonly queues: Queues;
  readonly runCommand: RunCommand;
  /** The hosts of the SSM agents; a test turns them off and on. */
  readonly hosts: readonly Instance[];
  readonly tables: Tables;
  readonly topics: Topics;
  /** Has no state machine until a test adds one; its tasks invoke the functions. */
  readonly machines: StateMachines;
  readonly ssm: SsmClients;
  readonly clientConfig: Pick<SSMClientConfig, 'region' | 'endpoint' | 'credentials'>;
  readonly lambda: LambdaClients;
  readonly cloudWatch: CloudWatchClient;
  readonly sqs: SQSClient;
  readonly dynamo: DynamoDBClient;
  readonly sns: SNSClient;
  readonly sfn: SFNClient;
  /** Puts a function there, with the body of its handler as JavaScript. */
  addFunction(
    name: string,
    body: string,
    variables: Readonly<Record<string, string>>,
    reservedConcurrency?: number,
  ): void;
  /** How often an operation was called. */
  countCalls(operation: string): number;
  close(): Promise<void>;
}

/** What ValidateEnv finds in a complete env of one key, but for `part`. */
export const envFinding = (part: Partial<EnvFinding>): EnvFinding => ({
  complete: true,
  finding: 'Complete',
  parameterName,
  version: 1,
  modifiedAt: null,
  type: 'SecureString',
  sizeBytes: 4,
  keyCount: 1,
  keys: ['KEY'],
  missingKeys: [],
  blankKeys: [],
  missingPrefixes: [],
  duplicateKeys: [],
  leftOutLines: [],
  hasBom: false,
  hasCrlf: false,
  ...part,
});

/** This and an update of a function take several moments of a `steppedClock`, and far less than anybody waits. */
const listedAfterMs = 20;

const baseEnvironment = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: region };

export async function openAws({
  deployScript = '',
  deployTimeoutSeconds = 600,
  instances = [{ id: 'i-00000001' }],
  updatedAfterMs = 20,
  versionAfterMs,
  rules = [],
  minuteSeconds = 1,
  network = appNetwork(),
}: AwsOptions = {}): Promise<TestAws> {
  const directory = mkdtempSync(join(tmpdir(), 'env-recovery-'));
  writeFileSync(join(directory, 'deploy.cjs'), deployScript);
  const hosts = instances.map(
    ({ id, online = true, tag = '' }): Instance => ({
      id,
      online,
      tags: { Name: tag },
      workingDirectory: directory,
      environment: systemEnvironment(),
    }),
  );
  const runCommand = new RunCommand(
    new Map([
      [
        documentName,
        {
          parameters: { envVersion: { default: '', allowedPattern: '^[0-9]*$' } },
          mainSteps: [
            {
              action: 'aws:runShellScript',
              inputs: {
                timeoutSeconds: String(deployTimeoutSeconds),
                runCommand: documentCommands,
              },
            },
          ],
        },
      ],
    ]),
    hosts,
    listedAfterMs,
  );
  const environment: Record<string, string> = { ...systemEnvironment(), ...baseEnvironment };
  const queues = new Queues();
  const functions = new Functions({
    platform: environment,
    updateMilliseconds: updatedAfterMs,
    versionMilliseconds: versionAfterMs,
    onFailedEvent: (queueArn, record) => queues.send(queueArn, JSON.stringify(record)),
  });
  const [parameters, elsewhere] = [new ParameterStore(), new ParameterStore()];
  const metrics = new Metrics(() => undefined);
  const autoScaling = new AutoScaling(metrics, { minuteSeconds });
  autoScaling.addGroup({
    name: groupName,
    minSize: 1,
    maxSize: 4,
    desired: 1,
    defaultInstanceWarmup: 60,
    createdAt: new Date(Date.now() - 3_600_000),
  });
  const [roles, schedules] = [new Roles(), new Schedules()];
  const topics = new Topics();
  topics.add(topicArn);
  const tables = await openTables();
  await tables.create({
    TableName: leaseTableName,
    KeySchema: [{ AttributeName: 'target', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'target', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
  });
  const machines = new StateMachines({
    invoke: (functionArn, input) => functions.invokeAsTask(functionArn, input),
  });
  const endpoint: Endpoint = await openEndpoint(
    [
      ssmService(parameters, runCommand),
      lambdaService(functions),
      cloudWatchService(metrics, () => autoScaling.advance()),
      autoScalingService(autoScaling),
      sqsService(queues, () => endpoint.url),
      snsService(topics),
      eventBridgeService(new EventBus(rules, () => undefined)),
      statesService(machines),
      dynamoDbService(tables),
      ec2Service(network),
      identityService(),
      iamService(roles),
      schedulerService(schedules),
    ],
    { [otherRegion]: [ssmService(elsewhere, runCommand, otherRegion)] },
  );
  environment.AWS_ENDPOINT_URL = endpoint.url;

  const common = {
    region,
    endpoint: endpoint.url,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    // On a busy machine, loopback takes its time too.
    requestHandler: { connectionTimeout: 60_000, requestTimeout: 60_000 },
  };
  return {
    endpoint,
    network,
    parameters,
    elsewhere,
    functions,
    roles,
    schedules,
    metrics,
    autoScaling,
    queues,
    runCommand,
    hosts,
    tables,
    topics,
    machines,
    ssm: openSsm(common),
    clientConfig: common,
    lambda: openLambda(common),
    cloudWatch: new CloudWatchClient({ ...readerConfig(), ...common }),
    sqs: new SQSClient({ ...readerConfig(), ...common }),
    dynamo: new DynamoDBClient({ ...readerConfig(), ...common }),
    sns: new SNSClient({ ...readerConfig(), ...common }),
    sfn: new SFNClient({ ...readerConfig(), ...common }),
    addFunction: (name, body, variables, reservedConcurrency) => {
      const codeDirectory = join(directory, name);
      mkdirSync(codeDirectory);
      writeFileSync(join(codeDirectory, 'index.js'), `exports.handler = async (event) => { ${body} };`);
      roles.add(`${name}-role`, {});
      functions.add(
        {
          FunctionName: name,
          Role: iamArn(`role/${name}-role`),
          Handler: 'index.handler',
          Runtime: 'nodejs24.x',
          MemorySize: 128,
          Timeout: 600,
          ...(reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency }),
          Environment: { Variables: { ...variables } },
        },
        arn('lambda', `function:${name}`),
        codeDirectory,
      );
    },
    countCalls: (operation) => endpoint.calls.filter((call) => call.operation === operation).length,
    ...injectFaults(endpoint),
    close: async () => {
      await machines.stop();
      await Promise.all([runCommand.stop(), functions.stop()]);
      await endpoint.close();
      await tables.close();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
