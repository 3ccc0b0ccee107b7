/** The messages about executions that have failed, each by an error of the closed list. */
import { catalogue } from '../../../workflow/errors.ts';
import type { FailureReport } from '../../../workflow/failure.ts';
import type { Notification } from '../../../workflow/messages.ts';
import { RecoveryError } from '../../../workflow/recovery-error.ts';
import type { Request } from '../../../workflow/request.ts';
import { agentOffline, nobodyAllowed } from './diagnoses.ts';

/** @param failure makes the message from what is special about it. */
export const failureExamples = (
  failure: (part: Partial<FailureReport>, status: 'FAILED', error: Error, stateName?: string) => Notification,
  request: Request,
) => ({
  failed: failure(
    {
      diagnosis: agentOffline,
      pause:
        'execution night-1 ended at 2026-01-01T18:01:15.000Z (Failed), so none starts by itself before 2026-01-01T18:11:15.000Z. A person can start one with {"force": true}',
    },
    'FAILED',
    new RecoveryError(
      'DeployFailed',
      'command 00000000-0000-0000-0000-000000000000 did not succeed on i-00000000000000001 (Failed, exit code 3).',
      {
        remedy: `${catalogue.DeployFailed.remedy}\nThe end of the output, redacted:\nlogin of [redacted] refused`,
      },
    ),
  ),
  'failed-and-paused': failure(
    {
      isPaused: true,
      pause:
        '3 recoveries failed within 6 hours, so none starts by itself before 2026-01-01T22:00:00.000Z. A person can start one with {"force": true}',
    },
    'FAILED',
    new RecoveryError('HostRejected', 'http://10.0.0.10:8000/ with Host 10.0.0.10: HTTP 400 after one try.'),
    'VerifyEndpoint',
  ),
  'failed-without-a-source': failure(
    { done: { request }, diagnosis: nobodyAllowed },
    'FAILED',
    new RecoveryError(
      'EnvRestoreFailed',
      'parameter /academy/api/env: none of its versions (3 in the history) is a complete env, nor is the backup parameter (none is set). Nothing was written.',
    ),
    'PlanRecovery',
  ),
  'failed-by-another-plan': failure(
    { done: { request } },
    'FAILED',
    new RecoveryError(
      'PlanOutdated',
      'the commands of document env-recovery-academy-api-deploy are not as in the plan 928620c2e39e, which was approved. Nothing was done that was not approved.',
    ),
  ),
});
