/** A state machine in the sandbox whose functions a test plays, and what its history tells. */
import * as v from 'valibot';
import type { FunctionOutcome } from '../../sandbox/function-thread.ts';
import type { ServiceEvent } from '../../sandbox/services/eventbridge.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import { StateMachines } from '../../sandbox/services/states.ts';

export const machineArn = 'arn:aws:states:ap-northeast-2:111122223333:stateMachine:machine';
export const functionArn = (name: string) => `arn:aws:lambda:ap-northeast-2:111122223333:function:${name}`;
export const task = (name: string, part: object = {}) => ({
  Type: 'Task',
  Resource: functionArn(name),
  ...part,
});
export const end = { End: true };
export const ask = (part: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Parameters: {
    FunctionName: functionArn('ask'),
    Payload: { 'token.$': '$$.Task.Token', 'again.$': '$$.Task.Token' },
  },
  ...part,
});
export const retry = (...ErrorEquals: string[]) => ({ Retry: [{ ErrorEquals, MaxAttempts: 2 }] });

export const failWith = (errorType: string): FunctionOutcome => ({
  error: { errorType, errorMessage: 'played' },
});

/** A machine whose functions are played: by what they answer, as far as it isn't an empty object. */
export function play(
  states: Record<string, object>,
  answers: Record<string, (input: unknown, call: number) => FunctionOutcome | Promise<FunctionOutcome>> = {},
  part: object = {},
) {
  const calls: { name: string; input: unknown }[] = [];
  const events: ServiceEvent[] = [];
  const machines = new StateMachines({
    retryMilliseconds: 0,
    onStatusChange: (event) => events.push(event),
    invoke: async (arn, input) => {
      const name = arn.split(':').at(-1) ?? '';
      calls.push({ name, input });
      const count = calls.filter((call) => call.name === name).length;
      return answers[name]?.(input, count) ?? { result: {} };
    },
  });
  const [StartAt] = Object.keys(states);
  // To validate them all takes a third of a second each.
  machines.add(machineArn, 'machine', JSON.stringify({ StartAt, States: states, ...part }), true);
  return {
    machines,
    calls,
    events,
    start: (input = '{}', name?: string) => machines.start(machineArn, input, name),
    inputsOf: (name: string) => calls.filter((call) => call.name === name).map(({ input }) => input),
  };
}

export const types = ({ history }: Execution) => history.map(({ type }) => type);
/** The details of all events of a type. */
export const detailsOf = ({ history }: Execution, type: string) =>
  history
    .filter((event) => event.type === type)
    .map((event) => Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1]);
export const tokenOf = (input: unknown) => v.parse(v.object({ token: v.string() }), input).token;

/** An answer that comes when it is let go. */
export function heldBack() {
  const { promise, resolve } = Promise.withResolvers<FunctionOutcome>();
  return { promise, letGo: () => resolve({ result: 'late' }) };
}
