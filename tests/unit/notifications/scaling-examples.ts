/** What a person is told of a repair after which the workers do not scale, or nobody could see whether they do. */
import type { Recovery } from '../../../workflow/commands.ts';
import { placeOf } from '../../../workflow/doctor/place.ts';
import { endNotification } from '../../../workflow/end-message.ts';
import type { RecoveryReport } from '../../../workflow/report.ts';
import { judgeScaling } from '../../../workflow/scaling-proof.ts';
import {
  doctorTarget,
  groupOf,
  healthyFacts,
  minutesAgo,
  policyOf,
  seen,
  unseen,
} from '../../support/healthy-facts.ts';

export function scalingExamples(recovery: Recovery, report: RecoveryReport) {
  const notify = (part: Parameters<typeof healthyFacts>[0]) => {
    const target = { ...doctorTarget(), name: recovery.target };
    const place = placeOf(recovery.execution.arn);
    const scaling = { metric: target.metric, group: 'workers' };
    const subject = { target, scaling, place, repairedAtMs: minutesAgo(5) };
    const { proof } = judgeScaling(healthyFacts(part), subject);
    return endNotification(recovery, { ...report, scaling: proof });
  };
  const callers = {
    outcome: 'NotCalled' as const,
    says: 'nobody but this recovery has called academy-worker-queue-depth-metric, not in the 15 min before it either',
  };
  return {
    'recovered-without-callers': endNotification(recovery, { ...report, outcome: 'Inconclusive', callers }),
    'recovered-without-scaling': notify({
      group: seen(groupOf({ suspendedProcesses: ['AlarmNotification'] })),
    }),
    'recovered-with-another-policy': notify({
      policies: seen([policyOf({}, { dimensions: { WorkerType: 'Video' } })]),
    }),
    'recovered-without-more-workers': notify({}),
    'recovered-without-a-look': notify({
      policies: unseen(
        "autoscaling:DescribePolicies on group workers: access denied. Allow this action in the policy of the role, or the use of the KMS key in the key's policy.",
        'NotAllowed',
      ),
    }),
  };
}
