/** The state machine as it is compiled, with functions that a test plays and no waits between tries. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { FunctionOutcome } from '../../sandbox/function-thread.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import { StateMachineProperties, StateMachines } from '../../sandbox/services/states.ts';
import { resolveTemplate, resourcesOf } from '../../sandbox/template.ts';
import type { Decision } from '../../workflow/plan.ts';
import { packagedIn } from './package-stacks.ts';

const template = readFileSync(
  join(packagedIn('academy-api'), 'cloudformation-template-update-stack.json'),
  'utf8',
);
const [found] = resourcesOf(
  resolveTemplate(template),
  'AWS::StepFunctions::StateMachine',
  StateMachineProperties,
);
if (!found) throw new Error('no state machine in the template');
export const machine = found;

export const Retrier = v.object({ ErrorEquals: v.array(v.string()), MaxAttempts: v.number() });
const Transition = v.looseObject({ Next: v.string(), ResultPath: v.optional(v.string()) });
const State = v.looseObject({
  Next: v.optional(v.string()),
  Default: v.optional(v.string()),
  Choices: v.optional(v.array(Transition)),
  Catch: v.optional(v.array(Transition)),
  ResultPath: v.optional(v.string()),
  Type: v.string(),
  Resource: v.optional(v.string()),
  TimeoutSeconds: v.optional(v.number()),
  Retry: v.optional(v.array(Retrier)),
});
export const definition = v.parse(
  v.object({ TimeoutSeconds: v.number(), States: v.record(v.string(), State) }),
  JSON.parse(machine.properties.DefinitionString),
);
export const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task');

/** What a function answers: a value, or the name of an error it throws. One after the other, the last for good. */
export type Answers = Record<string, readonly (object | string)[]>;

export const request = (part: object = {}) => ({
  takeLease: [{ request: { mode: 'recover', deploy: 'auto', ...part }, lease: {} }],
});
export const decided = (...decisions: Decision[]) => ({
  planRecovery: decisions.map((decision) => ({ decision, hash: 'one' })),
});
export const healthy: Answers = {
  ...request(),
  validateEnv: [{ complete: true }],
  checkEndpoint: [{ finding: 'Healthy' }],
  ...decided('LeaveAlone'),
  requestApproval: [{}],
  announceRecovery: [{}],
  uploadEnv: [{ outcome: 'Restored' }],
  deployApi: [{ outcome: 'Success' }],
  verifyEndpoint: [{ httpStatus: 200 }],
  patchLambdaEnv: [{ outcome: 'Unchanged' }],
  confirmBacklog: [{ backlog: 7 }],
  markKnownGood: [{ outcome: 'AlreadyMarked' }],
  reportRecovery: [{ outcome: 'Healthy' }],
};
/** Everything has to be done. */
export const outage: Answers = { validateEnv: [{ complete: false }], ...decided('Repair') };

let play: (functionName: string, input: unknown) => FunctionOutcome;
export const machines = new StateMachines({
  retryMilliseconds: 0,
  invoke: async (arn, input) => play(arn.split('-').at(-1) ?? '', input),
});
machines.add(machine.arn, machine.properties.StateMachineName, machine.properties.DefinitionString);

/** @param answer what a person answers at once to an execution that asks: yes, or no with its reason. */
export async function run(answers: Answers, answer?: object | string, machineArn = machine.arn) {
  const played: string[] = [];
  const inputs = new Map<string, unknown>();
  play = (name, input) => {
    const queue = { ...healthy, ...answers }[name] ?? [];
    const result = queue[Math.min(played.filter((one) => one === name).length, queue.length - 1)];
    played.push(name);
    inputs.set(name, input);
    const token = v.safeParse(v.object({ taskToken: v.string() }), input);
    if (answer !== undefined && token.success && typeof result !== 'string')
      setImmediate(() =>
        typeof answer === 'string'
          ? machines.failTask(token.output.taskToken, answer, '{}')
          : machines.succeedTask(token.output.taskToken, JSON.stringify(answer)),
      );
    return typeof result === 'string' ? { error: { errorType: result, errorMessage: 'played' } } : { result };
  };
  const execution = machines.start(machineArn, '{"reason":"test"}');
  await execution.ended;
  return { execution, played, inputs };
}

/** How many states an execution has entered: what it costs. */
export const enteredBy = ({ history }: Execution) =>
  history.filter(({ type }) => type.endsWith('StateEntered')).length;
