/** Lambda: functions with their own environment, memory limit and timeout. */
import { createHash, randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { accessKeyIdOf } from '../callers.ts';
import { AwsError } from '../endpoint.ts';
import { configurationOf, FunctionRuntime } from '../function-runtime.ts';
import type { FunctionConfiguration, FunctionOutcome, Surroundings } from '../function-thread.ts';
import { Concurrency } from './concurrency.ts';
import { type FunctionSnapshot, FunctionVersions, latest, readFunctionName } from './lambda-versions.ts';

export const FunctionProperties = v.object({
  FunctionName: v.string(),
  Role: v.optional(v.string()),
  Handler: v.string(),
  Runtime: v.string(),
  MemorySize: v.number(),
  Timeout: v.number(),
  ReservedConcurrentExecutions: v.optional(v.number()),
  Environment: v.optional(v.object({ Variables: v.record(v.string(), v.string()) })),
  KmsKeyArn: v.optional(v.string()),
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
  /** How long a new version is `Pending`, by default 0; on AWS longer in a VPC or with SnapStart. */
  readonly versionMilliseconds?: number | undefined;
}

/** `$LATEST`, which changes, with the versions that were made of it. */
interface FunctionState extends FunctionSnapshot {
  readonly properties: FunctionProperties;
  readonly arn: string;
  codeDirectory: string;
  codeSha256: string;
  variables: Readonly<Record<string, string>>;
  revisionId: string;
  modifiedAt: Date;
  updatedUntil: number;
  configuration: FunctionConfiguration;
  readonly concurrency: Concurrency;
  readonly versions: FunctionVersions;
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
      codeSha256: hashOf(codeDirectory),
      variables,
      revisionId: randomUUID(),
      modifiedAt: new Date(),
      updatedUntil: 0,
      configuration: this.#configure(properties, codeDirectory, variables),
      concurrency: new Concurrency(properties.ReservedConcurrentExecutions),
      versions: new FunctionVersions(arn, this.#options.versionMilliseconds),
      eventInvoke: { MaximumRetryAttempts: 2, DestinationConfig: {} },
    });
  }

  /** Replaces a function's code: the next invocation runs the new code. */
  replaceCode(name: string, change: (codeDirectory: string) => string): void {
    const state = this.#find(name);
    state.codeDirectory = change(state.codeDirectory);
    state.codeSha256 = hashOf(state.codeDirectory);
    state.revisionId = randomUUID();
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

  /** @param name or an ARN, with a qualifier or without. */
  #find(name: string): FunctionState {
    const found = this.#functions.get(readFunctionName(name).name);
    if (!found) throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
    return found;
  }

  /** `$LATEST`, a version, or the version that an alias points to. */
  #locate(name: string): {
    readonly state: FunctionState;
    readonly version: string;
    readonly snapshot: FunctionSnapshot;
  } {
    const state = this.#find(name);
    const version = state.versions.resolve(readFunctionName(name).qualifier ?? latest);
    return { state, version, snapshot: version === latest ? state : state.versions.find(version) };
  }

  /** The versions and aliases of a function. */
  versionsOf(name: string): FunctionVersions {
    return this.#find(name).versions;
  }

  /** Makes a version of what `$LATEST` is; none if that is what the newest version is, too. */
  publish(name: string): string {
    return this.versionsOf(name).publish(this.#find(name));
  }

  /**
   * @param name or an ARN, with a qualifier or without.
   * @throws AwsError if there is no such function, or if its reserved concurrency is used up.
   */
  async invoke(name: string, event: unknown): Promise<FunctionOutcome> {
    const { state, snapshot } = this.#locate(name);
    const { concurrency } = state;
    if (state.versions.isPending(snapshot))
      throw new AwsError(
        'ResourceConflictException',
        'The function is currently in the following state: Pending',
        409,
      );
    if (!concurrency.tryEnter()) throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
    this.#options.onInvocation?.(snapshot.configuration.name);
    return this.#runtime.invoke(snapshot.configuration, event).finally(() => concurrency.leave());
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
    const { state, snapshot } = this.#locate(name);
    const underWay = this.#deliver(state, snapshot, event);
    this.#underWay.add(underWay);
    void underWay.finally(() => this.#underWay.delete(underWay));
  }

  async #deliver(state: FunctionState, snapshot: FunctionSnapshot, event: unknown): Promise<void> {
    const { concurrency, arn, eventInvoke } = state;
    const requestId = randomUUID();
    const attempts = eventInvoke.MaximumRetryAttempts + 1;
    let outcome: FunctionOutcome | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (this.#stopped || !(await concurrency.enter())) return;
      outcome = await this.#runtime.invoke(snapshot.configuration, event).finally(() => concurrency.leave());
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

  names(): string[] {
    return [...this.#functions.keys()];
  }

  /** @param name or an ARN, with a qualifier or without. */
  describe(name: string) {
    const { state, version, snapshot } = this.#locate(name);
    const { ReservedConcurrentExecutions: _, KmsKeyArn, ...shown } = state.properties;
    const { qualifier } = readFunctionName(name);
    return {
      ...shown,
      KMSKeyArn: KmsKeyArn,
      FunctionArn: qualifier === undefined ? state.arn : `${state.arn}:${qualifier}`,
      Environment: { Variables: snapshot.variables },
      CodeSha256: snapshot.codeSha256,
      Version: version,
      RevisionId: snapshot.revisionId,
      LastModified: snapshot.modifiedAt.toISOString().replace('Z', '+0000'),
      State: state.versions.isPending(snapshot) ? 'Pending' : 'Active',
      LastUpdateStatus: version === latest && Date.now() < state.updatedUntil ? 'InProgress' : 'Successful',
    };
  }

  /** Ends whatever runs or waits to run. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { concurrency } of this.#functions.values()) concurrency.close();
    await this.#runtime.close();
  }
}

/** A hash that two pieces of code have in common if they are in the same place. */
const hashOf = (codeDirectory: string) => createHash('sha256').update(codeDirectory).digest('base64');
