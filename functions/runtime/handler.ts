import * as v from 'valibot';
import { type Clock, systemClock } from '../../aws/clock.ts';
import { parse } from '../../workflow/parse.ts';
import { ExecutionRef } from '../../workflow/states.ts';

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
