import { lookAtChain } from '../../aws/doctor/chain-look.ts';
import { ChainQuestion } from '../../workflow/doctor/chain-look.ts';
import { lambdaHandler } from '../runtime/handler.ts';
import { NoResources } from '../runtime/resources.ts';

/** Looks at the whole chain as `recover doctor` does, for the message about a failure and for a plan; it only reads. */
export const handler = lambdaHandler(ChainQuestion, NoResources, () => ({}), lookAtChain);
