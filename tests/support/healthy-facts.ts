/** A chain in which every link holds, as the doctor's rules see it. */
import { readTarget } from '../../targets/load.ts';
import type { AlarmFacts, Facts, ScheduleFacts } from '../../workflow/doctor/facts.ts';
import { seen, unseen } from '../../workflow/network/seen.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { type Measured, measured } from './target-file.ts';

export { seen, unseen };

export const nowMs = Date.UTC(2026, 10, 30, 12, 0, 0);
export const minutesAgo = (minutes: number) => nowMs - minutes * 60_000;

const metric = {
  namespace: 'App',
  name: 'BacklogCount',
  dimensions: { WorkerType: 'Video', AutoScalingGroupName: 'workers' },
};

/** What a target has to have. */
const least = {
  parameter: { name: '/app/env', reader: 'dotenv', requiredKeys: ['INTERNAL_KEY', 'DB_HOST'] },
  restore: { backupParameter: '/app/env-backup' },
  instances: { ids: ['i-00000001'] },
  deploy: { commands: ['./deploy'] },
  endpoint: { url: 'https://api.example.com/count/' },
};

export const doctorTarget = (part: object = {}): DeployedTarget & Measured => ({
  name: 'app',
  ...measured(
    readTarget('app', {
      ...least,
      endpoint: { ...least.endpoint, internalKey: 'INTERNAL_KEY', backlogPath: 'backlog' },
      metricFunction: { name: 'metric', answerPath: 'count', set: { URL: 'x' }, remove: ['HOST'] },
      metric,
      ...part,
    }),
  ),
});

/** A target that can only be seen to answer, but for `part`. */
export const healthOnlyTarget = (part: object = {}): DeployedTarget => ({
  name: 'app',
  ...readTarget('app', { ...least, ...part }),
});

export const alarm = (name: string, part: Partial<AlarmFacts> = {}): AlarmFacts => ({
  name,
  state: 'OK',
  stateSince: '2026-11-30T08:00:00.000Z',
  actionsEnabled: true,
  metrics: [metric],
  evaluatedSeconds: 180,
  ...part,
});

export const envOf = (part: object = {}) => ({
  version: 4,
  modifiedAt: '2026-11-30T09:00:00.000Z',
  modifiedBy: 'user/operator',
  isByRecovery: false,
  otherWriters: [],
  keyCount: 12,
  gaps: [],
  mistakes: [],
  mistakenKeys: [],
  knownGoodVersion: 4,
  loss: null,
  unreadable: null,
  headerKeys: { INTERNAL_KEY: 'Usable' as const },
  allowsHost: true,
  ...part,
});

export const functionOf = (part: object = {}) => ({
  state: 'Active',
  stateReason: null,
  updateStatus: 'Successful',
  updateReason: null,
  wrongVariables: [],
  extraVariables: [],
  roleArn: 'arn:aws:iam::111122223333:role/metric',
  ...part,
});

export const scheduleOf = (part: Partial<ScheduleFacts> = {}): ScheduleFacts => ({
  name: 'count',
  group: 'default',
  state: 'Enabled',
  schedule: 'rate(1 minute)',
  roleArn: 'arn:aws:iam::111122223333:role/scheduler',
  update: {
    expression: 'rate(1 minute)',
    timezone: 'UTC',
    window: null,
    targetArn: 'arn:aws:lambda:ap-northeast-2:111122223333:function:metric',
    roleArn: 'arn:aws:iam::111122223333:role/scheduler',
    deadLetterArn: null,
    retries: { maximumAgeSeconds: 86_400, attempts: 185 },
  },
  ...part,
});

export const policyOf = (part: object = {}, metricPart: object = {}) => ({
  name: 'hold-backlog',
  isEnabled: true,
  configuration: { TargetValue: 7 },
  metrics: [{ ...metric, statistic: 'Average', unit: null, ...metricPart }],
  expression: null,
  warmupSeconds: null,
  ...part,
});

export const groupOf = (part: object = {}) => ({
  minSize: 1,
  maxSize: 4,
  desiredCapacity: 2,
  inService: 2,
  suspendedProcesses: [],
  warmupSeconds: 300,
  ...part,
});

export const [high, low] = [
  'TargetTracking-workers-AlarmHigh-1',
  'TargetTracking-workers-AlarmLow-1',
] as const;

export const healthyFacts = (part: Partial<Facts> = {}): Facts => ({
  nowMs,
  env: seen(envOf()),
  agents: seen([{ instanceId: 'i-00000001', pingStatus: 'Online', lastPingAt: '2026-11-30T11:59:00.000Z' }]),
  instances: seen([{ id: 'i-00000001', state: 'running' }]),
  answer: null,
  function: seen(functionOf()),
  invocations: seen(15),
  callers: seen([{ rule: 'each-minute', isEnabled: true, schedule: 'rate(1 minute)' }]),
  network: { isInVpc: false, isPrivate: false, looks: [] },
  metric: seen({ lastDatapointMs: minutesAgo(1), hasUnit: null }),
  dimensionSets: seen([metric.dimensions]),
  alarms: seen([alarm('env-recovery-app-heartbeat')]),
  scalingAlarms: seen([alarm(high), alarm(low, { state: 'ALARM' })]),
  policies: seen([policyOf()]),
  group: seen(groupOf()),
  activities: seen([{ status: 'Successful', at: '2026-11-30T07:00:00.000Z', message: '' }]),
  refreshes: seen([]),
  isStackDeployed: seen(true),
  subscriptions: seen([{ protocol: 'email', isConfirmed: true }]),
  backup: seen({ exists: true, gaps: [] }),
  ...part,
});

/** What a chain looks like whose function has had no number for half an hour. */
export const stopped = {
  metric: seen({ lastDatapointMs: minutesAgo(30), hasUnit: null }),
  alarms: seen([alarm('env-recovery-app-heartbeat', { state: 'ALARM' })]),
  scalingAlarms: seen([
    alarm(high, { state: 'INSUFFICIENT_DATA' }),
    alarm(low, { state: 'INSUFFICIENT_DATA' }),
  ]),
  answer: { fault: 'EndpointUnreachable', detail: 'ECONNREFUSED', isPrivate: true },
} as const satisfies Partial<Facts>;
