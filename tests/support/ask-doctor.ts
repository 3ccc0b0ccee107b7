/** The doctor as the functions ask it: what goes to its function and back is JSON, as on the wire. */
import * as v from 'valibot';
import type { Clock } from '../../aws/clock.ts';
import { lookAtChain } from '../../aws/doctor/chain-look.ts';
import { ChainLook, ChainQuestion } from '../../workflow/doctor/chain-look.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import type { TestAws } from './aws.ts';
import { steppedClock } from './services.ts';

/** Time stands still: whoever waits does so for ever. */
export const stillClock = () => steppedClock(undefined, () => new Promise(() => undefined));

export const doctorOf =
  (aws: TestAws, target: DeployedTarget, clock: Clock = stillClock()) =>
  async (question: ChainQuestion): Promise<ChainLook> => {
    const asked = v.parse(ChainQuestion, JSON.parse(JSON.stringify(question)));
    const look = await lookAtChain(asked, { target, clock }, aws.clientConfig);
    return v.parse(ChainLook, JSON.parse(JSON.stringify(look)));
  };
