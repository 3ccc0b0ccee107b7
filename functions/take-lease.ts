import type * as v from 'valibot';
import { type LeaseClients, openLease, takeLease as take } from '../aws/lease-table.ts';
import { TakeLeaseInput, type TakeLeaseOutput } from '../workflow/chain.ts';
import { isAllClear, readRequest } from '../workflow/request.ts';
import type { Skip } from '../workflow/results.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { leaseDoor } from './runtime/lease.ts';
import { LeaseResources } from './runtime/resources.ts';

/**
 * Reads the execution's input, and takes the lease of the target. An execution that doesn't get it ends at once: it
 * neither waits nor queues. One that only plans changes nothing, and takes none.
 *
 * @throws RecoveryError InvalidInput, before any call.
 */
export async function takeLease(
  { execution, input }: TakeLeaseInput,
  services: Services<v.InferOutput<typeof LeaseResources>> & LeaseClients,
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
  const request = readRequest(input);
  if (request.mode === 'plan') return { request, lease: null };
  const { pauses } = services.target;
  const lease = await take(leaseDoor(services), execution, { pauses, force: request.force });
  return 'outcome' in lease
    ? { execution: execution.name, trigger: request.trigger, ...lease }
    : { request, lease };
}

export const handler = stateHandler(TakeLeaseInput, LeaseResources, () => openLease(), takeLease);
