/** Between Lambda and the logic of a function: parses the input, and builds what the logic needs. */
import * as v from 'valibot';
import { type Clock, systemClock } from '../../aws/clock.ts';
import { ExecutionRef } from '../../workflow/execution-ref.ts';
import { parse } from '../../workflow/parse.ts';
import { RecoveryError } from '../../workflow/recovery-error.ts';
import type { DeployedTarget } from '../../workflow/target.ts';
import { bundledTarget } from './bundled-target.ts';

/** What a function's logic gets besides its input and its AWS clients. */
export interface Services<Resources = unknown> {
  readonly target: DeployedTarget;
  /** What only CloudFormation knows, from the function's environment variables. */
  readonly resources: Resources;
  readonly clock: Clock;
}

/**
 * Makes a Lambda handler: parses the input, builds the services once per cold start, and runs the logic.
 *
 * @throws RecoveryError InvalidInput if the input doesn't fit the schema, before anything is called;
 *   InvalidSettings if an environment variable of the function is missing.
 */
export function lambdaHandler<
  Input extends v.GenericSchema,
  Resources extends v.GenericSchema,
  Clients,
  Output,
>(
  inputSchema: Input,
  resourcesSchema: Resources,
  buildClients: (target: DeployedTarget) => Clients,
  run: (
    input: v.InferOutput<Input>,
    services: Services<v.InferOutput<Resources>> & Clients,
  ) => Promise<Output>,
): (event: unknown) => Promise<Output> {
  let services: (Services<v.InferOutput<Resources>> & Clients) | undefined;
  return async (event) => {
    const input = parse(inputSchema, event, 'InvalidInput', 'the input');
    if (!bundledTarget)
      throw new RecoveryError('InvalidSettings', 'this code was not packaged with a target.');
    services ??= {
      target: bundledTarget,
      resources: parse(resourcesSchema, process.env, 'InvalidSettings', 'the environment of this function'),
      clock: systemClock,
      ...buildClients(bundledTarget),
    };
    return run(input, services);
  };
}

/**
 * Makes a Lambda handler for a state of the machine, which calls it with the state object and with what the context
 * object says about the execution.
 *
 * @throws RecoveryError as `lambdaHandler`.
 */
export function stateHandler<
  State extends v.GenericSchema<unknown, object>,
  Resources extends v.GenericSchema,
  Clients,
  Output,
>(
  stateSchema: State,
  resourcesSchema: Resources,
  buildClients: (target: DeployedTarget) => Clients,
  run: (
    input: v.InferOutput<State> & Omit<v.InferOutput<typeof StateEvent>, 'state'>,
    services: Services<v.InferOutput<Resources>> & Clients,
  ) => Promise<Output>,
): (event: unknown) => Promise<Output> {
  return lambdaHandler(StateEvent, resourcesSchema, buildClients, ({ state, ...context }, services) =>
    run({ ...parse(stateSchema, state, 'InvalidInput', 'the state'), ...context }, services),
  );
}

const StateEvent = v.object({
  state: v.unknown(),
  execution: ExecutionRef,
  retryCount: v.number(),
});
