/** What the doctor says in the messages. */
import { serviceFindings } from '../../../workflow/doctor/service-findings.ts';
import type { DiagnosisSummary } from '../../../workflow/doctor/summary.ts';

export const envIncomplete: DiagnosisSummary = {
  broken: {
    link: 'env',
    code: 'EnvIncomplete',
    says: 'in parameter /academy/api/env, SECRET_KEY is missing, DB_HOST is missing and 4 more; version 41 was written by user/operator at 2026-01-01T17:58:00.000Z',
    fix: ['npx --no-install recover env restore --target academy-api'],
    note: serviceFindings.EnvIncomplete.note,
  },
  alsoBroken: ['NobodySubscribed'],
  following: ['MetricStopped', 'HeartbeatFiring', 'ScalingAlarmsSilent'],
  unknown: [{ link: 'schedule', says: 'events:DescribeRule on rule count-each-minute: access denied.' }],
};

export const agentOffline: DiagnosisSummary = {
  broken: {
    link: 'host',
    code: 'AgentOffline',
    says: 'the agent of instance i-00000000000000001 is ConnectionLost, last heard of at 2026-01-01T17:52:10.000Z',
    fix: ['sudo systemctl restart amazon-ssm-agent'],
    note: 'On the instance itself.',
  },
  alsoBroken: [],
  following: ['MetricStopped', 'HeartbeatFiring'],
  unknown: [],
};

const denied = 'ssm:GetParameterHistory on parameter /academy/api/env: access denied.';

export const nobodyAllowed: DiagnosisSummary = {
  broken: null,
  alsoBroken: [],
  following: [],
  unknown: [
    { link: 'writer', says: denied },
    { link: 'env', says: denied },
    { link: 'host', says: 'ec2:DescribeInstances is not allowed' },
    { link: 'request', says: denied },
    {
      link: 'schedule',
      says: 'lambda:ListAliases on function academy-worker-queue-depth-metric: access denied.',
    },
    {
      link: 'group',
      says: 'autoscaling:DescribeAutoScalingGroups on group academy-video-worker-asg: access denied.',
    },
    { link: 'readiness', says: denied },
  ],
};
