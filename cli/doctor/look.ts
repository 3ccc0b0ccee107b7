import type { Seen } from '../../workflow/doctor/facts.ts';

/** What was seen, as something else. */
export const mapSeen = <T, U>(fact: Seen<T>, change: (value: T) => U): Seen<U> =>
  fact.seen ? { seen: true, value: change(fact.value) } : fact;
