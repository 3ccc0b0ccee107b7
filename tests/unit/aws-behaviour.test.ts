/** Every operation that the sandbox fakes has a test that other implementations of AWS can be asked as well. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../../sandbox/endpoint.ts';
import { AutoScaling } from '../../sandbox/services/auto-scaling.ts';
import { autoScalingService } from '../../sandbox/services/auto-scaling-api.ts';
import { cloudWatchService, Metrics } from '../../sandbox/services/cloudwatch.ts';
import { ec2Service } from '../../sandbox/services/ec2.ts';
import { Ec2Network } from '../../sandbox/services/ec2-network.ts';
import { EventBus, eventBridgeService } from '../../sandbox/services/eventbridge.ts';
import { iamService, Roles } from '../../sandbox/services/iam.ts';
import { Functions } from '../../sandbox/services/lambda.ts';
import { lambdaService } from '../../sandbox/services/lambda-api.ts';
import { RunCommand } from '../../sandbox/services/run-command.ts';
import { Schedules, schedulerService } from '../../sandbox/services/scheduler.ts';
import { snsService, Topics } from '../../sandbox/services/sns.ts';
import { Queues, sqsService } from '../../sandbox/services/sqs.ts';
import { ParameterStore, ssmService } from '../../sandbox/services/ssm.ts';
import { StateMachines, statesService } from '../../sandbox/services/states.ts';
import { identityService } from '../../sandbox/services/sts.ts';

const metrics = new Metrics(() => undefined);
const services: readonly Service[] = [
  autoScalingService(new AutoScaling(metrics, { minuteSeconds: 1 })),
  cloudWatchService(metrics, () => undefined),
  ec2Service(new Ec2Network()),
  eventBridgeService(new EventBus([], () => undefined)),
  iamService(new Roles()),
  identityService(),
  lambdaService(new Functions({ platform: {} })),
  schedulerService(new Schedules()),
  snsService(new Topics()),
  sqsService(new Queues(), () => ''),
  ssmService(new ParameterStore(), new RunCommand(new Map(), [])),
  statesService(new StateMachines({ invoke: async () => ({ result: null }) })),
];

const folder = join(import.meta.dirname, '..', 'wire');
const tests = readdirSync(folder)
  .filter((file) => file.startsWith('aws-behaviour'))
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n');

it.each(services.map((service) => [service.targetPrefix, service] as const))(
  'those of %s',
  (_name, service) => {
    const operations = 'operations' in service ? Object.keys(service.operations) : [];
    expect(operations.length).toBeGreaterThan(0);
    expect(operations.filter((one) => !tests.includes(`new ${one}Command(`))).toEqual([]);
  },
);
