import { type Seen, seen } from '../../workflow/network/seen.ts';

/** What was seen, as something else. */
export const mapSeen = <T, U>(fact: Seen<T>, change: (value: T) => U): Seen<U> =>
  fact.seen ? seen(change(fact.value)) : fact;
