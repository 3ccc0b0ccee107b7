/** Step Functions: runs the compiled state machines, and keeps each execution's history. */
import { setImmediate } from 'node:timers/promises';
import { StateMachine } from 'aws-local-stepfunctions';
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import type { FunctionOutcome } from '../function-runtime.ts';
import { accountId, region } from '../template.ts';

export const StateMachineProperties = v.object({
  StateMachineName: v.string(),
  DefinitionString: v.string(),
});

const Definition = v.looseObject({
  TimeoutSeconds: v.optional(v.number()),
  States: v.record(v.string(), v.looseObject({ Type: v.string(), Resource: v.optional(v.string()) })),
});

export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestamp: Date;
  readonly type: string;
  readonly [details: string]: unknown;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface Execution {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly input: string;
  readonly startDate: Date;
  status: ExecutionStatus;
  stopDate: Date | undefined;
  output: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  readonly history: HistoryEvent[];
  /** Resolves when the execution has ended. */
  readonly ended: Promise<void>;
  readonly abort: () => void;
}

export interface StateMachinesOptions {
  /** Invokes the function with an ARN. */
  readonly invoke: (functionArn: string, input: unknown) => Promise<FunctionOutcome>;
  readonly onEvent?: (execution: Execution, event: HistoryEvent) => void;
  /** For tests: how long a retry waits, in place of what the definition says. */
  readonly retryMilliseconds?: number | undefined;
}

interface Machine {
  readonly arn: string;
  readonly name: string;
  readonly definition: v.InferOutput<typeof Definition>;
  readonly interpreter: StateMachine;
}

/** A failed function call, as the interpreter has to see it to match `ErrorEquals`. */
class TaskFailed extends Error {
  override readonly name: string;
  constructor(error: string, cause: string) {
    super(cause);
    this.name = error;
  }
}

export class StateMachines {
  readonly #machines = new Map<string, Machine>();
  readonly executions: Execution[] = [];
  readonly #options: StateMachinesOptions;

  constructor(options: StateMachinesOptions) {
    this.#options = options;
  }

  add(arn: string, name: string, definitionString: string): void {
    const definition = v.parse(Definition, JSON.parse(definitionString));
    const interpreter = new StateMachine(JSON.parse(definitionString));
    this.#machines.set(arn, { arn, name, definition, interpreter });
  }

  /**
   * Starts an execution. The same name and input again is the same execution; the same name with another input
   * is refused.
   */
  start(stateMachineArn: string, input: string, name: string = crypto.randomUUID()): Execution {
    const machine = this.#machines.get(stateMachineArn);
    if (!machine)
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    const executionArn = `arn:aws:states:${region}:${accountId}:execution:${machine.name}:${name}`;
    const existing = this.executions.find((execution) => execution.executionArn === executionArn);
    if (existing && existing.status === 'RUNNING' && existing.input === input) return existing;
    if (existing) throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
    const parsed = parseInput(input);

    const startDate = new Date();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const tasks = Object.entries(machine.definition.States).filter(([, state]) => state.Type === 'Task');
    const execution: Execution = {
      executionArn,
      stateMachineArn,
      name,
      input,
      startDate,
      status: 'RUNNING',
      stopDate: undefined,
      output: undefined,
      error: undefined,
      cause: undefined,
      history: [],
      ended,
      abort: () => run.abort(),
    };
    this.executions.push(execution);
    this.#record(execution, 'ExecutionStarted', { executionStartedEventDetails: { input } });
    // The interpreter fills in no `State`; this is the part of it that definitions here ask for.
    const state = { RetryCount: 0 };
    const run = machine.interpreter.run(parsed, {
      context: {
        State: state,
        Execution: {
          Id: executionArn,
          Name: name,
          Input: parsed,
          StartTime: startDate.toISOString(),
          RoleArn: `arn:aws:iam::${accountId}:role/sandbox`,
          RedriveCount: 0,
        },
        StateMachine: { Id: stateMachineArn, Name: machine.name },
      },
      overrides: {
        taskResourceLocalHandlers: Object.fromEntries(
          tasks.map(([stateName, { Resource = '' }]) => [
            stateName,
            async (taskInput) => {
              state.RetryCount += 1;
              const result = await this.#runTask(execution, Resource, taskInput);
              state.RetryCount = 0;
              return result;
            },
          ]),
        ),
        ...(this.#options.retryMilliseconds === undefined
          ? {}
          : {
              retryIntervalOverrides: Object.fromEntries(
                tasks.map(([stateName]) => [stateName, this.#options.retryMilliseconds ?? 0]),
              ),
            }),
      },
    });
    void this.#follow(execution, run).then(end);
    return execution;
  }

  async #runTask(execution: Execution, resource: string, input: unknown) {
    // The interpreter's log comes a moment after the call: the state has to be entered in the history first.
    const count = (type: string) => execution.history.filter((event) => event.type === type).length;
    while (count('TaskStateEntered') === count('TaskStateExited')) await setImmediate();
    this.#record(execution, 'LambdaFunctionScheduled', {
      lambdaFunctionScheduledEventDetails: { resource, input: JSON.stringify(input) },
    });
    this.#record(execution, 'LambdaFunctionStarted', {});
    const outcome = await this.#options.invoke(resource, input);
    if ('error' in outcome) {
      const error = outcome.error.errorType;
      const cause = JSON.stringify(outcome.error);
      this.#record(execution, 'LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: { error, cause } });
      throw new TaskFailed(error, cause);
    }
    const output = JSON.stringify(outcome.result);
    this.#record(execution, 'LambdaFunctionSucceeded', { lambdaFunctionSucceededEventDetails: { output } });
    return JSON.parse(output);
  }

  async #follow(execution: Execution, run: ReturnType<StateMachine['run']>): Promise<void> {
    const settled = run.result.then(
      (output) => ({ output: JSON.stringify(output) }),
      (error: unknown) => ({ error }),
    );
    for await (const event of run.eventLogs) {
      if (event.type !== 'StateEntered' && event.type !== 'StateExited') continue;
      const { name, type, input, output } = event.state;
      this.#record(execution, `${type}${event.type}`, {
        ...(event.type === 'StateEntered'
          ? { stateEnteredEventDetails: { name, input: JSON.stringify(input) } }
          : { stateExitedEventDetails: { name, output: JSON.stringify(output) } }),
      });
    }
    const outcome = await settled;
    execution.stopDate = new Date();
    if ('output' in outcome) {
      execution.status = 'SUCCEEDED';
      execution.output = outcome.output;
      this.#record(execution, 'ExecutionSucceeded', {
        executionSucceededEventDetails: { output: outcome.output },
      });
      return;
    }
    const thrown = outcome.error instanceof Error ? outcome.error : new Error('unknown');
    if (thrown.name === 'ExecutionAbortedError') {
      execution.status = 'ABORTED';
      this.#record(execution, 'ExecutionAborted', { executionAbortedEventDetails: {} });
    } else if (thrown.name === 'ExecutionTimeoutError') {
      execution.status = 'TIMED_OUT';
      this.#record(execution, 'ExecutionTimedOut', { executionTimedOutEventDetails: {} });
    } else {
      const failure = thrown.cause instanceof Error ? thrown.cause : thrown;
      execution.status = 'FAILED';
      execution.error = failure.name;
      execution.cause = failure.message;
      this.#record(execution, 'ExecutionFailed', {
        executionFailedEventDetails: { error: failure.name, cause: failure.message },
      });
    }
  }

  #record(execution: Execution, type: string, details: Record<string, unknown>): void {
    const id = execution.history.length + 1;
    const event: HistoryEvent = { id, previousEventId: id - 1, timestamp: new Date(), type, ...details };
    execution.history.push(event);
    this.#options.onEvent?.(execution, event);
  }

  find(executionArn: string): Execution {
    const execution = this.executions.find((one) => one.executionArn === executionArn);
    if (!execution)
      throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    return execution;
  }

  machines(): readonly Machine[] {
    return [...this.#machines.values()];
  }
}

function parseInput(input: string) {
  try {
    return JSON.parse(input);
  } catch {
    throw new AwsError(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: '${input.slice(0, 40)}'`,
    );
  }
}

export function statesService(machines: StateMachines): Service {
  const Arn = v.object({ executionArn: v.string() });
  const describe = ({ history: _history, ended: _ended, abort: _abort, ...rest }: Execution) => rest;
  return {
    targetPrefix: 'AWSStepFunctions',
    operations: {
      StartExecution: operation(
        v.object({
          stateMachineArn: v.string(),
          name: v.optional(v.pipe(v.string(), v.maxLength(80))),
          input: v.optional(v.string(), '{}'),
        }),
        ({ stateMachineArn, name, input }) => {
          const { executionArn, startDate } = machines.start(stateMachineArn, input, name);
          return { executionArn, startDate };
        },
      ),
      DescribeExecution: operation(Arn, ({ executionArn }) => describe(machines.find(executionArn))),
      StopExecution: operation(Arn, ({ executionArn }) => {
        machines.find(executionArn).abort();
        return { stopDate: new Date() };
      }),
      GetExecutionHistory: operation(
        v.object({
          ...Arn.entries,
          maxResults: v.optional(v.number(), 100),
          reverseOrder: v.optional(v.boolean(), false),
          nextToken: v.optional(v.string(), '0'),
        }),
        ({ executionArn, maxResults, reverseOrder, nextToken }) => {
          const start = Number(nextToken);
          const { history } = machines.find(executionArn);
          const events = (reverseOrder ? history.toReversed() : history).slice(start, start + maxResults);
          return {
            events,
            nextToken: start + maxResults < history.length ? String(start + maxResults) : undefined,
          };
        },
      ),
      ListExecutions: operation(v.object({ stateMachineArn: v.string() }), ({ stateMachineArn }) => ({
        executions: machines.executions
          .filter((execution) => execution.stateMachineArn === stateMachineArn)
          .map(({ executionArn, name, status, startDate, stopDate }) => ({
            executionArn,
            stateMachineArn,
            name,
            status,
            startDate,
            stopDate,
          }))
          .reverse(),
      })),
      ListStateMachines: operation(v.object({}), () => ({
        stateMachines: machines.machines().map(({ arn, name }) => ({
          stateMachineArn: arn,
          name,
          type: 'STANDARD',
          creationDate: new Date(0),
        })),
      })),
    },
  };
}
