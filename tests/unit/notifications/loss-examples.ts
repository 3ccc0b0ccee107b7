import type { Recovery } from '../../../workflow/commands.ts';
import { endNotification } from '../../../workflow/end-message.ts';
import { describeLoss } from '../../../workflow/loss.ts';
import { lossNotification } from '../../../workflow/loss-message.ts';
import type { RecoveryReport } from '../../../workflow/report.ts';
import type { Loss } from '../../../workflow/results.ts';

const loss: Loss = {
  keys: ['DB_PORT', 'DEBUG', 'SENTRY_DSN', 'GUNICORN_WORKERS'],
  hiddenCount: 0,
  source: { kind: 'history', version: 38, isKnownGood: true },
  since: { version: 41, modifiedAt: '2026-01-01T17:58:00.000Z' },
};
const knownGood = {
  outcome: 'KeysLost' as const,
  version: 42,
  why: `it ${describeLoss(loss)}`,
  backup: null,
  loss,
};

/** What is told of lost keys: by itself, and with a repair. */
export function lossExamples(recovery: Recovery, report: RecoveryReport) {
  const env: RecoveryReport['env'] = {
    ...report.env,
    finding: 'Complete',
    keyCountBefore: 9,
    keyCountAfter: 9,
    versionBefore: 42,
    restoredKeys: [],
    source: null,
    notes: [`version 42 was not marked as known-good: ${knownGood.why}`],
  };
  const healthy: RecoveryReport = {
    ...report,
    outcome: 'Healthy',
    trigger: 'parameter',
    reason: 'Update of /academy/api/env',
    env,
    deployment: null,
    knownGood,
  };
  return {
    'keys-lost': lossNotification(recovery, healthy, loss),
    'recovered-with-keys-lost': endNotification(recovery, { ...report, env, knownGood }),
  };
}
