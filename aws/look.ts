/** Looks that never fail: what could not be looked at is a value, too. */
import { type Seen, seen, unseen } from '../workflow/network/seen.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';

/** @throws RecoveryError CredentialsExpired: without credentials, there is nothing to look at. */
export async function look<T>(ask: () => Promise<T>): Promise<Seen<T>> {
  try {
    return seen(await ask());
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.name === 'CredentialsExpired') throw error;
    // Its message names the action and the resource, or the key that the answer is encrypted with.
    return unseen(error.message, error.name === 'AccessDenied' ? 'NotAllowed' : 'NotAnswered');
  }
}
