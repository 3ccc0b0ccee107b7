/** The state objects that ReportRecovery gets. */
import type { ProvenRun, RefusedRun } from '../../workflow/chain.ts';
import { envFinding } from './aws.ts';
import { executionRef, recoveryPlan } from './execution-facts.ts';

export const request = {
  mode: 'recover',
  deploy: 'auto',
  force: false,
  reason: null,
  trigger: 'schedule',
} as const;
const execution = executionRef({ startedAt: '2026-01-01T18:00:00.000Z' });
/** 252 seconds later. */
export const finishedAtMs = Date.parse('2026-01-01T18:04:12.000Z');

/** A run that found everything in order, but for `part`. */
export const provenRun = (part: Partial<ProvenRun> = {}): ProvenRun => ({
  execution,
  request,
  env: envFinding({}),
  check: {
    finding: 'Healthy',
    needsDeploy: false,
    httpStatus: 200,
    proof: { httpStatus: 200, backlog: 6, attempts: 1, verifiedAt: '2026-01-01T18:00:01.000Z' },
  },
  plan: recoveryPlan({
    decision: 'LeaveAlone',
    endpoint: { finding: 'Healthy', httpStatus: 200 },
    deploy: null,
  }),
  backlog: {
    backlog: 7,
    metric: 'App/BacklogCount',
    datapoint: { value: 7, timestamp: '2026-01-01T18:04:00.000Z' },
  },
  knownGood: { outcome: 'AlreadyMarked', version: 1, why: 'it has the label', backup: null },
  ...part,
});

/** What the states give of a target that can only be seen to answer. */
export const healthOnly = {
  endpoint: { httpStatus: 200, backlog: null, attempts: 1, verifiedAt: '2026-01-01T18:03:00.000Z' },
  patch: { outcome: 'NotInTarget' },
  backlog: { backlog: null, metric: null, datapoint: null },
} as const satisfies Partial<ProvenRun>;

/** A run that has restored one key, deployed, and patched the function. */
export const repairedRun = (part: Partial<ProvenRun> = {}): ProvenRun =>
  provenRun({
    env: envFinding({ complete: false, finding: 'Incomplete', missingKeys: ['DB_HOST'] }),
    check: { finding: 'NotAsked', needsDeploy: false, httpStatus: null, proof: null },
    plan: recoveryPlan(),
    announcement: { problem: null },
    upload: {
      outcome: 'Restored',
      version: 2,
      modifiedAt: null,
      previousVersion: 1,
      source: { kind: 'history', version: 0, isKnownGood: true },
      keyCount: 2,
      restoredKeys: ['DB_HOST'],
      revertedKeys: [],
      leftOutLines: [],
      sourceNotes: [],
      sizeBytes: 20,
    },
    deployment: {
      outcome: 'Success',
      commandId: 'command-1',
      documentName: 'app-deploy',
      instanceIds: ['i-00000001'],
      resumed: false,
      redriveCount: 0,
      startedAt: '2026-01-01T18:01:00.000Z',
      deadline: '2026-01-01T18:11:00.000Z',
      finishedAt: '2026-01-01T18:02:33.440Z',
    },
    endpoint: { httpStatus: 200, backlog: 7, attempts: 3, verifiedAt: '2026-01-01T18:03:00.000Z' },
    patch: {
      outcome: 'Patched',
      functionName: 'metric',
      setKeys: ['API_KEY'],
      removedKeys: ['API_HOST'],
      keptKeyCount: 9,
      sizeBytes: 100,
      completedAt: '2026-01-01T18:03:10.000Z',
    },
    knownGood: { outcome: 'Marked', version: 2, why: 'it was deployed', backup: null },
    ...part,
  });

/** A run whose plan nobody has approved in time, but for `part`. */
export const refusedRun = (part: Partial<RefusedRun> = {}): RefusedRun => ({
  execution,
  request,
  plan: recoveryPlan({ decision: 'AskFirst', needsApproval: true }),
  refusal: { Error: 'States.Timeout', Cause: '' },
  ...part,
});
