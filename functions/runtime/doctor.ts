import { systemClock } from '../../aws/clock.ts';
import { askDoctor } from '../../aws/doctor-function.ts';
import { openLambda } from '../../aws/lambda-clients.ts';
import type { ChainLook, ChainQuestion } from '../../workflow/doctor/chain-look.ts';
import type { DeployedTarget } from '../../workflow/target.ts';

/** What the doctor sees of the whole chain; never throws, and ends within half a minute. */
export type AskDoctor = (question: ChainQuestion) => Promise<ChainLook>;

export const openDoctor = (target: DeployedTarget): AskDoctor => {
  const services = { target, lambda: openLambda().invoker, clock: systemClock };
  return (question) => askDoctor(question, services);
};
