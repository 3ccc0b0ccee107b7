import { type Services, stateHandler } from '../recovery/handler.ts';
import { type LeaseClients, openLease, takeLease as take } from '../recovery/lease.ts';
import { readRequest } from '../recovery/request.ts';
import { TakeLeaseSettings } from '../recovery/settings.ts';
import { type Skip, TakeLeaseInput, type TakeLeaseOutput } from '../recovery/states.ts';

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
