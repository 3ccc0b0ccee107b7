/** A ledger for the tests of its rules: no table, no Step Functions, and a clock that the tests move. */
import {
  emptyLedger,
  end,
  hold,
  keepApproval,
  type Ledger,
  type Statuses,
  take,
} from '../../workflow/ledger.ts';
import type { NewEnding, Run } from '../../workflow/pauses.ts';
import type { RecoveryPlan } from '../../workflow/plan.ts';

export const minute = 60_000;
/** When the tests begin. */
export const start = Date.parse('2026-01-01T12:00:00Z');
export const pauses = { cooldownMinutes: 10, maxFailures: 3, windowHours: 6 };
export const run = (name: string, redriveCount = 0): Run => ({
  arn: `arn:aws:states:ap-northeast-2:111122223333:execution:env-recovery-app:${name}`,
  redriveCount,
});
export const status = (of: Run, name: string, stoppedAtMs?: number): Statuses =>
  new Map([[of.arn, { status: name, redriveCount: of.redriveCount, stoppedAtMs }]]);
export const nobody: Statuses = new Map();
export const iso = (ms: number) => new Date(ms).toISOString();
export const lost = (message = /./) =>
  expect.objectContaining({ name: 'LeaseLost', message: expect.stringMatching(message) });

const plan: RecoveryPlan = {
  outcome: 'Planned',
  decision: 'AskFirst',
  hash: '0123456789abcdef',
  needsApproval: true,
  parameter: { parameterName: '/app/env', finding: 'Complete', version: 1, modifiedAt: null },
  endpoint: { finding: 'NotAsked', httpStatus: null },
  restore: null,
  deploy: { documentName: 'app-deploy', instanceIds: ['i-00000001'], commands: [], problem: null },
  function: { functionName: 'metric', revisionId: null, setKeys: [], removedKeys: [], problem: null },
};

/** A target whose ledger is changed by one rule after another. */
export function target() {
  let ledger: Ledger = emptyLedger;
  let nowMs = start;
  const apply = <T>({ next = ledger, answer }: { readonly next?: Ledger; readonly answer: T }): T => {
    ledger = next;
    return answer;
  };
  return {
    ledger: () => ledger,
    owner: () => ledger.owner,
    moveOn: (ms: number) => (nowMs += ms),
    take: (who: Run, statuses = nobody, force = false) =>
      apply(take(ledger, who, statuses, { pauses, force }, nowMs)),
    hold: (who: Run, statuses = nobody) => apply(hold(ledger, who, statuses, nowMs)),
    end: (who: Run, ending: NewEnding) => apply(end(ledger, who, ending, nowMs)),
    keepApproval: (who: Run, statuses = nobody) =>
      apply(
        keepApproval(
          ledger,
          who,
          statuses,
          { taskToken: 'token', plan, until: iso(nowMs + 60 * minute) },
          nowMs,
        ),
      ),
  };
}
export const failed = (told: boolean) => ({ outcome: 'Failed', counts: true, told }) as const;
export const recovered = (told: boolean) => ({ outcome: 'Recovered', counts: true, told }) as const;
export const healthy = { outcome: 'Healthy', counts: false, told: true } as const;
