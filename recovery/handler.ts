import * as v from 'valibot';
import { type Clock, systemClock } from './clock.ts';
import { RecoveryError } from './errors.ts';
import { ExecutionRef } from './states.ts';

/** What a state's logic works with besides its input: its settings, its AWS clients, and time. */
export interface Services<Settings> {
  readonly settings: Settings;
  readonly clock: Clock;
}

/**
 * Makes a Lambda handler of a state: parses the input, builds the services once per cold start, and runs it.
 *
 * @throws RecoveryError InvalidInput if the input isn't of the schema, before anything is called;
 *   InvalidSettings if an environment variable of the function is missing or wrong.
 */
export function lambdaHandler<
  Input extends v.GenericSchema,
  Settings extends v.GenericSchema,
  Clients,
  Output,
>(
  inputSchema: Input,
  settingsSchema: Settings,
  buildClients: () => Clients,
  run: (
    input: v.InferOutput<Input>,
    services: Services<v.InferOutput<Settings>> & Clients,
  ) => Promise<Output>,
): (event: unknown) => Promise<Output> {
  let services: (Services<v.InferOutput<Settings>> & Clients) | undefined;
  return async (event) => {
    const input = parse(inputSchema, event, 'InvalidInput', 'the input');
    services ??= {
      settings: parse(settingsSchema, process.env, 'InvalidSettings', 'the environment of this function'),
      clock: systemClock,
      ...buildClients(),
    };
    return run(input, services);
  };
}

/**
 * Makes a Lambda handler of a state of the machine, which calls it with the state object and what the context object
 * says of the execution.
 *
 * @throws RecoveryError as `lambdaHandler`.
 */
export function stateHandler<
  State extends v.GenericSchema<unknown, object>,
  Settings extends v.GenericSchema,
  Clients,
  Output,
>(
  stateSchema: State,
  settingsSchema: Settings,
  buildClients: () => Clients,
  run: (
    input: v.InferOutput<State> & FromContext,
    services: Services<v.InferOutput<Settings>> & Clients,
  ) => Promise<Output>,
): (event: unknown) => Promise<Output> {
  return lambdaHandler(StateEvent, settingsSchema, buildClients, ({ state, ...context }, services) =>
    run({ ...parse(stateSchema, state, 'InvalidInput', 'the state'), ...context }, services),
  );
}

const StateEvent = v.object({
  state: v.unknown(),
  execution: ExecutionRef,
  retryCount: v.optional(v.number(), 0),
  /** Of a state that waits for an answer. */
  taskToken: v.optional(v.string(), ''),
});
type FromContext = Omit<v.InferOutput<typeof StateEvent>, 'state'>;

/** Parses with a schema; the message says where and what was expected, never what was received. */
export function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  name: 'InvalidInput' | 'InvalidSettings',
  what: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  throw new RecoveryError(name, `${what}: ${describeIssue(result.issues[0])}.`);
}

const plainWords: Record<string, string> = { Array: 'a list', Object: 'an object' };

/** `field: expected …`, without the received value, which may be a secret or as long as a whole payload. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  const field = v.getDotPath(issue)?.slice(0, 80);
  if (issue.type.endsWith('object') && issue.expected?.startsWith('"'))
    return `${field}: this field is missing`;
  const isOurMessage = !issue.message.startsWith('Invalid ');
  const wanted = isOurMessage
    ? issue.message
    : issue.expected === 'never'
      ? 'no field of this name is known here'
      : `expected ${plainWords[issue.expected ?? ''] ?? issue.expected}`;
  return field ? `${field}: ${wanted}` : wanted;
}
