import type { LeaseClients, LeaseDoor } from '../../aws/lease-table.ts';
import type { Services } from './handler.ts';

/** The lease of the target that a function works for. */
export function leaseDoor({
  target,
  resources,
  clock,
  dynamo,
  sfn,
}: Services<{ readonly LEASE_TABLE: string }> & LeaseClients): LeaseDoor {
  return { dynamo, sfn, clock, tableName: resources.LEASE_TABLE, target: target.name };
}
