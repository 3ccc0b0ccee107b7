/** What only `recover doctor` looks at, besides what a recovery looks at too: with clients that no function has. */
import { look } from '../../aws/look.ts';
import { readSchedules } from '../../aws/scheduler.ts';
import type { Facts } from '../../workflow/doctor/facts.ts';
import { arnOf, type Place } from '../../workflow/doctor/place.ts';
import type { Asking } from './clients.ts';
import { lookAtReachability } from './reachability.ts';
import { lookAtRoles } from './roles.ts';

/** @param place `undefined` if nothing tells the account, without which there are no ARNs to ask about. */
export async function lookFurther(
  doctor: Asking,
  facts: Facts,
  place: Place | undefined,
): Promise<Partial<Facts>> {
  const [analyses, more] = await Promise.all([
    lookAtReachability(doctor, facts),
    place ? lookAtCallersAndRoles(doctor, facts, place) : {},
  ]);
  return { analyses, ...more };
}

async function lookAtCallersAndRoles(doctor: Asking, facts: Facts, place: Place): Promise<Partial<Facts>> {
  const { metricFunction } = doctor.target;
  const functionArn = metricFunction && arnOf(place, 'lambda', `function:${metricFunction.name}`);
  const [roles, schedules] = await Promise.all([
    lookAtRoles(doctor, facts, place),
    functionArn === undefined
      ? undefined
      : look(() => readSchedules(doctor.clients.scheduler, functionArn, doctor.nowMs)),
  ]);
  return { roles, ...(schedules ? { schedules } : {}) };
}
