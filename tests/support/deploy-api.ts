/** DeployApi for its tests: three instances, and the state in an execution that has the lease. */
import { ListCommandsCommand } from '@aws-sdk/client-ssm';
import { deployApi } from '../../functions/deploy-api.ts';
import type { FinishedDeploy, RunningDeploy } from '../../workflow/results.ts';
import { parameterName } from './app-names.ts';
import type { TargetPart } from './app-target.ts';
import { type AwsOptions, envFinding, openAws, type TestAws } from './aws.ts';
import { giveLease } from './execution.ts';
import { executionRef, recoveryPlan } from './execution-facts.ts';
import { commandsEnded, moment, servicesOf, steppedClock } from './services.ts';

export let aws: TestAws;
export const instances = [
  { id: 'i-00000001', tag: 'api' },
  { id: 'i-00000002', tag: 'api', online: false },
  { id: 'i-00000003', tag: 'other' },
];
export async function open(options: AwsOptions = {}): Promise<void> {
  await aws?.close();
  aws = await openAws({ instances, ...options });
  put('KEY=1\n');
}
beforeEach(() => open());
afterEach(() => aws.close());

export const put = (Value: string) =>
  aws.parameters.put({ Name: parameterName, Value, Type: 'SecureString', Overwrite: true });
export const ids = (...some: string[]): TargetPart => ({ instances: { ids: some } });
export const contract = { requiredKeys: ['KEY'], requiredPrefixes: [], rules: {} };
export const startedAt = new Date(Date.now() - 5000).toISOString();
/** What a script does that goes on for longer than any test. */
export const endless = 'setTimeout(() => {}, 60_000)';
const untilEnded = () => commandsEnded(aws);
export const call = (
  { name = 'run-1', retryCount = 0, redriveCount = 0, plan = recoveryPlan(), deployment }: Run,
  part: TargetPart = {},
  wait = untilEnded,
) => {
  const execution = executionRef({ name, startedAt, redriveCount });
  return deployApi(
    { execution, retryCount, env: envFinding({}), plan, ...(deployment ? { deployment } : {}) },
    { ...servicesOf(aws, { parameter: contract, ...part }, steppedClock(undefined, wait)), ssm: aws.ssm },
  );
};
export interface Run {
  readonly name?: string;
  readonly retryCount?: number;
  readonly redriveCount?: number;
  readonly plan?: ReturnType<typeof recoveryPlan>;
  readonly deployment?: RunningDeploy;
}

/** Deploys, as an execution with the lease. */
export async function deploy(
  run: Run = {},
  part: TargetPart = {},
  wait = untilEnded,
): Promise<RunningDeploy | FinishedDeploy> {
  await giveLease(
    aws,
    executionRef({ name: run.name ?? 'run-1', startedAt, redriveCount: run.redriveCount ?? 0 }),
  );
  const deployment = await call(run, part, wait);
  if (deployment.outcome === 'NotPlanned') throw new Error('nothing was planned');
  return deployment;
}
/** A deploy whose command still runs. */
export async function running(run: Run = {}): Promise<RunningDeploy> {
  const deployment = await deploy(run, {}, moment);
  if (deployment.outcome !== 'InProgress') throw new Error(`the command has ended: ${deployment.outcome}`);
  return deployment;
}

/** When SSM lists a command: that takes a moment. */
export async function listed(): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const { Commands = [] } = await aws.ssm.reader.send(new ListCommandsCommand({}));
    if (Commands.length > 0) return;
  }
  throw new Error('SSM lists no command');
}
