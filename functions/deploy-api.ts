import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Clock } from '../recovery/clock.ts';
import { findCommand, findInstances, sendCommand } from '../recovery/command.ts';
import { RecoveryError } from '../recovery/errors.ts';
import { lambdaHandler, type Services } from '../recovery/handler.ts';
import { DeploySettings } from '../recovery/settings.ts';
import { openSsm, type SsmClients } from '../recovery/ssm.ts';
import { DeployApiInput, type Deployment } from '../recovery/states.ts';

type DeployApiServices = Services<DeploySettings> & {
  readonly ssm: SsmClients;
};

/** A command that was sent can take some seconds to be listed. */
const lookAgainTimes = 5;
const lookAgainSeconds = 2;

/** SendCommand takes no more instance ids. */
const maxInstances = 50;
/** Whatever the number of instances: the state machine itself ends after six hours. */
export const maxDeploySeconds = 5 * 3600;

/**
 * Sends the deploy command to the target's instances, one after the other. A retry, or a redrive, finds the
 * command that this execution has sent before instead of sending a second one.
 *
 * @throws RecoveryError NoInstances or TooManyInstances with the tag; InstanceUnavailable if SSM doesn't manage one of them.
 */
export async function deployApi(
  { execution, retryCount }: DeployApiInput,
  { settings, clock, ssm }: DeployApiServices,
): Promise<Deployment> {
  const instanceIds = await listInstances(ssm.reader, settings);
  const documentName = settings.DOCUMENT_NAME;
  // An execution's name is unique for 90 days; a comment holds 100 characters, a name 80.
  const comment = `env-recovery ${execution.name}`;
  const own = { documentName, comment, since: execution.startedAt };

  const startedAtMs = clock.now();
  const timeoutSeconds = Math.min(
    settings.DELIVERY_TIMEOUT_SECONDS + settings.EXECUTION_TIMEOUT_SECONDS * instanceIds.length,
    maxDeploySeconds,
  );
  const deployment = (commandId: string, resumed: boolean): Deployment => ({
    status: 'InProgress',
    commandId,
    documentName,
    instanceIds,
    resumed,
    startedAt: new Date(startedAtMs).toISOString(),
    deadline: new Date(startedAtMs + timeoutSeconds * 1000).toISOString(),
    finishedAt: null,
  });

  // The first try has sent nothing; one after it may follow so soon that SSM does not list the command yet.
  const earlier = retryCount > 0 ? await lookFor(own, ssm.reader, clock) : await findCommand(ssm.reader, own);
  if (earlier !== undefined) return deployment(earlier, true);
  try {
    const commandId = await sendCommand(ssm.writer, {
      documentName,
      instanceIds,
      comment,
      logGroupName: settings.COMMAND_LOG_GROUP,
      deliveryTimeoutSeconds: settings.DELIVERY_TIMEOUT_SECONDS,
    });
    if (commandId !== undefined) return deployment(commandId, false);
  } catch (error) {
    if (!(error instanceof RecoveryError && error.name === 'AwsUnavailable')) throw error;
    // The answer got lost, the command perhaps not: look for it before anybody sends another.
    const sent = await lookFor(own, ssm.reader, clock);
    if (sent !== undefined) return deployment(sent, true);
    throw error;
  }
  throw new RecoveryError(
    'InstanceUnavailable',
    `instances ${instanceIds.join(', ')}: at least one is not managed by SSM. Check that it runs, has the SSM agent and an instance profile with AmazonSSMManagedInstanceCore.`,
  );
}

/** Looks for the command of this execution until it must be listed, if it is there at all. */
async function lookFor(
  own: Parameters<typeof findCommand>[1],
  ssm: SSMClient,
  clock: Clock,
): Promise<string | undefined> {
  for (let look = 0; look < lookAgainTimes; look += 1) {
    const commandId = await findCommand(ssm, own);
    if (commandId !== undefined) return commandId;
    await clock.sleep(lookAgainSeconds * 1000);
  }
  return findCommand(ssm, own);
}

async function listInstances(ssm: SSMClient, settings: DeploySettings): Promise<string[]> {
  if (settings.INSTANCE_IDS.length > 0) return settings.INSTANCE_IDS;
  const [key = '', ...value] = (settings.INSTANCE_TAG ?? '').split('=');
  const tagged = await findInstances(ssm, { key, value: value.join('=') });
  if (tagged.length > maxInstances) {
    throw new RecoveryError(
      'TooManyInstances',
      `${tagged.length} instances are tagged ${settings.INSTANCE_TAG}, and a command takes ${maxInstances} at most. Choose a narrower tag in the target file.`,
    );
  }
  if (tagged.length > 0) return tagged;
  throw new RecoveryError(
    'NoInstances',
    `no instance that SSM manages is tagged ${settings.INSTANCE_TAG}. Check instances.tag in the target file and the tags in EC2.`,
  );
}

export const handler = lambdaHandler(DeployApiInput, DeploySettings, () => ({ ssm: openSsm() }), deployApi);
