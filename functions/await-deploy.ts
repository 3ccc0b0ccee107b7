import type { SSMClient } from '@aws-sdk/client-ssm';
import type * as v from 'valibot';
import { cancelCommand, readInvocation, stderrLimit, stdoutLimit } from '../aws/command.ts';
import { readEnvValues } from '../aws/parameter.ts';
import { openSsm } from '../aws/ssm-clients.ts';
import { redactedTail } from '../env/redact.ts';
import type { Invocation } from '../workflow/deployment.ts';
import { catalogue, type ErrorName } from '../workflow/errors.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import { AwaitDeployInput, type Deployment } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { AwaitSettings } from './runtime/settings.ts';

type AwaitDeployServices = Services<v.InferOutput<typeof AwaitSettings>> & { readonly ssm: SSMClient };

const secondsBetweenLooks = 1;

/** How an invocation can end badly, in the order in which a failure is named if several ended differently. */
const failures = [
  'DeployFailed',
  'DeployTimedOut',
  'DeployCancelled',
  'InstanceUnavailable',
] as const satisfies readonly ErrorName[];
type Failure = (typeof failures)[number];
type Ending = 'Success' | 'NotYet' | Failure;

/**
 * Watches the deploy command for most of a minute and returns as soon as it is known how it ended; a command
 * that still runs is handed back as `InProgress`, and the state machine calls again. Each invocation has to
 * succeed: the parent command reads `Success` even if an instance could not be reached.
 *
 * A command that was sent before a redrive and has not succeeded is handed back as `Abandoned`: whatever stopped it is
 * what the redrive is for.
 *
 * @throws RecoveryError DeployFailed, DeployTimedOut (the command is cancelled first), DeployCancelled,
 *   InstanceUnavailable.
 */
export async function awaitDeploy(
  { execution, deployment }: AwaitDeployInput,
  { settings, clock, ssm }: AwaitDeployServices,
): Promise<Deployment> {
  const { commandId, instanceIds } = deployment;
  const watchUntil = clock.now() + settings.WATCH_SECONDS * 1000;
  for (;;) {
    const invocations = await Promise.all(
      instanceIds.map(async (instanceId) => ({
        instanceId,
        invocation: await readInvocation(ssm, commandId, instanceId),
      })),
    );
    const endings = invocations.map((one) => ({ ...one, ending: endingOf(one.invocation) }));
    if (endings.every(({ ending }) => ending === 'Success'))
      return { ...deployment, status: 'Success', finishedAt: new Date(clock.now()).toISOString() };

    if (endings.every(({ ending }) => ending !== 'NotYet')) {
      if (deployment.redriveCount < execution.redriveCount) return { ...deployment, status: 'Abandoned' };
      const name =
        failures.find((failure) => endings.some(({ ending }) => ending === failure)) ?? 'DeployFailed';
      const states = endings
        .filter(({ ending }) => ending !== 'Success')
        .map(({ instanceId, invocation }) => `${instanceId} ${describe(invocation)}`);
      const tail = name === 'DeployFailed' ? await readTail(ssm, settings, endings) : '';
      throw new RecoveryError(name, `command ${commandId} did not succeed on ${states.join('; ')}.`, {
        remedy: `${catalogue[name].remedy}${tail}`,
      });
    }
    if (clock.now() >= Date.parse(deployment.deadline)) {
      await cancelCommand(ssm, commandId);
      throw new RecoveryError(
        'DeployTimedOut',
        `command ${commandId} had not ended on ${instanceIds.join(', ')} by ${deployment.deadline} and was cancelled.`,
      );
    }
    if (clock.now() + secondsBetweenLooks * 1000 > watchUntil) return deployment;
    await clock.sleep(secondsBetweenLooks * 1000);
  }
}

/** A status that isn't in the list counts as not ended: the deadline bounds it. */
function endingOf(invocation: Invocation | undefined): Ending {
  switch (invocation?.status) {
    case 'Success':
      return 'Success';
    case 'TimedOut':
      return 'DeployTimedOut';
    case 'Cancelled':
      return 'DeployCancelled';
    case 'Failed':
      break;
    default:
      return 'NotYet';
  }
  switch (invocation?.statusDetails.replaceAll(' ', '')) {
    case 'Undeliverable':
    case 'AccessDenied':
    case 'InvalidPlatform':
    case 'Terminated':
      return 'InstanceUnavailable';
    case 'DeliveryTimedOut':
    case 'ExecutionTimedOut':
      return 'DeployTimedOut';
    default:
      return 'DeployFailed';
  }
}

function describe(invocation: Invocation | undefined): string {
  if (!invocation) return 'Unknown';
  const exit =
    invocation.status === 'Failed' && invocation.exitCode >= 0 ? `, exit code ${invocation.exitCode}` : '';
  return `(${invocation.statusDetails}${exit})`;
}

async function readTail(
  ssm: SSMClient,
  settings: AwaitDeployServices['settings'],
  endings: readonly { readonly ending: Ending; readonly invocation: Invocation | undefined }[],
): Promise<string> {
  const failed = endings.find(({ ending }) => ending === 'DeployFailed')?.invocation;
  if (!failed) return '';
  // Without the env's values nothing can be masked, so nothing is shown.
  const env = await readEnvValues(ssm, settings.ENV_PARAMETER, settings.ENV_READER).catch(() => undefined);
  if (!env) return '';
  const tail = failed.stderr.trim()
    ? redactedTail(failed.stderr, stderrLimit, env)
    : redactedTail(failed.stdout, stdoutLimit, env);
  return tail ? `\nThe end of the output, redacted:\n${tail}` : '';
}

export const handler = stateHandler(
  AwaitDeployInput,
  AwaitSettings,
  () => ({ ssm: openSsm().reader }),
  awaitDeploy,
);
