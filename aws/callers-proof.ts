import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { type CallsInMinute, judgeCallers, type OwnCalls } from '../workflow/callers-proof.ts';
import { RecoveryError } from '../workflow/recovery-error.ts';
import type { CallersProof } from '../workflow/results.ts';
import type { Clock } from './clock.ts';
import { readMinutes } from './metric-look.ts';

/** The calls of a function, as Lambda publishes them: whichever version or alias was called. */
export function readCalls(
  cloudWatch: CloudWatchClient,
  functionName: string,
  times: { readonly sinceMs: number; readonly nowMs: number },
): Promise<CallsInMinute[]> {
  return readMinutes(cloudWatch, {
    metric: { namespace: 'AWS/Lambda', name: 'Invocations', dimensions: { FunctionName: functionName } },
    statistic: 'Sum',
    ...times,
  });
}

/**
 * Looks whether anybody but the recovery calls the metric function.
 *
 * @param own since when, and how often, the recovery itself has called it.
 * @returns `Unknown` if nobody could look: the metric is back in any case.
 */
export async function proveCallers(
  { clock, cloudWatch }: ProofServices,
  functionName: string,
  own: OwnCalls & { readonly withinSeconds: number },
): Promise<CallersProof> {
  const times = { sinceMs: own.ownSinceMs - own.withinSeconds * 1000, nowMs: clock.now() };
  try {
    return judgeCallers(await readCalls(cloudWatch, functionName, times), functionName, own);
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return { outcome: 'Unknown', says: error.message };
  }
}

interface ProofServices {
  readonly clock: Clock;
  readonly cloudWatch: CloudWatchClient;
}
