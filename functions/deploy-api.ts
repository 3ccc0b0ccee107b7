import type { SSMClient } from '@aws-sdk/client-ssm';
import type * as v from 'valibot';
import { retryThrottled } from '../aws/call.ts';
import {
  cancelCommand,
  listCommands,
  lookAgainTimes,
  lookFor,
  readEnded,
  sendCommand,
  stderrLimit,
  stdoutLimit,
} from '../aws/command.ts';
import { requireCompleteEnv } from '../aws/complete-env.ts';
import { readDocumentCommands } from '../aws/deploy-document.ts';
import { readEnvHistorySince } from '../aws/env-store.ts';
import { listInstances } from '../aws/instances.ts';
import { type Fence, fenceOf, type LeaseClients, openLease } from '../aws/lease-table.ts';
import type { Since } from '../aws/parameter.ts';
import { openSsm, type SsmClients } from '../aws/ssm-clients.ts';
import { allValuesIn } from '../env/entries.ts';
import { redactedTail } from '../env/redact.ts';
import { DeployApiInput, knownVersionOf, unseenSince } from '../workflow/chain.ts';
import {
  commentOf,
  describeInvocation,
  endOf,
  failureOf,
  hasEnded,
  type Invocation,
  isOfWorkflow,
  redriveOf,
  type SentCommand,
} from '../workflow/deployment.ts';
import type { ExecutionRef } from '../workflow/execution-ref.ts';
import { refuseUnapproved } from '../workflow/plan.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { Deployment, RunningDeploy } from '../workflow/results.ts';
import type { DeployedTarget } from '../workflow/target.ts';
import { type KnownVersion, unreadableNotes } from '../workflow/versions.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { DeployResources } from './runtime/resources.ts';

type DeployApiServices = Services<v.InferOutput<typeof DeployResources>> &
  LeaseClients & { readonly ssm: SsmClients };

/** However many instances there are: the state machine has to last longer than this. */
export const maxDeploySeconds = 5 * 3600;
/** How long one call watches before it returns to the state machine. */
const watchSeconds = 50;
const secondsBetweenLooks = 1;

/**
 * Sends the deploy command to the target's instances, one after the other, and watches it for most of a minute; while
 * the command still runs, the state machine calls again. A retry finds the command that this execution sent, instead
 * of sending a second one. So does a redrive, unless that command failed.
 *
 * @throws RecoveryError NoInstances or TooManyInstances with the tag; DeployInProgress if somebody else's command
 *   runs; EnvOverlooked, EnvReplaced, PlanOutdated, LeaseLost; DeployFailed, DeployTimedOut (the command is cancelled first),
 *   DeployCancelled; InstanceUnavailable if SSM doesn't manage an instance, or can't reach it.
 */
export async function deployApi(state: DeployApiInput, services: DeployApiServices): Promise<Deployment> {
  const { execution, plan, deployment } = state;
  if (!plan.deploy) return { outcome: 'NotPlanned' };
  const { clock } = services;
  const watchUntilMs = clock.now() + watchSeconds * 1000;
  const fence = fenceOf(leaseDoor(services), execution);
  // First, because looking for the command can take a while, and is useless without the lease.
  await fence();
  const isOfThisRun =
    deployment?.outcome === 'InProgress' && deployment.redriveCount === execution.redriveCount;
  const running = isOfThisRun ? deployment : await findOrSend(state, fence, services);
  return watch(running, watchUntilMs, knownVersionOf(state), services);
}

async function findOrSend(
  state: DeployApiInput,
  fence: Fence,
  services: DeployApiServices,
): Promise<RunningDeploy> {
  const { execution } = state;
  const { target, resources, clock, ssm } = services;
  const documentName = resources.DEPLOY_DOCUMENT;
  const instanceIds = await listInstances(ssm.reader, target.instances);
  const running = (own: OwnCommand, resumed: boolean): RunningDeploy => ({
    outcome: 'InProgress',
    commandId: own.commandId,
    documentName,
    instanceIds,
    resumed,
    redriveCount: own.redriveCount,
    startedAt: new Date(own.sentAtMs).toISOString(),
    deadline: new Date(own.sentAtMs + deploySecondsOf(target, instanceIds) * 1000).toISOString(),
  });
  // A deploy that was sent earlier can't be running any more.
  const sinceMs = Math.min(Date.parse(execution.startedAt), clock.now() - maxDeploySeconds * 1000);
  const list = () => listCommands(ssm.reader, documentName, sinceMs);
  const find = async () => {
    const own = await findOwn(ssm.reader, await list(), execution, instanceIds);
    return own && running(own, true);
  };
  const mayHaveSent = state.retryCount > 0 || execution.redriveCount > 0;
  // A retry or a redrive may follow so soon that SSM doesn't list the command of the earlier try yet.
  const earlier = await lookFor(find, clock, mayHaveSent ? lookAgainTimes : 0);
  if (earlier) return earlier;

  const envVersion = await lookOnceMore(state, instanceIds, services);
  await stopOthers(list, fence, services);
  try {
    const sentAtMs = clock.now();
    const sent = await retryThrottled(clock, async () => {
      await fence();
      return sendCommand(ssm.writer, {
        documentName,
        instanceIds,
        comment: commentOf(execution),
        envVersion,
        logGroupName: resources.DEPLOY_LOG_GROUP,
        deliveryTimeoutSeconds: target.deploy.deliveryTimeoutSeconds,
      });
    });
    if (sent === 'InvalidInstanceId') throw notManaged(instanceIds);
    return running({ ...sent, redriveCount: execution.redriveCount, sentAtMs }, false);
  } catch (error) {
    if (!(error instanceof RecoveryError && error.name === 'AwsUnavailable')) throw error;
    // The answer was lost, but perhaps not the command: look for it before another one is sent.
    const sent = await lookFor(find, clock, lookAgainTimes);
    if (sent) return sent;
    throw error;
  }
}

type OwnCommand = Pick<SentCommand, 'commandId' | 'sentAtMs'> & { readonly redriveCount: number };

/**
 * The command of this execution that counts: one of this run, or one of an earlier run that has not failed. SSM calls
 * a command a `Success` even if an instance could not be reached, so each instance is looked at.
 */
async function findOwn(
  ssm: SSMClient,
  commands: readonly SentCommand[],
  execution: ExecutionRef,
  instanceIds: readonly string[],
): Promise<OwnCommand | undefined> {
  for (const { commandId, comment, sentAtMs } of commands) {
    const redriveCount = redriveOf(comment, execution);
    if (redriveCount === undefined) continue;
    const isOfThisRun = redriveCount === execution.redriveCount;
    if (isOfThisRun || failureOf(await readEnded(ssm, { commandId, instanceIds })) === undefined)
      return { commandId, redriveCount, sentAtMs };
  }
  return undefined;
}

const deploySecondsOf = ({ deploy }: DeployedTarget, instanceIds: readonly string[]): number =>
  Math.min(deploy.deliveryTimeoutSeconds + deploy.timeoutSeconds * instanceIds.length, maxDeploySeconds);

function notManaged(instanceIds: readonly string[]): RecoveryError {
  return new RecoveryError(
    'InstanceUnavailable',
    `instances ${instanceIds.join(', ')}: at least one is not managed by SSM.`,
  );
}

/**
 * The last look before the deploy: what was approved may have changed, and somebody may have wiped the parameter since
 * it was found complete or was restored.
 *
 * @returns the version of the parameter to deploy.
 * @throws RecoveryError PlanOutdated, EnvOverlooked, EnvReplaced
 */
async function lookOnceMore(
  state: DeployApiInput,
  instanceIds: readonly string[],
  { target: { parameter: contract }, resources, clock, ssm }: DeployApiServices,
): Promise<number> {
  const { plan } = state;
  const documentName = resources.DEPLOY_DOCUMENT;
  await refuseUnapproved(
    plan,
    'the instances to deploy to are',
    () => instanceIds.toSorted().join() === plan.deploy?.instanceIds.join(),
  );
  const parameter = await requireCompleteEnv(
    ssm.reader,
    contract,
    { clock, known: knownVersionOf(state) },
    { startedAt: unseenSince(state), consequence: 'Nothing was deployed.' },
  );
  await refuseUnapproved(
    plan,
    `the version of parameter ${contract.name} is`,
    // A restore that was merged with what somebody else wrote has a higher version.
    () => parameter.version === plan.parameter.version + (plan.restore ? 1 : 0),
  );
  await refuseUnapproved(plan, `the commands of document ${documentName} are`, async () => {
    const commands = await readDocumentCommands(ssm.reader, documentName);
    return commands.join('\n') === plan.deploy?.commands.join('\n');
  });
  return parameter.version;
}

/**
 * Makes sure that no other deploy of the target runs. One that an earlier execution left running is cancelled, since
 * only the holder of the lease may deploy; one that a person sent is not ours to cancel.
 */
async function stopOthers(
  list: () => Promise<SentCommand[]>,
  fence: Fence,
  { resources, clock, ssm }: DeployApiServices,
): Promise<void> {
  const running = (await list()).filter((command) => !hasEnded(command));
  for (const command of running.filter(isOfWorkflow)) {
    await fence();
    await cancelCommand(ssm.writer, command.commandId);
  }
  if (running.length === 0) return;
  const isQuiet = await lookFor(
    async () => (await list()).every(hasEnded) || undefined,
    clock,
    lookAgainTimes,
  );
  if (isQuiet) return;
  throw new RecoveryError(
    'DeployInProgress',
    `document ${resources.DEPLOY_DOCUMENT}: command ${running.map(({ commandId }) => commandId).join(', ')} still runs, and two deploys at once would disturb each other.`,
  );
}

/** Each instance has to succeed: SSM calls a command a `Success` even if an instance could not be reached. */
async function watch(
  deployment: RunningDeploy,
  untilMs: number,
  known: KnownVersion,
  { target, clock, ssm }: DeployApiServices,
): Promise<Deployment> {
  const { commandId, instanceIds, deadline } = deployment;
  for (let ended: Invocation[] = []; ; await clock.sleep(secondsBetweenLooks * 1000)) {
    ended = await readEnded(ssm.reader, deployment, ended);
    if (ended.length === instanceIds.length) {
      const failure = failureOf(ended);
      if (failure === undefined)
        return { ...deployment, outcome: 'Success', finishedAt: new Date(clock.now()).toISOString() };
      const failed = ended.filter((one) => endOf(one) !== 'Success').map(describeInvocation);
      const tail =
        failure === 'DeployFailed' ? await readTail(ended, { clock, known }, ssm.reader, target) : '';
      throw new RecoveryError(
        failure,
        `command ${commandId} did not succeed on ${failed.join('; ')}.${tail}`,
      );
    }
    if (clock.now() >= Date.parse(deadline)) {
      await cancelCommand(ssm.writer, commandId);
      throw new RecoveryError(
        'DeployTimedOut',
        `command ${commandId} had not ended on ${instanceIds.join(', ')} by ${deadline} and was cancelled.`,
      );
    }
    if (clock.now() + secondsBetweenLooks * 1000 > untilMs) return deployment;
  }
}

/** The end of the output of the first instance that failed, redacted with the values of every version of the env. */
async function readTail(
  ended: readonly Invocation[],
  since: Since,
  ssm: SSMClient,
  { parameter }: DeployedTarget,
): Promise<string> {
  const failed = ended.find((one) => endOf(one) === 'DeployFailed');
  // A server may still run with an older version. Without the values nothing can be masked, so nothing is shown.
  const versions = failed && (await readEnvHistorySince(ssm, parameter.name, since).catch(() => undefined));
  if (!versions) return '';
  const [unreadable] = unreadableNotes(versions);
  if (unreadable !== undefined)
    return ` The end of its output is not shown, since not all values could be masked in it: ${unreadable}.`;
  const values = versions.flatMap(({ text }) => allValuesIn(text, parameter.reader));
  const tail = failed.stderr.trim()
    ? redactedTail(failed.stderr, stderrLimit, values)
    : redactedTail(failed.stdout, stdoutLimit, values);
  return tail ? ` The end of it, redacted:\n${tail}` : '';
}

export const handler = stateHandler(
  DeployApiInput,
  DeployResources,
  () => ({ ssm: openSsm(), ...openLease() }),
  deployApi,
);
