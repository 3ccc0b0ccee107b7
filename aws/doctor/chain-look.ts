/** The doctor's look at the whole chain, for a message and for a plan: bounded in time, and never a failure. */
import type { ChainLook, ChainQuestion } from '../../workflow/doctor/chain-look.ts';
import { unseenChain } from '../../workflow/doctor/chain-look.ts';
import { diagnose } from '../../workflow/doctor/diagnosis.ts';
import { seenInside } from '../../workflow/doctor/inside.ts';
import { placeOf } from '../../workflow/doctor/place.ts';
import { summarize } from '../../workflow/doctor/summarize.ts';
import { wayIn } from '../../workflow/doctor/way.ts';
import { RecoveryError, safeCause } from '../../workflow/recovery-error.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import type { Clock } from '../clock.ts';
import { type DoctorConfig, openDoctorClients } from './clients.ts';
import { gatherFacts } from './gather.ts';

/** Whoever waits for the message or the plan can look for himself after that. */
const lookWithinSeconds = 20;

/**
 * Never throws, and ends within about 20 seconds: what has no answer by then could not be looked at.
 *
 * @param config where AWS is, unless the surroundings say so.
 */
export async function lookAtChain(
  { executionArn, state, failedBy }: ChainQuestion,
  { target, clock }: { readonly target: DeployedTarget; readonly clock: Clock },
  config: DoctorConfig = {},
): Promise<ChainLook> {
  const clients = openDoctorClients(target, config, tooLate(clock));
  const place = placeOf(executionArn);
  const inside = seenInside(state, failedBy);
  try {
    const { facts } = await gatherFacts({ target, clients, nowMs: clock.now(), place, inside });
    return {
      diagnosis: summarize(diagnose(facts, target), target, place, inside),
      way: wayIn(facts.network, target),
    };
  } catch (error) {
    return unseenChain(target, error instanceof RecoveryError ? error.message : safeCause(error).name);
  } finally {
    clients.close();
  }
}

async function tooLate(clock: Clock): Promise<never> {
  await clock.sleep(lookWithinSeconds * 1000);
  throw new RecoveryError('AwsUnavailable', `AWS did not answer within ${lookWithinSeconds} s.`);
}
