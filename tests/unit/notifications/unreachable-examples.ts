/** The messages about an endpoint to which the network leads nobody. */
import type { FailureReport } from '../../../workflow/failure.ts';
import type { Notification } from '../../../workflow/messages.ts';
import { RecoveryError } from '../../../workflow/recovery-error.ts';

const blocked =
  'security groups block TCP from the functions to 10.0.0.10 on port 8000 (ingress of sg-00000001)';
const open = ['aws ec2 authorize-security-group-ingress --group-id sg-00000001'];

/** @param failure makes the message from what is special about it. */
export const unreachableExamples = (
  failure: (part: Partial<FailureReport>, status: 'FAILED', error: Error, stateName: string) => Notification,
) => ({
  unreachable: failure(
    {
      way: [{ says: blocked, commands: open }],
      diagnosis: {
        broken: { link: 'network', code: 'PathBlocked', says: blocked, fix: open, note: null },
        alsoBroken: [],
        following: ['MetricStopped'],
        unknown: [],
      },
    },
    'FAILED',
    new RecoveryError('EndpointUnreachable', 'http://api.internal/: ETIMEDOUT (api.internal is 10.0.0.10).'),
    'VerifyEndpoint',
  ),
  'name-not-resolved': failure(
    {
      way: [
        {
          says: 'nobody knows api.internal in vpc-00000001: enableDnsHostnames is off there, and a private hosted zone needs both DNS attributes',
          commands: [
            'aws ec2 modify-vpc-attribute --vpc-id vpc-00000001 --enable-dns-hostnames "Value=true"',
          ],
          purpose: 'Put it right',
        },
      ],
      diagnosis: {
        broken: null,
        alsoBroken: [],
        following: [],
        unknown: [{ link: 'network', says: 'the name in http://api.internal/ is not known here' }],
      },
    },
    'FAILED',
    new RecoveryError('EndpointNameNotResolved', 'http://api.internal/: ENOTFOUND.'),
    'VerifyEndpoint',
  ),
});
