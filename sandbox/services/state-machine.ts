/** State machine definitions, prepared for the interpreter, which lacks some features. */
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import * as v from 'valibot';

/** The input and output of a state. */
export type JsonValue = Parameters<StateMachine['run']>[0];

const notKnown = v.never('the sandbox does not know this');
const State = v.looseObject({
  Type: v.picklist(['Task', 'Choice', 'Wait', 'Pass', 'Succeed', 'Fail']),
  Resource: v.optional(v.string()),
  TimeoutSeconds: v.optional(v.number()),
  TimeoutSecondsPath: v.optional(notKnown),
  HeartbeatSeconds: v.optional(notKnown),
  HeartbeatSecondsPath: v.optional(notKnown),
});

const Definition = v.object({
  StartAt: v.string(),
  TimeoutSeconds: v.optional(v.number()),
  States: v.record(v.string(), State),
});

/** A Task that gives a token to a function, and waits until somebody answers with the token. */
export const waitForTaskToken = 'arn:aws:states:::lambda:invoke.waitForTaskToken';

export interface Task {
  readonly name: string;
  readonly resource: string;
  readonly timeoutSeconds: number | undefined;
}

export interface Machine {
  readonly arn: string;
  readonly name: string;
  readonly startAt: string;
  readonly timeoutSeconds: number | undefined;
  readonly tasks: readonly Task[];
  /** As it was given. */
  readonly definitionString: string;
  /** For the interpreter. It has `$$.Run.Execution` and `$$.Run.State` where the machine's own has them without `Run`. */
  readonly definition: StateMachineDefinition;
}

/** The longest that a timer takes; without a limit of its own, a state runs for up to a year. */
const longestTimeoutSeconds = 2_147_483;

/** Does something when a time limit has passed; never, if there is none. */
export function afterLimit(seconds: number | undefined, act: () => void): NodeJS.Timeout | undefined {
  return seconds === undefined ? undefined : setTimeout(act, Math.min(seconds, longestTimeoutSeconds) * 1000);
}

/**
 * @param isValid if it was validated before: that takes longer than anything else in a sandbox's start.
 * @throws Error if the definition isn't valid, or holds something that isn't known here.
 */
export function readMachine(arn: string, name: string, definitionString: string, isValid = false): Machine {
  // The interpreter validates what it is given.
  if (!isValid) new StateMachine(JSON.parse(definitionString));
  const { StartAt, TimeoutSeconds, States } = v.parse(Definition, JSON.parse(definitionString));
  const tasks: Task[] = [];
  for (const [state, { Type, Resource = '', TimeoutSeconds: timeoutSeconds }] of Object.entries(States)) {
    if (Type !== 'Task') continue;
    if (Resource !== waitForTaskToken && !Resource.startsWith('arn:aws:lambda:'))
      throw new Error(`the sandbox does not know the resource ${Resource} of the state ${state}`);
    tasks.push({ name: state, resource: Resource, timeoutSeconds });
  }
  return {
    arn,
    name,
    startAt: StartAt,
    timeoutSeconds: TimeoutSeconds,
    tasks,
    definitionString,
    definition: JSON.parse(definitionString, adapt),
  };
}

/**
 * The interpreter for one run.
 *
 * @param onEnter is called when a state is entered, before anything in it is evaluated.
 */
export function interpreterOf(
  { definition }: Machine,
  startAt: string,
  onEnter: (stateName: string) => void,
): StateMachine {
  // The execution itself watches its time limit.
  const { TimeoutSeconds: _, ...rest } = definition;
  const States = new Proxy(definition.States, {
    get: (states, name, receiver) => {
      if (typeof name === 'string' && Object.hasOwn(states, name)) onEnter(name);
      return Reflect.get(states, name, receiver);
    },
  });
  return new StateMachine({ ...rest, StartAt: startAt, States }, { validationOptions: { noValidate: true } });
}

/** Whether a text is a path, or an intrinsic function with paths in it. */
const isPath = (key: string) => key.endsWith('.$') || key.endsWith('Path') || key === 'Variable';

const typeTests = ['IsNull', 'IsPresent', 'IsNumeric', 'IsString', 'IsBoolean', 'IsTimestamp'];

/** For each value of a definition, from the innermost outwards. */
function adapt(key: string, value: unknown): unknown {
  if (typeof value === 'string' && isPath(key)) {
    if (value === '$$') throw new Error('the sandbox does not know the context object as a whole');
    // The interpreter puts the input and time of its own run into `$$.Execution`; in a redrive these are not the
    // execution's. It doesn't know `$$.State`.
    return value.replaceAll(/\$\$\.(Execution|State)\b/g, (_, name: string) => `$$.Run.${name}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if ('Type' in value && value.Type === 'Task') {
    // The interpreter's own default is a minute.
    const seconds = 'TimeoutSeconds' in value ? Number(value.TimeoutSeconds) : longestTimeoutSeconds;
    return { ...value, TimeoutSeconds: Math.min(seconds, longestTimeoutSeconds) };
  }
  // If a rule tests a type for false, the interpreter never lets it match.
  const test = typeTests.find((name) =>
    Object.entries(value).some(([key, is]) => key === name && is === false),
  );
  if (test === undefined || !('Variable' in value)) return value;
  const rest = Object.entries(value).filter(([name]) => name !== test && name !== 'Variable');
  return { ...Object.fromEntries(rest), Not: { Variable: value.Variable, [test]: true } };
}
