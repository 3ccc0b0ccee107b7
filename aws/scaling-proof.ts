import { seenIn } from '../workflow/doctor/checks.ts';
import type { AlarmFacts } from '../workflow/doctor/facts.ts';
import type { Seen } from '../workflow/network/seen.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { ScalingProof } from '../workflow/results.ts';
import { judgeScaling, type ScalingSubject } from '../workflow/scaling-proof.ts';
import type { Clock } from './clock.ts';
import { lookAtGroup, lookAtUnit, type ScalingClients } from './scaling-look.ts';

/** The function that waits has time for it after the longest wait for a datapoint. */
export const mostScalingSeconds = 240;

/** Of what an alarm is evaluated over: until it is evaluated, has acted, and the activity shows. */
const spareShare = 2 / 3;

const [leastMsBetween, mostLooks] = [2_000, 24];

export interface ScalingQuestion extends ScalingSubject {
  readonly clock: Clock;
  /** The start of the datapoint that proves the repair. */
  readonly datapointMs: number;
}

/**
 * Looks whether the workers follow the metric again, and looks again until the alarms of target tracking have spoken, but
 * not for longer than they need for that.
 *
 * @returns `Unknown` if nobody could look: the metric is back in any case.
 */
export async function proveScaling(
  clients: ScalingClients,
  question: ScalingQuestion,
): Promise<ScalingProof> {
  const { group } = question.scaling;
  try {
    return await waitForScaling(clients, question);
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return { outcome: 'Unknown', group, says: error.message };
  }
}

async function waitForScaling(clients: ScalingClients, question: ScalingQuestion): Promise<ScalingProof> {
  const { scaling, clock, datapointMs } = question;
  const startedAtMs = clock.now();
  for (;;) {
    const found = await lookAtGroup(clients, scaling.group);
    const nowMs = clock.now();
    // By the minute, whatever the period is.
    const times = { sinceMs: datapointMs - 60_000, nowMs };
    const hasUnit = await lookAtUnit(clients, scaling.metric, found.policies, times);
    const metric = { seen: true, value: { lastDatapointMs: datapointMs, hasUnit } } as const;
    const { isFinal, proof } = judgeScaling({ ...found, metric, nowMs }, question);
    const waitMs = waitFor(found.scalingAlarms);
    const pauseMs = Math.max(leastMsBetween, waitMs / mostLooks);
    if (isFinal || clock.now() + pauseMs > startedAtMs + waitMs) return proof;
    await clock.sleep(pauseMs);
  }
}

/** As long as the quickest alarm takes, which is the one that scales out. */
function waitFor(alarms: Seen<readonly AlarmFacts[]>): number {
  const seconds = (seenIn(alarms) ?? []).map(({ evaluatedSeconds }) => evaluatedSeconds);
  const quickest = seconds.length === 0 ? 0 : Math.min(...seconds);
  return Math.min(quickest * (1 + spareShare), mostScalingSeconds) * 1000;
}
