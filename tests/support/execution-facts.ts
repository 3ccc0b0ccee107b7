/** An execution and its plan, as the states of the machine and the messages see them. */
import type { ExecutionRef } from '../../workflow/execution-ref.ts';
import type { PlannedFunction, RecoveryPlan } from '../../workflow/plan.ts';
import { documentName, parameterName } from './app-names.ts';

const arnPrefix = 'arn:aws:states:ap-northeast-2:111122223333:execution:env-recovery-app:';

const startedAt = new Date(Date.now() - 5000).toISOString();

export const executionRef = ({ name = 'run-1', ...part }: Partial<ExecutionRef> = {}): ExecutionRef => ({
  arn: `${arnPrefix}${name}`,
  name,
  startedAt,
  redriveCount: 0,
  ...part,
});

/** A metric function that is as it should be, but for `part`. */
export const plannedFunction = (part: Partial<PlannedFunction> = {}): PlannedFunction => ({
  functionName: 'metric',
  revisionId: null,
  setKeys: [],
  removedKeys: [],
  problem: null,
  ...part,
});

/** A plan of a target that asks nobody, but for `part`. */
export const recoveryPlan = (part: Partial<RecoveryPlan> = {}): RecoveryPlan => ({
  outcome: 'Planned',
  decision: 'Repair',
  hash: '0123456789abcdef',
  needsApproval: false,
  parameter: { parameterName, finding: 'Complete', version: 1, modifiedAt: null },
  endpoint: { finding: 'NotAsked', httpStatus: null },
  restore: null,
  deploy: { documentName, instanceIds: ['i-00000001'], commands: [], problem: null },
  function: plannedFunction(),
  ...part,
});

const provenAt = '2026-01-01T00:00:00.000Z';

/**
 * What MarkKnownGood gets of a run that has proved its end.
 *
 * @param deployedAt when the deploy started; without it, there was none.
 */
export const provenBy = (deployedAt: string | undefined) => ({
  ...(deployedAt === undefined
    ? {}
    : {
        deployment: {
          outcome: 'Success' as const,
          commandId: '00000000-0000-0000-0000-000000000000',
          documentName: 'deploy',
          instanceIds: ['i-00000001'],
          resumed: false,
          redriveCount: 0,
          startedAt: deployedAt,
          deadline: provenAt,
          finishedAt: provenAt,
        },
      }),
  check: { finding: 'NotAsked' as const, needsDeploy: false, httpStatus: null, proof: null },
  endpoint: { httpStatus: 200 as const, backlog: 7, attempts: 1, verifiedAt: provenAt },
  backlog: { backlog: 7, metric: 'N/M', datapoint: { value: 7, timestamp: provenAt } },
});
