/** What goes wrong with the calls to an endpoint, and what happens between two of them. */
import type { Call, Endpoint, Fault } from '../../sandbox/endpoint.ts';

export interface Faults {
  /** Does something right before the next call of an operation, or the one that many calls on, once. */
  meanwhile(operation: string, act: () => void, callsOn?: number): void;
  /** Lets calls of one operation fail, as often as there are faults; then they work again. */
  fail(operation: string, ...faults: Fault[]): void;
}

export function injectFaults(endpoint: Endpoint): Faults {
  const faults: { operation: string; fault: Fault }[] = [];
  const interruptions: { operation: string; act: () => void; callsOn: number }[] = [];
  endpoint.injectFault = (call: Call) => {
    const interruption = interruptions.find(({ operation }) => operation === call.operation);
    if (interruption && --interruption.callsOn === 0) {
      interruptions.splice(interruptions.indexOf(interruption), 1);
      interruption.act();
    }
    const index = faults.findIndex(({ operation }) => operation === call.operation);
    return index === -1 ? undefined : faults.splice(index, 1)[0]?.fault;
  };
  return {
    meanwhile: (operation, act, callsOn = 1) => interruptions.push({ operation, act, callsOn }),
    fail: (operation, ...wanted) => faults.push(...wanted.map((fault) => ({ operation, fault }))),
  };
}
