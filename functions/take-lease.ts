import type { SNSClient } from '@aws-sdk/client-sns';
import type * as v from 'valibot';
import { findSkipReason, type LeaseClients, openLease, takeLease as take } from '../aws/lease-table.ts';
import { announce, openTopic } from '../aws/topic.ts';
import { TakeLeaseInput, type TakeLeaseOutput } from '../workflow/chain.ts';
import { relapseNotification } from '../workflow/relapse-message.ts';
import { isAllClear, modeOf, readRequest } from '../workflow/request.ts';
import type { Skip } from '../workflow/results.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { EndResources } from './runtime/resources.ts';

/**
 * Reads the execution's input, and takes the lease of the target. An execution that doesn't get it ends at once: it
 * neither waits nor queues. One that only plans changes nothing, and takes none; if no person has started it, it leaves
 * where a recovery would leave. If an alarm fires in the pause after a recovery, a person is told: that may not have
 * lasted.
 *
 * @throws RecoveryError InvalidInput, before any call.
 */
export async function takeLease(
  { execution, input }: TakeLeaseInput,
  services: Services<v.InferOutput<typeof EndResources>> & LeaseClients & { readonly sns: SNSClient },
): Promise<TakeLeaseOutput | Skip> {
  if (isAllClear(input)) {
    const message = 'the alarm that started this execution is OK, so there is nothing to recover from';
    return {
      outcome: 'AlarmIsOk',
      execution: execution.name,
      trigger: 'alarm',
      owner: null,
      until: null,
      message,
    };
  }
  const asked = readRequest(input);
  if (asked.mode === 'plan') return { request: asked, lease: null };
  const { target, resources, sns } = services;
  const request = { ...asked, mode: modeOf(asked, target.triggers) };
  const door = leaseDoor(services);
  const options = { pauses: target.pauses, force: request.force };
  const lease =
    request.mode === 'plan'
      ? ((await findSkipReason(door, execution, options)) ?? null)
      : await take(door, execution, options);
  if (lease === null || !('outcome' in lease)) return { request, lease };
  const { after, ...skip } = lease;
  const skipped = { execution: execution.name, trigger: request.trigger, ...skip };
  // All was well a moment ago, and nothing looks again before the pause is over.
  if (request.trigger !== 'alarm' || after?.outcome !== 'Recovered') return skipped;
  const message = relapseNotification({ target: target.name, execution }, request, after, skip);
  return { ...skipped, announcement: await announce(sns, resources.TOPIC_ARN, message) };
}

export const handler = stateHandler(
  TakeLeaseInput,
  EndResources,
  () => ({ ...openLease(), ...openTopic() }),
  takeLease,
);
