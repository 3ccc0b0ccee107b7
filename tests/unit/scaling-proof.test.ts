/** What one look after a repair says of the workers. */
import { codesOf, findings } from '../../workflow/doctor/catalogue.ts';
import type { ActivityFacts, Facts } from '../../workflow/doctor/facts.ts';
import type { ScalingProof } from '../../workflow/results.ts';
import { judgeScaling } from '../../workflow/scaling-proof.ts';
import { scalingBreaks } from '../support/broken-scaling.ts';
import {
  alarm,
  doctorTarget,
  groupOf,
  healthyFacts,
  high,
  low,
  minutesAgo,
  policyOf,
  seen,
  unseen,
} from '../support/healthy-facts.ts';

const target = doctorTarget();
const place = { partition: 'aws', region: 'eu-west-1', accountId: '111122223333' };
const repairedAtMs = minutesAgo(5);
const subject = { target, scaling: { metric: target.metric, group: 'workers' }, place, repairedAtMs };
const judge = (part: Partial<Facts> = {}) => judgeScaling(healthyFacts(part), subject);

const at = (minutes: number) => new Date(minutesAgo(minutes)).toISOString();
const activity = (minutes: number, part: Partial<ActivityFacts> = {}) =>
  seen([{ status: 'Successful', at: at(minutes), message: 'Launching i-1', ...part }]);
const alarms = (highState: string, lowState: string, sinceMinutes = 0) =>
  seen([
    alarm(high, { state: highState, stateSince: at(sinceMinutes) }),
    alarm(low, { state: lowState, stateSince: at(sinceMinutes) }),
  ]);
const asks = { scalingAlarms: alarms('ALARM', 'OK') };
const silent = alarms('INSUFFICIENT_DATA', 'INSUFFICIENT_DATA');
const refresh = (status: string) => seen([{ status, at: at(3), message: '' }]);
const mathOn = (name: string) =>
  policyOf({
    expression: 'm1 / m2',
    metrics: [...policyOf({}, { name }).metrics, ...policyOf({}, { name: 'N' }).metrics],
  });

type Expected = Partial<ScalingProof> & { readonly code?: string; readonly reason?: string };

describe('a look at the workers after a repair', () => {
  it.each<[string, Partial<Facts>, Expected]>([
    ['an activity that began after it', { ...asks, activities: activity(1) }, { outcome: 'Scaled' }],
    [
      'one that has brought the group to its maximum',
      { ...asks, activities: activity(1), group: seen(groupOf({ desiredCapacity: 4 })) },
      { outcome: 'Scaled' },
    ],
    [
      'one that still goes on',
      { ...asks, activities: activity(1, { status: 'PreInService' }) },
      { outcome: 'Scaled' },
    ],
    ['a backlog at its target', {}, { outcome: 'NotDue', reason: 'BelowTarget' }],
    [
      'a backlog below its target, for less than a quarter of an hour',
      { scalingAlarms: alarms('OK', 'INSUFFICIENT_DATA') },
      { outcome: 'NotDue', reason: 'BelowTarget' },
    ],
    [
      'metric math on the metric',
      { policies: seen([mathOn('BacklogCount')]) },
      { outcome: 'NotDue', reason: 'BelowTarget' },
    ],
    [
      'workers that may still warm up',
      {
        scalingAlarms: alarms('ALARM', 'OK', 2),
        activities: activity(6),
        group: seen(groupOf({ warmupSeconds: 600 })),
      },
      { outcome: 'NotDue', reason: 'WarmingUp' },
    ],
    [
      'workers that warm up for as long as the policy says',
      { ...asks, activities: activity(6), policies: seen([policyOf({ warmupSeconds: 600 })]) },
      { outcome: 'NotDue', reason: 'WarmingUp' },
    ],
    [
      'an instance refresh, whatever activities that has',
      { ...asks, activities: activity(1), refreshes: refresh('InProgress') },
      { outcome: 'NotDue', reason: 'Refreshing' },
    ],
    [
      'a group at its maximum',
      { ...asks, group: seen(groupOf({ desiredCapacity: 4 })) },
      { outcome: 'NotDue', reason: 'AtMaximum' },
    ],
    [
      'a process that is suspended',
      { ...asks, group: seen(groupOf({ suspendedProcesses: ['Launch'] })) },
      { outcome: 'NotScaling', code: 'GroupSuspended' },
    ],
    [
      'launches that fail',
      { ...asks, activities: activity(1, { status: 'Failed' }) },
      { outcome: 'NotScaling', code: 'ActivityFailed' },
    ],
    [
      'an alarm that asks for more workers in vain',
      { scalingAlarms: alarms('ALARM', 'OK', 2) },
      { outcome: 'NotScaling', code: 'GroupNotFollowing' },
    ],
    [
      'metric math on another metric',
      { policies: seen([mathOn('Other')]) },
      { outcome: 'NotScaling', code: 'PolicyElsewhere' },
    ],
    [
      'a policy that may not be seen',
      { policies: unseen('no permission', 'NotAllowed') },
      { outcome: 'Unknown', says: 'no permission' },
    ],
    [
      'alarms that nobody could see',
      { scalingAlarms: unseen('AWS is down') },
      { outcome: 'Unknown', says: 'AWS is down' },
    ],
    [
      'a fault beside something that nobody could see',
      { policies: unseen('no permission'), group: seen(undefined) },
      { outcome: 'NotScaling', code: 'GroupMissing' },
    ],
  ])('is final about %s', (_what, part, expected) => {
    expect(judge(part)).toMatchObject({ isFinal: true, proof: { group: 'workers', ...expected } });
  });

  it.each<[string, Partial<Facts>, Expected]>([
    ['no alarm has data', { scalingAlarms: silent }, { outcome: 'NotScaling', code: 'ScalingAlarmsSilent' }],
    [
      'there was an activity, but no alarm has data',
      { scalingAlarms: silent, activities: activity(1) },
      { outcome: 'NotScaling', code: 'ScalingAlarmsSilent' },
    ],
    [
      'the alarm that scales out has too few datapoints yet',
      { scalingAlarms: alarms('INSUFFICIENT_DATA', 'OK') },
      { outcome: 'NotYet' },
    ],
    ['an alarm has just asked for more workers', asks, { outcome: 'NotYet' }],
    ['the last activity was before the repair', { ...asks, activities: activity(30) }, { outcome: 'NotYet' }],
    [
      'the last activity has failed, but before the repair',
      { ...asks, activities: activity(30, { status: 'Failed' }) },
      { outcome: 'NotYet' },
    ],
    [
      'an activity was cancelled',
      {
        ...asks,
        activities: activity(1, { status: 'Cancelled' }),
        group: seen(groupOf({ warmupSeconds: 0 })),
      },
      { outcome: 'NotYet' },
    ],
    ['a refresh has ended', { ...asks, refreshes: refresh('Successful') }, { outcome: 'NotYet' }],
  ])('leaves it open while %s', (_what, part, expected) => {
    expect(judge(part)).toMatchObject({ isFinal: false, proof: expected });
  });

  const ofScaling = scalingBreaks.filter(
    ([, , code]) =>
      codesOf('alarms', 'policy', 'group').some((one) => one === code) &&
      !code.startsWith('Heartbeat') &&
      // Nobody is paged for it.
      code !== 'GroupAtMax',
  );

  it.each(ofScaling)('names the same cause of %s as the doctor', (_what, part, code) => {
    const facts = healthyFacts(part);
    const { proof } = judgeScaling(facts, { ...subject, repairedAtMs: minutesAgo(60) });
    expect(proof).toMatchObject({ outcome: 'NotScaling', code });
  });

  it('has the commands of the finding, for this target and its region', () => {
    const { proof } = judge({ policies: seen([policyOf({ isEnabled: false })]) });
    expect(proof).toMatchObject({
      code: 'PolicyDisabled',
      meaning: findings.PolicyDisabled.meaning,
      look: 'aws autoscaling describe-policies --auto-scaling-group-name workers --region eu-west-1',
      fix: expect.stringMatching(
        /^aws autoscaling put-scaling-policy --auto-scaling-group-name workers --policy-name hold-backlog .* --enabled --region eu-west-1$/,
      ),
    });
  });
});
