/** Lambda: functions with their own environment, memory limit and timeout. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { accessKeyIdOf } from '../callers.ts';
import { AwsError, operation, type Service } from '../endpoint.ts';
import {
  configurationOf,
  type FunctionConfiguration,
  type FunctionOutcome,
  FunctionRuntime,
  type Surroundings,
} from '../function-runtime.ts';
import { Concurrency } from './concurrency.ts';

export const FunctionProperties = v.object({
  FunctionName: v.string(),
  Handler: v.string(),
  Runtime: v.string(),
  MemorySize: v.number(),
  Timeout: v.number(),
  ReservedConcurrentExecutions: v.optional(v.number()),
  Environment: v.optional(v.object({ Variables: v.record(v.string(), v.string()) })),
  VpcConfig: v.optional(v.object({ SubnetIds: v.array(v.string()), SecurityGroupIds: v.array(v.string()) })),
});
type FunctionProperties = v.InferOutput<typeof FunctionProperties>;

export const EventInvokeProperties = v.object({
  FunctionName: v.string(),
  MaximumRetryAttempts: v.optional(v.number(), 2),
  DestinationConfig: v.optional(
    v.object({ OnFailure: v.optional(v.object({ Destination: v.string() })) }),
    {},
  ),
});
type EventInvokeProperties = v.InferOutput<typeof EventInvokeProperties>;

const envLimitBytes = 4096;
export interface FunctionsOptions extends Surroundings {
  /** The variables that Lambda itself sets, and the address of AWS. */
  readonly platform: Readonly<Record<string, string>>;
  readonly onLog?: (functionName: string, line: string) => void;
  /** Called with each invocation; Lambda publishes their number as a metric. */
  readonly onInvocation?: (functionName: string) => void;
  /** Gets what goes to a function's destination on failure. */
  readonly onFailedEvent?: (destinationArn: string, record: unknown) => void;
  /** How long an update of the configuration takes, by default 300; on AWS seconds, or about a minute in a VPC. */
  readonly updateMilliseconds?: number | undefined;
}

interface FunctionState {
  readonly properties: FunctionProperties;
  readonly arn: string;
  codeDirectory: string;
  variables: Readonly<Record<string, string>>;
  revisionId: string;
  modifiedAt: Date;
  updatedUntil: number;
  configuration: FunctionConfiguration;
  readonly concurrency: Concurrency;
  eventInvoke: Pick<EventInvokeProperties, 'MaximumRetryAttempts' | 'DestinationConfig'>;
}

export class Functions {
  readonly #functions = new Map<string, FunctionState>();
  readonly #options: FunctionsOptions;
  readonly #runtime: FunctionRuntime;
  readonly #underWay = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: FunctionsOptions) {
    this.#options = options;
    this.#runtime = new FunctionRuntime(options);
  }

  add(properties: FunctionProperties, arn: string, codeDirectory: string): void {
    const variables = properties.Environment?.Variables ?? {};
    this.#functions.set(properties.FunctionName, {
      properties,
      arn,
      codeDirectory,
      variables,
      revisionId: randomUUID(),
      modifiedAt: new Date(),
      updatedUntil: 0,
      configuration: this.#configure(properties, codeDirectory, variables),
      concurrency: new Concurrency(properties.ReservedConcurrentExecutions),
      eventInvoke: { MaximumRetryAttempts: 2, DestinationConfig: {} },
    });
  }

  /** Replaces a function's code: the next invocation runs the new code. */
  replaceCode(name: string, change: (codeDirectory: string) => string): void {
    const state = this.#find(name);
    state.codeDirectory = change(state.codeDirectory);
    state.configuration = this.#configure(state.properties, state.codeDirectory, state.variables);
  }

  /** What happens to asynchronous invocations that fail. */
  configureEvents({ FunctionName, ...eventInvoke }: EventInvokeProperties): void {
    this.#find(FunctionName).eventInvoke = eventInvoke;
  }

  #configure(
    properties: FunctionProperties,
    codeDirectory: string,
    variables: Readonly<Record<string, string>>,
  ): FunctionConfiguration {
    return configurationOf({
      name: properties.FunctionName,
      codeDirectory,
      handler: properties.Handler,
      memoryMegabytes: properties.MemorySize,
      timeoutSeconds: properties.Timeout,
      environment: () => ({
        ...this.#options.platform,
        AWS_ACCESS_KEY_ID: accessKeyIdOf(properties.FunctionName),
        AWS_LAMBDA_FUNCTION_NAME: properties.FunctionName,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
        ...variables,
      }),
      onLog: (line) => this.#options.onLog?.(properties.FunctionName, line),
    });
  }

  /** @param name or an ARN. */
  #find(name: string): FunctionState {
    const found = this.#functions.get(name.replace(/^arn:.*:function:/, ''));
    if (!found) throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
    return found;
  }

  /** @throws AwsError if there is no such function, or if its reserved concurrency is used up. */
  async invoke(name: string, event: unknown): Promise<FunctionOutcome> {
    const { configuration, concurrency } = this.#find(name);
    if (!concurrency.tryEnter()) throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
    this.#options.onInvocation?.(configuration.name);
    return this.#runtime.invoke(configuration, event).finally(() => concurrency.leave());
  }

  /** As Step Functions invokes a function: what Lambda refuses is an error named `Lambda.…`. */
  async invokeAsTask(name: string, event: unknown): Promise<FunctionOutcome> {
    try {
      return await this.invoke(name, event);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return { error: { errorType: `Lambda.${error.name}`, errorMessage: error.message } };
    }
  }

  /**
   * Takes an event, as from EventBridge, and invokes the function with it later: when there is room, and again if the
   * function fails. Lambda waits a minute or two before that; here it happens at once.
   *
   * @throws AwsError if there is no such function.
   */
  invokeLater(name: string, event: unknown): void {
    const underWay = this.#deliver(this.#find(name), event);
    this.#underWay.add(underWay);
    void underWay.finally(() => this.#underWay.delete(underWay));
  }

  async #deliver(state: FunctionState, event: unknown): Promise<void> {
    const { concurrency, arn, eventInvoke } = state;
    const requestId = randomUUID();
    const attempts = eventInvoke.MaximumRetryAttempts + 1;
    let outcome: FunctionOutcome | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (this.#stopped || !(await concurrency.enter())) return;
      outcome = await this.#runtime.invoke(state.configuration, event).finally(() => concurrency.leave());
      if ('result' in outcome) return;
    }
    const destination = eventInvoke.DestinationConfig.OnFailure?.Destination;
    if (destination === undefined || this.#stopped || !outcome || !('error' in outcome)) return;
    this.#options.onFailedEvent?.(destination, {
      version: '1.0',
      timestamp: new Date().toISOString(),
      requestContext: {
        requestId,
        functionArn: `${arn}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: attempts,
      },
      requestPayload: event,
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: outcome.error,
    });
  }

  /** Ends a function in the middle of its work, as when it runs out of memory. */
  crash(name: string): void {
    this.#runtime.crash(this.#find(name).properties.FunctionName);
  }

  /** Resolves when no asynchronous invocation waits or runs. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  variables(name: string): Readonly<Record<string, string>> {
    return this.#find(name).variables;
  }

  update(name: string, variables: Readonly<Record<string, string>>): void {
    const state = this.#find(name);
    const measured = JSON.stringify(variables);
    if (Buffer.byteLength(measured) > envLimitBytes) {
      // AWS quotes the whole environment here.
      throw new AwsError(
        'InvalidParameterValueException',
        `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${measured}`,
      );
    }
    state.variables = variables;
    state.revisionId = randomUUID();
    state.modifiedAt = new Date();
    const updateMilliseconds = this.#options.updateMilliseconds ?? 300;
    state.updatedUntil = Date.now() + updateMilliseconds;
    // Until the update is complete, invocations still run the old configuration.
    setTimeout(() => {
      state.configuration = this.#configure(state.properties, state.codeDirectory, variables);
    }, updateMilliseconds).unref();
  }

  describe(name: string) {
    const { properties, arn, variables, revisionId, modifiedAt, updatedUntil } = this.#find(name);
    const { ReservedConcurrentExecutions: _, ...shown } = properties;
    return {
      ...shown,
      FunctionArn: arn,
      Environment: { Variables: variables },
      RevisionId: revisionId,
      LastModified: modifiedAt.toISOString().replace('Z', '+0000'),
      State: 'Active',
      LastUpdateStatus: Date.now() < updatedUntil ? 'InProgress' : 'Successful',
    };
  }

  /** Ends whatever runs or waits to run. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { concurrency } of this.#functions.values()) concurrency.close();
    await this.#runtime.close();
  }
}

export function lambdaService(functions: Functions): Service {
  const Named = v.object({ FunctionName: v.string() });
  return {
    targetPrefix: 'Lambda',
    operations: {
      GetFunctionConfiguration: operation(Named, ({ FunctionName }) => functions.describe(FunctionName)),

      UpdateFunctionConfiguration: operation(
        v.object({
          ...Named.entries,
          Environment: v.optional(v.object({ Variables: v.record(v.string(), v.string()) })),
          RevisionId: v.optional(v.string()),
        }),
        ({ FunctionName, Environment, RevisionId }) => {
          const current = functions.describe(FunctionName);
          if (current.LastUpdateStatus === 'InProgress') {
            throw new AwsError(
              'ResourceConflictException',
              'The operation cannot be performed at this time. An update is in progress for resource',
              409,
            );
          }
          if (RevisionId !== undefined && RevisionId !== current.RevisionId)
            throw new AwsError('PreconditionFailedException', 'The Revision Id provided does not match', 412);
          if (Environment) functions.update(FunctionName, Environment.Variables);
          return functions.describe(FunctionName);
        },
      ),

      Invoke: operation(
        v.object({
          ...Named.entries,
          InvocationType: v.optional(v.picklist(['RequestResponse', 'Event', 'DryRun']), 'RequestResponse'),
          Payload: v.unknown(),
        }),
        async ({ FunctionName, InvocationType, Payload }) => {
          if (InvocationType === 'Event') {
            functions.invokeLater(FunctionName, Payload);
            return { StatusCode: 202, Payload: '' };
          }
          if (InvocationType === 'DryRun') {
            functions.describe(FunctionName);
            return { StatusCode: 204, Payload: '' };
          }
          const outcome = await functions.invoke(FunctionName, Payload);
          return 'result' in outcome
            ? { Payload: JSON.stringify(outcome.result) }
            : { Payload: JSON.stringify(outcome.error), FunctionError: 'Unhandled' };
        },
      ),
    },
  };
}
