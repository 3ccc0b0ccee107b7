import type { Recovery } from '../../../workflow/commands.ts';
import { relapseNotification } from '../../../workflow/relapse-message.ts';
import type { Request } from '../../../workflow/request.ts';

/** What is told of an alarm that fires again in the pause after a recovery. */
export function relapseExample({ target, execution: { arn } }: Recovery, request: Request) {
  const again = { target, execution: { arn: arn.replace('night-1', 'night-2') } };
  const after = {
    arn,
    redriveCount: 0,
    outcome: 'Recovered' as const,
    endedAt: '2026-01-01T18:04:12.000Z',
    counts: true,
    told: true,
  };
  return {
    'alarm-again': relapseNotification(again, request, after, { until: '2026-01-01T18:14:12.000Z' }),
  };
}
