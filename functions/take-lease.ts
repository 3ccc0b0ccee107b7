import { type LeaseClients, openLease, takeLease as take } from '../aws/lease-table.ts';
import { readRequest } from '../workflow/request.ts';
import { type Skip, TakeLeaseInput, type TakeLeaseOutput } from '../workflow/states.ts';
import { type Services, stateHandler } from './runtime/handler.ts';
import { TakeLeaseSettings } from './runtime/settings.ts';

/**
 * Reads the execution's input, and takes the lease of the target. An execution that doesn't get it ends at once: it
 * neither waits nor queues. A plan changes nothing, and takes none.
 *
 * @throws RecoveryError InvalidInput, before any call.
 */
export async function takeLease(
  { execution, input }: TakeLeaseInput,
  services: Services<TakeLeaseSettings> & LeaseClients,
): Promise<TakeLeaseOutput | Skip> {
  const request = readRequest(input);
  if (request.mode === 'plan') return { request, lease: null };
  const lease = await take(services, execution, services.settings, request.force);
  return 'outcome' in lease
    ? { execution: execution.name, trigger: request.trigger, ...lease }
    : { request, lease };
}

export const handler = stateHandler(TakeLeaseInput, TakeLeaseSettings, openLease, takeLease);
