/** Lambda: functions with their own environment, memory limit and timeout, each in processes of its own. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { type FunctionOutcome, FunctionRuntime } from '../function-runtime.ts';

export const FunctionProperties = v.object({
  FunctionName: v.string(),
  Handler: v.string(),
  Runtime: v.string(),
  MemorySize: v.number(),
  Timeout: v.number(),
  Environment: v.optional(v.object({ Variables: v.record(v.string(), v.string()) })),
});
type FunctionProperties = v.InferOutput<typeof FunctionProperties>;

const envLimitBytes = 4096;
/** How long an update of the configuration takes here; on AWS seconds, and about a minute in a VPC. */
const updateMilliseconds = 300;

interface FunctionState {
  readonly properties: FunctionProperties;
  readonly arn: string;
  readonly codeDirectory: string;
  variables: Readonly<Record<string, string>>;
  revisionId: string;
  modifiedAt: Date;
  updatedUntil: number;
  runtime: FunctionRuntime;
}

export class Functions {
  readonly #functions = new Map<string, FunctionState>();
  readonly #platform: Readonly<Record<string, string>>;
  readonly #onLog: (functionName: string, line: string) => void;

  /** @param platform the variables that Lambda itself sets, among them where AWS is. */
  constructor(
    platform: Readonly<Record<string, string>>,
    onLog: (functionName: string, line: string) => void,
  ) {
    this.#platform = platform;
    this.#onLog = onLog;
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
      runtime: this.#start(properties, codeDirectory, variables),
    });
  }

  #start(properties: FunctionProperties, codeDirectory: string, variables: Readonly<Record<string, string>>) {
    return new FunctionRuntime({
      codeDirectory,
      handler: properties.Handler,
      memoryMegabytes: properties.MemorySize,
      timeoutSeconds: properties.Timeout,
      environment: () => ({
        ...this.#platform,
        AWS_LAMBDA_FUNCTION_NAME: properties.FunctionName,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
        ...variables,
      }),
      onLog: (line) => this.#onLog(properties.FunctionName, line),
    });
  }

  #find(name: string): FunctionState {
    const found = this.#functions.get(name);
    if (!found) throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
    return found;
  }

  invoke(name: string, event: unknown): Promise<FunctionOutcome> {
    return this.#find(name).runtime.invoke(event);
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
    const previous = state.runtime;
    state.variables = variables;
    state.revisionId = randomUUID();
    state.modifiedAt = new Date();
    state.updatedUntil = Date.now() + updateMilliseconds;
    // Until the update is through, invocations still run the old configuration.
    setTimeout(() => {
      state.runtime = this.#start(state.properties, state.codeDirectory, variables);
      previous.stop();
    }, updateMilliseconds).unref();
  }

  describe(name: string) {
    const { properties, arn, variables, revisionId, modifiedAt, updatedUntil } = this.#find(name);
    return {
      FunctionName: properties.FunctionName,
      FunctionArn: arn,
      Runtime: properties.Runtime,
      Handler: properties.Handler,
      MemorySize: properties.MemorySize,
      Timeout: properties.Timeout,
      Environment: { Variables: variables },
      RevisionId: revisionId,
      LastModified: modifiedAt.toISOString().replace('Z', '+0000'),
      State: 'Active',
      LastUpdateStatus: Date.now() < updatedUntil ? 'InProgress' : 'Successful',
    };
  }

  stop(): void {
    for (const { runtime } of this.#functions.values()) runtime.kill();
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
        v.object({ ...Named.entries, Payload: v.unknown() }),
        async ({ FunctionName, Payload }) => {
          const outcome = await functions.invoke(FunctionName, Payload);
          return 'result' in outcome
            ? { Payload: JSON.stringify(outcome.result) }
            : { Payload: JSON.stringify(outcome.error), FunctionError: 'Unhandled' };
        },
      ),
    },
  };
}
