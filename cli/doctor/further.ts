/** What only `recover doctor` looks at, besides what a recovery looks at too: with clients that no function has. */
import type { Facts } from '../../workflow/doctor/facts.ts';
import type { Place } from '../../workflow/doctor/place.ts';
import type { Asking } from './clients.ts';
import { lookAtRoles } from './roles.ts';

/** @param place `undefined` if nothing tells the account, without which there are no ARNs to ask about. */
export async function lookFurther(
  doctor: Asking,
  facts: Facts,
  place: Place | undefined,
): Promise<Partial<Facts>> {
  return place ? { roles: await lookAtRoles(doctor, facts, place) } : {};
}
