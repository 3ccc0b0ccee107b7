import type { EndpointFault } from './errors.ts';

/**
 * Django answers a Host that is not in ALLOWED_HOSTS with 400 before any view runs, so 400 is the Host's;
 * 401 and 403 are the key's, and 5xx the environment's or the database's.
 */
export function faultOfStatus(status: number): EndpointFault | undefined {
  if (status === 200) return undefined;
  if (status === 400) return 'HostRejected';
  if (status === 401 || status === 403) return 'InternalKeyRejected';
  if (status === 404) return 'EndpointNotFound';
  if (status >= 300 && status < 400) return 'EndpointRedirected';
  return 'EndpointUnhealthy';
}

/** What waiting can cure. Everything else is final: the same request would be answered the same way. */
export const passingFaults: ReadonlySet<EndpointFault> = new Set([
  'EndpointUnhealthy',
  'EndpointUnreachable',
  'EndpointNotFound',
  'EndpointNameNotResolved',
  'EndpointTooSlow',
]);
