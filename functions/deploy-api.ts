import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Clock } from '../aws/clock.ts';
import { cancelCommand, listCommands, lookAgainTimes, lookFor, sendCommand } from '../aws/command.ts';
import { readDocumentCommands } from '../aws/deploy-document.ts';
import { listInstances } from '../aws/instances.ts';
import { fenceOf, type LeaseClients, openLease } from '../aws/lease-table.ts';
import { readParameter } from '../aws/parameter.ts';
import { openSsm, type SsmClients } from '../aws/ssm-clients.ts';
import { gapsOf, inspectEnv } from '../env/contract.ts';
import { readEnvText } from '../env/document.ts';
import { commentOf, hasEnded, isOfWorkflow, redriveOf, type SentCommand } from '../workflow/deployment.ts';
import { refuseUnapproved } from '../workflow/plan.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { DeployApiInput, type Deployment, type ExecutionRef } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { DeploySettings } from './runtime/settings.ts';

type DeployApiServices = Services<DeploySettings> & LeaseClients & { readonly ssm: SsmClients };

/** Whatever the number of instances: the state machine has to outlast it. */
export const maxDeploySeconds = 5 * 3600;

/**
 * Sends the deploy command to the target's instances, one after the other. A retry finds the command that this
 * execution has sent before instead of sending a second one. So does a redrive, unless that command has ended without
 * success. A command that an execution of before has left running is stopped first.
 *
 * @throws RecoveryError NoInstances or TooManyInstances with the tag; InstanceUnavailable if SSM doesn't manage one of
 *   them; DeployInProgress if somebody else's command runs; EnvReplaced, PlanOutdated, LeaseLost.
 */
export async function deployApi(
  { execution, retryCount, plan, deployment: before }: DeployApiInput,
  services: DeployApiServices,
): Promise<Deployment> {
  const { settings, clock, ssm } = services;
  const fence = fenceOf(services, execution);
  // Before the looking around, which can take a while: whoever hasn't the lease has nothing to look for.
  await fence();
  const instanceIds = await listInstances(ssm.reader, settings);
  const documentName = settings.DOCUMENT_NAME;

  const startedAtMs = clock.now();
  const timeoutSeconds = Math.min(
    settings.DELIVERY_TIMEOUT_SECONDS + settings.EXECUTION_TIMEOUT_SECONDS * instanceIds.length,
    maxDeploySeconds,
  );
  const deployment = (commandId: string, redriveCount: number, resumed: boolean): Deployment => ({
    status: 'InProgress',
    commandId,
    documentName,
    instanceIds,
    resumed,
    redriveCount,
    startedAt: new Date(startedAtMs).toISOString(),
    deadline: new Date(startedAtMs + timeoutSeconds * 1000).toISOString(),
    finishedAt: null,
  });

  // No deploy that could still run was sent before.
  const sinceMs = Math.min(Date.parse(execution.startedAt), startedAtMs - maxDeploySeconds * 1000);
  const list = () => listCommands(ssm.reader, documentName, sinceMs);
  const abandoned = before?.status === 'Abandoned' ? before.redriveCount : -1;
  const resume = (commands: readonly SentCommand[]): Deployment | undefined => {
    const own = findOwn(commands, execution, abandoned);
    return own && deployment(own.commandId, own.redriveCount, true);
  };
  // The first try has sent nothing; one after it, or after a redrive, may follow so soon that SSM does not list the
  // command yet.
  const isRepeated = retryCount > 0 || execution.redriveCount > 0;
  const earlier = await lookFor(async () => resume(await list()), clock, isRepeated ? lookAgainTimes : 0);
  if (earlier) return earlier;
  await refuseUnapproved(
    plan,
    'the instances to deploy to are',
    () => instanceIds.toSorted().join() === plan.deploy?.instanceIds.join(),
  );
  const version = await refuseIncomplete(ssm.reader, settings);
  await refuseUnapproved(
    plan,
    `the version of parameter ${settings.ENV_PARAMETER} is`,
    // A restore that was merged with what somebody else has written is further up.
    () => version === plan.parameter.version + (plan.restore ? 1 : 0),
  );
  await refuseUnapproved(plan, `the commands of document ${documentName} are`, async () => {
    const commands = await readDocumentCommands(ssm.reader, documentName);
    return commands.join('\n') === plan.deploy?.commands.join('\n');
  });
  await stopOthers(ssm, list, fence, clock, documentName);
  try {
    await fence();
    const commandId = await sendCommand(ssm.writer, {
      documentName,
      instanceIds,
      comment: commentOf(execution),
      logGroupName: settings.COMMAND_LOG_GROUP,
      deliveryTimeoutSeconds: settings.DELIVERY_TIMEOUT_SECONDS,
    });
    if (commandId !== undefined) return deployment(commandId, execution.redriveCount, false);
  } catch (error) {
    if (!(error instanceof RecoveryError && error.name === 'AwsUnavailable')) throw error;
    // The answer got lost, the command perhaps not: look for it before anybody sends another.
    const sent = await lookFor(async () => resume(await list()), clock, lookAgainTimes);
    if (sent) return sent;
    throw error;
  }
  throw new RecoveryError(
    'InstanceUnavailable',
    `instances ${instanceIds.join(', ')}: at least one is not managed by SSM.`,
  );
}

/**
 * The command of this execution that counts: of this run, or one of before a redrive that has not failed. A command
 * reads `Success` even if an instance could not be reached, so that it is left to AwaitDeploy to abandon it.
 *
 * @param abandoned the redrive whose command was; neither that one nor one of before counts any more.
 */
function findOwn(
  commands: readonly SentCommand[],
  execution: ExecutionRef,
  abandoned: number,
): { readonly commandId: string; readonly redriveCount: number } | undefined {
  for (const command of commands) {
    const redriveCount = redriveOf(command, execution);
    if (redriveCount === undefined) continue;
    const counts =
      redriveCount === execution.redriveCount ||
      (redriveCount > abandoned && (!hasEnded(command) || command.status === 'Success'));
    if (counts) return { commandId: command.commandId, redriveCount };
  }
  return undefined;
}

/**
 * The last look before the deploy: somebody may have wiped the parameter since it was found complete, or restored.
 *
 * @returns the version that the deploy will read.
 * @throws RecoveryError EnvReplaced
 */
async function refuseIncomplete(
  ssm: SSMClient,
  { ENV_PARAMETER: name, ENV_READER: reader, ENV_CONTRACT: contract }: DeploySettings,
): Promise<number> {
  const parameter = await readParameter(ssm, name);
  const finding = inspectEnv(readEnvText(parameter?.text ?? '', reader), contract);
  if (parameter && finding.complete) return parameter.version;
  throw new RecoveryError(
    'EnvReplaced',
    `parameter ${name}: somebody has overwritten it during the recovery, and it is incomplete again (${gapsOf(finding).join('; ')}). Nothing was deployed.`,
  );
}

/**
 * Makes sure that no other deploy of the target runs. One that an execution of before has left behind is cancelled,
 * since only the holder of the lease may deploy; one that a person has sent is not ours to cancel.
 */
async function stopOthers(
  ssm: SsmClients,
  list: () => Promise<SentCommand[]>,
  fence: () => Promise<void>,
  clock: Clock,
  documentName: string,
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
    `document ${documentName}: command ${running.map(({ commandId }) => commandId).join(', ')} still runs, and two deploys at once would disturb each other.`,
  );
}

export const handler = stateHandler(
  DeployApiInput,
  DeploySettings,
  () => ({ ssm: openSsm(), ...openLease() }),
  deployApi,
);
