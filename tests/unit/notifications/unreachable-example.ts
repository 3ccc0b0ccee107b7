/** The message about an endpoint to which the network leads nobody. */
import type { FailureReport } from '../../../workflow/failure.ts';
import type { Notification } from '../../../workflow/messages.ts';
import { RecoveryError } from '../../../workflow/recovery-error.ts';

/** @param failure makes the message from what is special about it. */
export const unreachableExample = (
  failure: (part: Partial<FailureReport>, status: 'FAILED', error: Error, stateName: string) => Notification,
) => ({
  unreachable: failure(
    {
      way: [
        {
          says: 'security groups block TCP from the recovery to 10.0.0.10 on port 8000 (ingress of sg-00000001)',
          commands: ['aws ec2 authorize-security-group-ingress --group-id sg-00000001'],
        },
      ],
    },
    'FAILED',
    new RecoveryError('EndpointUnreachable', 'http://api.internal/: ETIMEDOUT (api.internal is 10.0.0.10).'),
    'VerifyEndpoint',
  ),
});
