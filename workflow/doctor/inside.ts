/** What the recovery itself has seen of the endpoint, from inside its network: the doctor need not ask from outside. */
import { deployOf, type RecoveryState } from '../chain.ts';
import { type EndpointFault, endpointFaults } from '../endpoint-fault.ts';
import type { AnswerFacts } from './facts.ts';

export interface SeenInside {
  /** What the name means there; `undefined` if nobody has resolved it there. */
  readonly addresses?: readonly string[] | undefined;
  /** `undefined` if it was not asked, or if what it answered counts no more. */
  readonly answer?: AnswerFacts | undefined;
}

type SeenByStates = Pick<RecoveryState, 'check' | 'deployment' | 'endpoint'>;

const isFault = (name: string | undefined): name is EndpointFault =>
  endpointFaults.some((fault) => fault === name);

/**
 * @param failedBy what `VerifyEndpoint` failed by, if it did.
 */
export function seenInside(state: SeenByStates, failedBy?: string): SeenInside {
  const { check, endpoint } = state;
  const answer = (fault: EndpointFault | undefined, detail: string): AnswerFacts => ({
    fault,
    detail,
    isPrivate: false,
    isInside: true,
  });
  const found = isFault(failedBy) ? failedBy : check?.finding;
  const addresses = check?.addresses ?? (found === 'EndpointNameNotResolved' ? [] : undefined);
  if (isFault(failedBy)) return { addresses, answer: answer(failedBy, failedBy) };
  // A deploy has changed since what the check saw.
  const valid = deployOf(state) ? undefined : check;
  const proof = endpoint ?? valid?.proof;
  if (proof) return { addresses, answer: answer(undefined, `HTTP ${proof.httpStatus}`) };
  if (!valid || !isFault(valid.finding)) return { addresses };
  const { finding, httpStatus } = valid;
  return { addresses, answer: answer(finding, httpStatus === null ? finding : `HTTP ${httpStatus}`) };
}
