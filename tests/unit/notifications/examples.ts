/** One notification of each kind; run as a program, it writes what they say to the golden files beside it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endNotification } from '../../../workflow/end-message.ts';
import { classifyFailure, type FailureReport } from '../../../workflow/failure.ts';
import {
  approvalNotification,
  failureNotification,
  type Notification,
  refusalNotification,
  startNotification,
} from '../../../workflow/messages.ts';
import { hashPlan, type RecoveryPlan } from '../../../workflow/plan.ts';
import { RecoveryError } from '../../../workflow/recovery-error.ts';
import type { RecoveryReport, RefusalReport } from '../../../workflow/report.ts';
import type { Request } from '../../../workflow/request.ts';
import { envIncomplete } from './diagnoses.ts';
import { endExamples } from './end-examples.ts';
import { failureExamples } from './failure-examples.ts';
import { functionExamples } from './function-examples.ts';
import { lossExamples } from './loss-examples.ts';
import { planExamples } from './plan-examples.ts';
import { relapseExample } from './relapse-example.ts';
import { scalingExamples } from './scaling-examples.ts';
import { unreachableExamples } from './unreachable-examples.ts';

const recovery = {
  target: 'academy-api',
  execution: { arn: 'arn:aws:states:ap-northeast-2:111122223333:execution:env-recovery-academy-api:night-1' },
};
const request: Request = {
  mode: 'recover',
  deploy: 'auto',
  force: false,
  reason: 'env-recovery-academy-api-heartbeat is ALARM',
  trigger: 'alarm',
};
const parameter: RecoveryPlan['parameter'] = {
  parameterName: '/academy/api/env',
  finding: 'Incomplete',
  version: 41,
  modifiedAt: '2026-01-01T17:58:00.000Z',
};
const restoredKeys = ['SECRET_KEY', 'DB_HOST', 'DB_NAME', 'DB_USER', 'DB_PASSWORD', 'REDIS_URL'];
const ingredients = {
  parameter,
  restore: {
    source: { kind: 'history' as const, version: 38, isKnownGood: true },
    restoredKeys,
    revertedKeys: ['DB_HOST'],
    leftOutLines: [],
    sourceNotes: [],
    keyCount: 13,
  },
  deploy: {
    documentName: 'env-recovery-academy-api-deploy',
    instanceIds: ['i-00000000000000001', 'i-00000000000000002'],
    commands: ['#!/bin/bash', 'set -euo pipefail', 'bash scripts/deploy_api_on_server.sh'],
    problem: null,
  },
  function: {
    functionName: 'academy-worker-queue-depth-metric',
    revisionId: '00000000-0000-0000-0000-000000000000',
    setKeys: ['LAMBDA_INTERNAL_API_KEY'],
    removedKeys: ['VIDEO_BACKLOG_API_HOST'],
    problem: null,
  },
};
const plan: RecoveryPlan & typeof ingredients = {
  outcome: 'Planned',
  decision: 'Repair',
  endpoint: { finding: 'NotAsked', httpStatus: null },
  hash: hashPlan(ingredients),
  needsApproval: false,
  ...ingredients,
};
const report = {
  outcome: 'Recovered',
  execution: 'night-1',
  trigger: 'alarm',
  reason: request.reason,
  startedAt: '2026-01-01T18:00:00.000Z',
  finishedAt: '2026-01-01T18:04:12.000Z',
  durationSeconds: 252,
  proven: ['endpoint', 'backlog', 'datapoint'],
  notProven: [],
  env: {
    parameterName: '/academy/api/env',
    finding: 'Incomplete',
    keyCountBefore: 1,
    keyCountAfter: 13,
    versionBefore: 41,
    versionAfter: 42,
    restoredKeys,
    source: ingredients.restore.source,
    notes: ['lines ended with CRLF (not written back)'],
  },
  deployment: {
    commandId: '00000000-0000-0000-0000-000000000000',
    instanceIds: ingredients.deploy.instanceIds,
    durationSeconds: 93.4,
  },
  found: { finding: 'NotAsked', httpStatus: null },
  endpoint: { httpStatus: 200, backlog: 7 },
  function: {
    functionName: 'academy-worker-queue-depth-metric',
    outcome: 'Patched',
    setKeys: ['LAMBDA_INTERNAL_API_KEY'],
    removedKeys: ['VIDEO_BACKLOG_API_HOST'],
    keptKeyCount: 9,
    backlog: 7,
  },
  metric: {
    name: 'Academy/VideoProcessing/BacklogCount',
    value: 7,
    timestamp: '2026-01-01T18:04:00.000Z',
  },
  callers: { outcome: 'Called', says: 'its function was called 15 times by others in the last 15 min' },
  scaling: {
    outcome: 'Scaled',
    group: 'academy-video-worker-asg',
    says: 'Launching a new EC2 instance: i-00000000000000003 (InProgress, 2026-01-01T18:03:58.000Z); group academy-video-worker-asg has 2 workers of 3 wanted',
  },
  knownGood: { outcome: 'Marked', version: 42, why: 'it was deployed', backup: null },
} satisfies RecoveryReport;
const refusal = (outcome: RefusalReport['outcome'], answer: RefusalReport['answer']): RefusalReport => ({
  outcome,
  execution: 'night-1',
  trigger: 'schedule',
  reason: null,
  startedAt: '2026-01-01T18:00:00.000Z',
  finishedAt: '2026-01-01T19:00:00.000Z',
  answer,
  plan,
});
const answer = { decision: 'Approved' as const, hash: plan.hash, by: 'oncall' };
const done: FailureReport['done'] = {
  request,
  upload: {
    outcome: 'Restored',
    version: 42,
    modifiedAt: null,
    previousVersion: 41,
    source: ingredients.restore.source,
    keyCount: 13,
    restoredKeys,
    revertedKeys: [],
    leftOutLines: [],
    sourceNotes: [],
    sizeBytes: 900,
  },
};
const failure = (
  part: Partial<FailureReport>,
  status: Parameters<typeof classifyFailure>[0]['status'],
  error?: Error,
  stateName = 'DeployApi',
): Notification =>
  failureNotification(recovery, {
    ...classifyFailure(
      { status, error: error?.name, cause: JSON.stringify({ errorMessage: error?.message }) },
      { name: stateName, state: part.done ?? done },
    ),
    done,
    cancelledCommands: [],
    diagnosis: { broken: null, alsoBroken: [], following: [], unknown: [] },
    way: [],
    durationSeconds: 75.2,
    pause: undefined,
    isPaused: false,
    ...part,
  });

export const examples: Readonly<Record<string, Notification>> = {
  started: startNotification(recovery, request, plan),
  'approval-needed': approvalNotification(
    recovery,
    { ...request, trigger: 'schedule', reason: null },
    {
      ...plan,
      diagnosis: envIncomplete,
      restore: {
        ...ingredients.restore,
        leftOutLines: [1, 3],
        sourceNotes: [
          'in known-good version 38: line 7: python-dotenv drops this line',
          "version 39 can't be decrypted (InvalidKeyId, key alias/old)",
        ],
      },
    },
    '2026-01-01T19:00:00.000Z',
  ),
  recovered: endNotification(recovery, report),
  ...planExamples(recovery, request, plan),
  ...functionExamples(recovery, request, plan, report),
  ...endExamples(recovery, report),
  ...lossExamples(recovery, report),
  ...scalingExamples(recovery, report),
  ...relapseExample(recovery, request),
  'not-in-time': refusalNotification(recovery, refusal('NotApproved', null)),
  rejected: refusalNotification(recovery, refusal('NotApproved', { ...answer, decision: 'Rejected' })),
  'plan-changed': refusalNotification(recovery, refusal('PlanChanged', answer)),
  ...failureExamples(failure, request),
  ...unreachableExamples(failure),
  'failed-unexpectedly': failure({ done: {} }, 'FAILED', new TypeError('a value that may be a secret')),
  'failed-at-the-end': failure(
    { done: { ...done, knownGood: report.knownGood } },
    'FAILED',
    new RecoveryError('AccessDenied', 'sns:Publish on topic env-recovery-academy-api: access denied.'),
    'ReportRecovery',
  ),
  aborted: failure({ cancelledCommands: ['00000000-0000-0000-0000-000000000000'] }, 'ABORTED'),
  'timed-out': failure({}, 'TIMED_OUT'),
};

export const goldenFile = (name: string) => join(import.meta.dirname, `${name}.txt`);
export const render = ({ subject, text }: Notification) => `Subject: ${subject}\n\n${text}`;

if (process.argv[1] === import.meta.filename)
  for (const [name, notification] of Object.entries(examples))
    writeFileSync(goldenFile(name), render(notification));
