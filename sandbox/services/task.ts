/** One attempt of a Task state: the call of its function, and for some states an answer to wait for. */
import * as v from 'valibot';
import type { FunctionOutcome } from '../function-thread.ts';
import { region } from '../template.ts';
import { afterLimit, type JsonValue, type Task, waitForTaskToken } from './state-machine.ts';
import type { TaskAnswer, TaskTokens } from './task-tokens.ts';

/** A failed task, in the form in which the interpreter matches `ErrorEquals`. */
export class TaskFailed extends Error {
  override readonly name: string;
  constructor(error: string, cause: string) {
    super(cause);
    this.name = error;
  }
}

/** Input or output as the history shows it. */
export function data(field: 'input' | 'output', text: string): Record<string, unknown> {
  return { [field]: text, [`${field}Details`]: { truncated: false } };
}

/** What a task runs with. */
export interface Attempt {
  readonly task: Task;
  readonly token: string;
  /** The JSON text that its Parameters make. */
  readonly input: string;
  readonly tokens: TaskTokens;
  readonly invoke: (functionArn: string, input: unknown) => Promise<FunctionOutcome>;
  /** Rejects when the execution is stopped. */
  readonly stopped: Promise<never>;
  /** Resolves when the history shows that the state was entered; rejects when the execution is stopped. */
  readonly isEntered: () => Promise<void>;
  readonly record: (type: string, details: Record<string, unknown>) => void;
  /** Called before a failure is seen by Retry or Catch. */
  readonly onFailure: () => void;
}

/** The names of an attempt's events in the history, and what is in them. */
interface Kind {
  readonly run: (attempt: Attempt) => Promise<string>;
  readonly timedOut: readonly [type: string, details: string, fields: Record<string, unknown>];
}

const submission = { resourceType: 'lambda', resource: 'invoke.waitForTaskToken' };
const functionCall: Kind = {
  run: callFunction,
  timedOut: ['LambdaFunctionTimedOut', 'lambdaFunctionTimedOutEventDetails', {}],
};
const callback: Kind = {
  run: awaitAnswer,
  timedOut: ['TaskTimedOut', 'taskTimedOutEventDetails', submission],
};

/**
 * Runs a task once. What a function answers after its task has timed out, or after the execution was stopped, is
 * ignored; the function goes on, as on AWS.
 *
 * @returns the task's result; never, if it has timed out: the interpreter raises States.Timeout itself, by a timer that
 * starts a moment after the one here and takes as long.
 */
export async function runTask(attempt: Attempt): Promise<JsonValue> {
  const { task, token, tokens, record, onFailure, stopped } = attempt;
  const kind = task.resource === waitForTaskToken ? callback : functionCall;
  let isOver = false;
  const unlessOver =
    <Arguments extends readonly unknown[]>(act: (...given: Arguments) => void) =>
    (...given: Arguments) => {
      if (!isOver) act(...given);
    };
  const { promise: never } = Promise.withResolvers<never>();
  const timeOut = unlessOver(() => {
    const [type, details, fields] = kind.timedOut;
    record(type, { [details]: { ...fields, error: 'States.Timeout' } });
    onFailure();
    isOver = true;
    tokens.close(token);
  });
  const timer = afterLimit(task.timeoutSeconds, timeOut);
  try {
    const work = kind.run({ ...attempt, record: unlessOver(record) });
    const output = await Promise.race([work, stopped]);
    if (isOver) return await never;
    return JSON.parse(output);
  } catch (error) {
    if (isOver) return await never;
    onFailure();
    throw error;
  } finally {
    isOver = true;
    clearTimeout(timer);
    tokens.close(token);
  }
}

async function callFunction({ task, input, isEntered, invoke, record }: Attempt): Promise<string> {
  await isEntered();
  record('LambdaFunctionScheduled', {
    lambdaFunctionScheduledEventDetails: {
      resource: task.resource,
      ...data('input', input),
      timeoutInSeconds: task.timeoutSeconds,
    },
  });
  record('LambdaFunctionStarted', {});
  const outcome = await invoke(task.resource, JSON.parse(input));
  if ('error' in outcome) {
    const { errorType: error } = outcome.error;
    const cause = JSON.stringify(outcome.error);
    record('LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: { error, cause } });
    throw new TaskFailed(error, cause);
  }
  const output = JSON.stringify(outcome.result);
  record('LambdaFunctionSucceeded', {
    lambdaFunctionSucceededEventDetails: data('output', output),
  });
  return output;
}

const CallbackParameters = v.object({ FunctionName: v.string(), Payload: v.optional(v.unknown(), {}) });

async function awaitAnswer(attempt: Attempt): Promise<string> {
  const { task, token, tokens, input, isEntered, invoke, record } = attempt;
  await isEntered();
  record('TaskScheduled', {
    taskScheduledEventDetails: {
      ...submission,
      region,
      parameters: input,
      timeoutInSeconds: task.timeoutSeconds,
    },
  });
  record('TaskStarted', { taskStartedEventDetails: submission });
  const fail = (error: string, cause: string | undefined) => {
    record('TaskFailed', { taskFailedEventDetails: { ...submission, error, cause } });
    return new TaskFailed(error, cause ?? '');
  };
  const parameters = v.safeParse(CallbackParameters, JSON.parse(input));
  if (!parameters.success) throw fail('Lambda.ValidationException', 'FunctionName: expected a text');

  // Somebody may answer before the function has ended.
  const answered = tokens.wait(token);
  const { FunctionName, Payload } = parameters.output;
  const first = await Promise.race([
    answered,
    invoke(FunctionName, Payload).then((outcome) => ({ outcome })),
  ]);
  let answer: TaskAnswer;
  if ('outcome' in first) {
    const { outcome } = first;
    if ('error' in outcome) throw fail(outcome.error.errorType, JSON.stringify(outcome.error));
    const output = JSON.stringify({ ExecutedVersion: '$LATEST', Payload: outcome.result, StatusCode: 200 });
    record('TaskSubmitted', {
      taskSubmittedEventDetails: { ...submission, ...data('output', output) },
    });
    answer = await answered;
  } else {
    answer = first;
  }
  if ('error' in answer) throw fail(answer.error, answer.cause);
  const { output } = answer;
  record('TaskSucceeded', {
    taskSucceededEventDetails: { ...submission, ...data('output', output) },
  });
  return output;
}
