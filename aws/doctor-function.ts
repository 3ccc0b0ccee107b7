/**
 * Asks the function with the doctor in it. Its clients weigh more than all else in a function, so what needs its answer
 * only now and then asks for it, and whatever becomes of that function, the one that asks goes on.
 */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { ChainLook, type ChainQuestion, unseenChain } from '../workflow/doctor/chain-look.ts';
import { RecoveryError, safeCause } from '../workflow/recovery-error.ts';
import { functionNameOf } from '../workflow/stack-names.ts';
import type { DeployedTarget } from '../workflow/target.ts';
import { callAws } from './call.ts';
import type { Clock } from './clock.ts';

/** The function is ended by then. */
const askWithinSeconds = 30;

const Answer = v.pipe(v.string(), v.parseJson(), ChainLook);

/**
 * What the doctor sees of the whole chain. Never throws, and ends within half a minute.
 *
 * @param lambda one that sends the call once, and waits while the function runs.
 */
export async function askDoctor(
  question: ChainQuestion,
  {
    target,
    lambda,
    clock,
  }: { readonly target: DeployedTarget; readonly lambda: LambdaClient; readonly clock: Clock },
): Promise<ChainLook> {
  const name = functionNameOf(target.name, 'diagnoseChain');
  const nobodyLooked = (why: string) => unseenChain(target, `function ${name} could not look: ${why}`);
  const ask = async () => {
    const { FunctionError, Payload } = await callAws(
      { action: 'lambda:InvokeFunction', resource: `function ${name}` },
      () => lambda.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(question) })),
    );
    if (FunctionError !== undefined) return nobodyLooked(`it failed (${FunctionError})`);
    const answer = v.safeParse(Answer, Buffer.from(Payload ?? []).toString('utf8'));
    return answer.success ? answer.output : nobodyLooked('its answer can not be read');
  };
  const tooLate = async () => {
    await clock.sleep(askWithinSeconds * 1000);
    return nobodyLooked(`it did not answer within ${askWithinSeconds} s`);
  };
  try {
    return await Promise.race([ask(), tooLate()]);
  } catch (error) {
    return nobodyLooked(error instanceof RecoveryError ? error.message : safeCause(error).name);
  }
}
