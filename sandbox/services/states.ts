/** Step Functions: runs the compiled state machines, and keeps each execution's history. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { AwsError, operation, type Service } from '../endpoint.ts';
import { arn } from '../template.ts';
import { Execution, type ExecutionOptions } from './execution.ts';
import { executionRoleArn, type HistoryEvent } from './execution-events.ts';
import { type Machine, readMachine } from './state-machine.ts';
import { TaskTokens } from './task-tokens.ts';

export const StateMachineProperties = v.object({
  StateMachineName: v.string(),
  DefinitionString: v.string(),
});

export class StateMachines {
  readonly #machines = new Map<string, Machine>();
  readonly #executions = new Map<string, Execution>();
  readonly #tokens = new TaskTokens();
  readonly #options: ExecutionOptions;
  /** In the order of their start. */
  readonly executions: Execution[] = [];
  #stopped = false;

  constructor(options: ExecutionOptions) {
    this.#options = {
      ...options,
      onStatusChange: (event) => {
        if (!this.#stopped) options.onStatusChange?.(event);
      },
    };
  }

  /**
   * @param isValid if the definition was validated before.
   * @throws Error if the definition isn't valid, or holds something that isn't known here.
   */
  add(arn: string, name: string, definitionString: string, isValid = false): void {
    this.#machines.set(arn, readMachine(arn, name, definitionString, isValid));
  }

  /** @throws AwsError StateMachineDoesNotExist */
  machine(stateMachineArn: string): Machine {
    const machine = this.#machines.get(stateMachineArn);
    if (!machine)
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    return machine;
  }

  /**
   * Starts an execution. The same name and input again is the same execution; the same name with another input
   * is refused.
   */
  start(stateMachineArn: string, input: string, name: string = randomUUID()): Execution {
    const machine = this.machine(stateMachineArn);
    const executionArn = arn('states', `execution:${machine.name}:${name}`);
    const existing = this.#executions.get(executionArn);
    if (existing?.status === 'RUNNING' && existing.input === input) return existing;
    if (existing) throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
    if (!isJson(input)) {
      throw new AwsError(
        'InvalidExecutionInput',
        `Invalid State Machine Execution Input: '${input.slice(0, 40)}'`,
      );
    }
    const execution = new Execution(machine, executionArn, input, this.#tokens, this.#options);
    this.#executions.set(executionArn, execution);
    this.executions.push(execution);
    execution.start();
    return execution;
  }

  /**
   * Lets an execution that did not succeed go on where it ended.
   *
   * @throws AwsError ExecutionNotRedrivable if it runs or has succeeded.
   */
  redrive(executionArn: string): Execution {
    const execution = this.find(executionArn);
    execution.redrive();
    return execution;
  }

  /**
   * Answers a task that waits.
   *
   * @param output a JSON text.
   * @throws AwsError InvalidOutput, InvalidToken, or TaskTimedOut if the task no longer waits.
   */
  succeedTask(token: string, output: string): void {
    if (!isJson(output)) throw new AwsError('InvalidOutput', "Invalid Output: 'Invalid JSON'");
    this.#tokens.answer(token, { output });
  }

  /** @throws AwsError InvalidToken, or TaskTimedOut if the task no longer waits. */
  failTask(token: string, error = 'States.TaskFailed', cause?: string): void {
    this.#tokens.answer(token, { error, cause });
  }

  /** @throws AwsError as `failTask`. */
  heartbeatTask(token: string): void {
    this.#tokens.heartbeat(token);
  }

  find(executionArn: string): Execution {
    const execution = this.#executions.get(executionArn);
    if (!execution)
      throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
    return execution;
  }

  machines(): readonly Machine[] {
    return [...this.#machines.values()];
  }

  /** Aborts what runs, without events. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const execution of this.executions) execution.abort();
    await Promise.all(this.executions.map(({ ended }) => ended));
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const Arn = v.object({ executionArn: v.string() });
const Page = v.object({
  maxResults: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1000)), 100),
  nextToken: v.optional(v.string(), '0'),
});

function pageOf<T>(all: readonly T[], { maxResults, nextToken }: v.InferOutput<typeof Page>) {
  const start = Number(nextToken);
  // 0 means the default.
  const end = start + (maxResults || 100);
  return { items: all.slice(start, end), nextToken: end < all.length ? String(end) : undefined };
}

function summaryOf(execution: Execution) {
  const { executionArn, stateMachineArn, name, status, startDate, stopDate, redriveCount, redriveDate } =
    execution;
  return { executionArn, stateMachineArn, name, status, startDate, stopDate, redriveCount, redriveDate };
}

function describe(execution: Execution, isComplete: boolean) {
  const { input, output, error, cause, notRedrivable } = execution;
  return {
    ...summaryOf(execution),
    redriveStatus: notRedrivable === undefined ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    redriveStatusReason: notRedrivable,
    ...(isComplete ? { input, inputDetails: { included: true }, error, cause } : {}),
    ...(isComplete && output !== undefined ? { output, outputDetails: { included: true } } : {}),
  };
}

const executionData: ReadonlySet<string> = new Set(['input', 'output', 'parameters']);

/** An event without the input and output of its state. */
function withoutData(event: HistoryEvent): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(event).map(([key, value]) => [
      key,
      key.endsWith('EventDetails') && typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).filter(([field]) => !executionData.has(field)))
        : value,
    ]),
  );
}

export function statesService(machines: StateMachines): Service {
  const Token = v.object({ taskToken: v.string() });
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

      DescribeExecution: operation(
        v.object({
          ...Arn.entries,
          includedData: v.optional(v.picklist(['ALL_DATA', 'METADATA_ONLY']), 'ALL_DATA'),
        }),
        ({ executionArn, includedData }) =>
          describe(machines.find(executionArn), includedData === 'ALL_DATA'),
      ),

      StopExecution: operation(
        v.object({
          ...Arn.entries,
          error: v.optional(v.pipe(v.string(), v.maxLength(256))),
          cause: v.optional(v.pipe(v.string(), v.maxLength(32_768))),
        }),
        async ({ executionArn, error, cause }) => {
          const execution = machines.find(executionArn);
          execution.abort(error, cause);
          await execution.ended;
          return { stopDate: execution.stopDate };
        },
      ),

      RedriveExecution: operation(Arn, ({ executionArn }) => ({
        redriveDate: machines.redrive(executionArn).redriveDate,
      })),

      SendTaskSuccess: operation(
        v.object({ ...Token.entries, output: v.pipe(v.string(), v.maxLength(262_144)) }),
        ({ taskToken, output }) => machines.succeedTask(taskToken, output),
      ),

      SendTaskFailure: operation(
        v.object({
          ...Token.entries,
          error: v.optional(v.pipe(v.string(), v.maxLength(256))),
          cause: v.optional(v.pipe(v.string(), v.maxLength(32_768))),
        }),
        ({ taskToken, error, cause }) => machines.failTask(taskToken, error, cause),
      ),

      SendTaskHeartbeat: operation(Token, ({ taskToken }) => machines.heartbeatTask(taskToken)),

      GetExecutionHistory: operation(
        v.object({
          ...Arn.entries,
          ...Page.entries,
          reverseOrder: v.optional(v.boolean(), false),
          includeExecutionData: v.optional(v.boolean(), true),
        }),
        ({ executionArn, reverseOrder, includeExecutionData, ...page }) => {
          const { history } = machines.find(executionArn);
          const { items, nextToken } = pageOf(reverseOrder ? history.toReversed() : history, page);
          return { events: includeExecutionData ? items : items.map(withoutData), nextToken };
        },
      ),

      ListExecutions: operation(
        v.object({ stateMachineArn: v.string(), statusFilter: v.optional(v.string()), ...Page.entries }),
        ({ stateMachineArn, statusFilter, ...page }) => {
          machines.machine(stateMachineArn);
          const { items, nextToken } = pageOf(
            machines.executions
              .filter((execution) => execution.stateMachineArn === stateMachineArn)
              .filter(({ status }) => statusFilter === undefined || status === statusFilter)
              .reverse(),
            page,
          );
          return { executions: items.map(summaryOf), nextToken };
        },
      ),

      DescribeStateMachine: operation(v.object({ stateMachineArn: v.string() }), ({ stateMachineArn }) => {
        const { arn, name, definitionString } = machines.machine(stateMachineArn);
        return {
          stateMachineArn: arn,
          name,
          status: 'ACTIVE',
          type: 'STANDARD',
          definition: definitionString,
          roleArn: executionRoleArn,
          creationDate: new Date(0),
        };
      }),

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
