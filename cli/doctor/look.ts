/** Looks that never fail: what could not be looked at is a value, too. */
import type { Seen } from '../../workflow/doctor/facts.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';

/**
 * @param action the IAM action that the look needs.
 * @throws RecoveryError CredentialsExpired: without credentials, there is nothing to look at.
 */
export async function look<T>(action: string, ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return { seen: true, value: await ask() };
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.name === 'CredentialsExpired') throw error;
    return error.name === 'AccessDenied'
      ? { seen: false, code: 'NotAllowed', why: `${action} is not allowed` }
      : { seen: false, code: 'NotAnswered', why: `${action} was not answered (${error.name})` };
  }
}

/** What was seen, as something else. */
export const mapSeen = <T, U>(fact: Seen<T>, change: (value: T) => U): Seen<U> =>
  fact.seen ? { seen: true, value: change(fact.value) } : fact;
