/** Looks that never fail: what could not be looked at is a value, too. */
import type { Seen } from '../../workflow/doctor/facts.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';

/** @throws RecoveryError CredentialsExpired: without credentials, there is nothing to look at. */
export async function look<T>(ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { seen: true, value: await ask() };
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.name === 'CredentialsExpired') throw error;
    // Its message names the action and the resource, or the key that the answer is encrypted with.
    const code = error.name === 'AccessDenied' ? 'NotAllowed' : 'NotAnswered';
    return { seen: false, code, why: error.message };
  }
}

/** What was seen, as something else. */
export const mapSeen = <T, U>(fact: Seen<T>, change: (value: T) => U): Seen<U> =>
  fact.seen ? { seen: true, value: change(fact.value) } : fact;
