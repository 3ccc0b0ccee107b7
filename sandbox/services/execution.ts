/** One execution of a state machine: its first run, its redrives, and its history. */
import { setImmediate } from 'node:timers/promises';
import type { StateMachine } from 'aws-local-stepfunctions';
import { AwsError } from '../endpoint.ts';
import type { FunctionOutcome } from '../function-thread.ts';
import type { ServiceEvent } from './eventbridge.ts';
import { contextOf } from './execution-context.ts';
import {
  type Ending,
  type ExecutionStatus,
  endOf,
  executionRoleArn,
  failureOf,
  type HistoryEvent,
  statusEvent,
} from './execution-events.ts';
import { afterLimit, interpreterOf, type JsonValue, type Machine, type Task } from './state-machine.ts';
import { data, runTask } from './task.ts';
import type { TaskTokens } from './task-tokens.ts';

export interface ExecutionOptions {
  /** Invokes the function with this ARN. */
  readonly invoke: (functionArn: string, input: unknown) => Promise<FunctionOutcome>;
  readonly onEvent?: (execution: Execution, event: HistoryEvent) => void;
  /** Gets the event that goes to EventBridge when an execution's status changes. */
  readonly onStatusChange?: (event: ServiceEvent) => void;
  /** For tests: how long a retry waits, instead of what the definition says. */
  readonly retryMilliseconds?: number | undefined;
}

/** The state that an execution is in. */
interface Position {
  readonly name: string;
  readonly input: JsonValue;
  readonly enteredTime: string;
  readonly enteredEventId: number;
}

/** What one run of the interpreter shares with the tasks in it. */
interface Run {
  /** Set when it has been told to stop. */
  stopping: Ending | undefined;
  /** When those states were entered that the history doesn't show yet. */
  readonly entries: string[];
  /** `$$.State` */
  readonly state: { Name: string; EnteredTime: string; RetryCount: number };
  token: string;
  /** Rejects when the run is stopped. */
  readonly stopped: Promise<never>;
  readonly stop: (ending: Ending) => void;
}

/** Ends what the interpreter still does in a run that was stopped. It is neither retried nor caught. */
class RunStopped extends Error {
  readonly isRetryable = false;
  readonly isCatchable = false;
}

/** The most bytes of a state's input, after its Parameters. */
const maxInputBytes = 262_144;

/** A state's input is too large. Step Functions neither retries nor catches that. */
class DataLimitExceeded extends Error {
  override readonly name = 'States.DataLimitExceeded';
  readonly isRetryable = false;
  readonly isCatchable = false;
}

export class Execution {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  readonly input: string;
  readonly startDate = new Date();
  status: ExecutionStatus = 'RUNNING';
  stopDate: Date | undefined;
  output: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  redriveCount = 0;
  redriveDate: Date | undefined;
  readonly history: HistoryEvent[] = [];
  /** Resolves when the execution has ended; a redrive makes a new promise. */
  ended: Promise<void> = Promise.resolve();
  readonly #machine: Machine;
  readonly #tokens: TaskTokens;
  readonly #options: ExecutionOptions;
  #previousEventId = 0;
  #position: Position | undefined;
  #run: Run | undefined;

  constructor(
    machine: Machine,
    executionArn: string,
    input: string,
    tokens: TaskTokens,
    options: ExecutionOptions,
  ) {
    this.executionArn = executionArn;
    this.stateMachineArn = machine.arn;
    this.name = executionArn.split(':').at(-1) ?? '';
    this.input = input;
    this.#machine = machine;
    this.#tokens = tokens;
    this.#options = options;
  }

  start(): void {
    this.#record('ExecutionStarted', {
      executionStartedEventDetails: { ...data('input', this.input), roleArn: executionRoleArn },
    });
    this.#begin(undefined);
  }

  /** Like StopExecution. */
  abort(error?: string, cause?: string): void {
    this.#run?.stop({ status: 'ABORTED', error, cause });
  }

  /** Like the end of the machine's TimeoutSeconds. */
  timeOut(): void {
    this.#run?.stop({ status: 'TIMED_OUT' });
  }

  /** Why RedriveExecution would be refused; `undefined` if it wouldn't. */
  get notRedrivable(): string | undefined {
    const isRedrivable = this.status !== 'RUNNING' && this.status !== 'SUCCEEDED';
    return isRedrivable ? undefined : `Execution is ${this.status} and cannot be redriven`;
  }

  /**
   * Goes on with the state that did not succeed.
   *
   * @throws AwsError ExecutionNotRedrivable
   */
  redrive(): void {
    if (this.notRedrivable !== undefined) throw new AwsError('ExecutionNotRedrivable', this.notRedrivable);
    this.redriveCount += 1;
    this.redriveDate = new Date();
    this.#record('ExecutionRedriven', {
      executionRedrivenEventDetails: { redriveCount: this.redriveCount },
    });
    // The state has already been entered, so its next events follow that entry.
    if (this.#position) this.#previousEventId = this.#position.enteredEventId;
    this.#begin(this.#position);
  }

  #begin(position: Position | undefined): void {
    this.status = 'RUNNING';
    this.stopDate = this.output = this.error = this.cause = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#tellStatus();

    const startAt = position?.name ?? this.#machine.startAt;
    let isReentry = position !== undefined;
    const interpreter = interpreterOf(this.#machine, startAt, (name) => {
      const EnteredTime = isReentry && position ? position.enteredTime : new Date().toISOString();
      isReentry = false;
      Object.assign(run.state, { Name: name, EnteredTime, RetryCount: 0 });
      run.entries.push(EnteredTime);
    });
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    // Nobody may be waiting for it.
    stopped.catch(() => undefined);
    const run: Run = {
      stopping: undefined,
      entries: [],
      state: { Name: '', EnteredTime: '', RetryCount: 0 },
      token: this.#tokens.make(),
      stopped,
      stop: (ending) => {
        if (run.stopping) return;
        run.stopping = ending;
        reject(new RunStopped());
        handle.abort();
      },
    };
    this.#run = run;
    const input = position ? position.input : JSON.parse(this.input);
    const handle = interpreter.run(input, {
      context: contextOf(this, this.#machine, run),
      overrides: {
        taskResourceLocalHandlers: this.#forTasks((task) => (taskInput) => {
          // At once, because the context object changes.
          return this.#attempt(run, task, JSON.stringify(taskInput));
        }),
        ...(this.#options.retryMilliseconds === undefined
          ? {}
          : { retryIntervalOverrides: this.#forTasks(() => this.#options.retryMilliseconds ?? 0) }),
      },
    });
    const timer = afterLimit(this.#machine.timeoutSeconds, () => this.timeOut());
    void this.#follow(run, handle, position).then((ending) => {
      clearTimeout(timer);
      this.#end(ending);
      resolve();
    });
  }

  #forTasks<T>(make: (task: Task) => T): Record<string, T> {
    return Object.fromEntries(this.#machine.tasks.map((task) => [task.name, make(task)]));
  }

  /** The interpreter calls this right after it has evaluated the task's Parameters. */
  async #attempt(run: Run, task: Task, input: string): Promise<JsonValue> {
    if (run.stopping) throw new RunStopped();
    if (Buffer.byteLength(input) > maxInputBytes) throw new DataLimitExceeded('The input is too large.');
    const token = run.token;
    run.token = this.#tokens.make();
    return await runTask({
      task,
      token,
      input,
      tokens: this.#tokens,
      invoke: this.#options.invoke,
      stopped: run.stopped,
      // The interpreter's log comes a moment after its calls, and the history has to show the state's entry first.
      isEntered: async () => {
        while (run.entries.length > 0 && !run.stopping) await setImmediate();
        if (run.stopping) throw new RunStopped();
      },
      record: (type, details) => {
        if (!run.stopping) this.#record(type, details);
      },
      onFailure: () => {
        run.state.RetryCount += 1;
      },
    });
  }

  /** Writes the history until the run has ended. */
  async #follow(
    run: Run,
    { result, eventLogs }: ReturnType<StateMachine['run']>,
    reentered: Position | undefined,
  ): Promise<Ending> {
    const ending = result.then(
      (output): Ending => ({ status: 'SUCCEEDED', output: JSON.stringify(output) }),
      (thrown: unknown): Ending => ({ status: 'FAILED', ...failureOf(thrown) }),
    );
    let isReentry = reentered !== undefined;
    for await (const event of eventLogs) {
      if (event.type === 'StateEntered') {
        const { name, type, input } = event.state;
        const enteredTime = run.entries.shift() ?? '';
        if (!isReentry) {
          const { id } = this.#record(`${type}StateEntered`, {
            stateEnteredEventDetails: { name, ...data('input', JSON.stringify(input)) },
          });
          this.#position = { name, input, enteredTime, enteredEventId: id };
        }
        isReentry = false;
      }
      if (event.type === 'StateExited') {
        const { name, type, output } = event.state;
        this.#record(`${type}StateExited`, {
          stateExitedEventDetails: { name, ...data('output', JSON.stringify(output)) },
        });
      }
    }
    const natural = await ending;
    return run.stopping ?? natural;
  }

  #end({ status, output, error, cause }: Ending): void {
    this.#run = undefined;
    this.stopDate = new Date();
    this.status = status;
    Object.assign(this, { output, error, cause });
    const [type, details] = endOf({ status, output, error, cause });
    this.#record(type, details);
    this.#tellStatus();
  }

  #record(type: string, details: Record<string, unknown>): HistoryEvent {
    const id = this.history.length + 1;
    const event: HistoryEvent = {
      id,
      previousEventId: this.#previousEventId,
      timestamp: new Date(),
      type,
      ...details,
    };
    this.#previousEventId = id;
    this.history.push(event);
    this.#options.onEvent?.(this, event);
    return event;
  }

  #tellStatus(): void {
    this.#options.onStatusChange?.(statusEvent(this));
  }
}
