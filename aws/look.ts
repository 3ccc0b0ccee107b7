/** Looks that never fail: what could not be looked at is a value, too. */
import { type Seen, seen, unseen } from '../workflow/network/seen.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';

/**
 * @param whyOf what is said of a failure: its message names the action and the resource, or the key that the answer is
 *   encrypted with.
 * @throws RecoveryError CredentialsExpired: without credentials, there is nothing to look at.
 */
export async function look<T>(
  ask: () => Promise<T>,
  whyOf: (error: RecoveryError) => string = ({ message }) => message,
): Promise<Seen<T>> {
  try {
    return seen(await ask());
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.name === 'CredentialsExpired') throw error;
    return unseen(whyOf(error), error.name === 'AccessDenied' ? 'NotAllowed' : 'NotAnswered');
  }
}
