/** Step Functions as the sandbox has it: redrives, tokens, time-outs, the context object, and the events of all that. */
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  RedriveExecutionCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import type { FunctionOutcome } from '../../sandbox/function-runtime.ts';
import type { ServiceEvent } from '../../sandbox/services/eventbridge.ts';
import type { Execution } from '../../sandbox/services/execution.ts';
import { StateMachines } from '../../sandbox/services/states.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { until } from '../support/until.ts';

const machineArn = 'arn:aws:states:ap-northeast-2:111122223333:stateMachine:machine';
const functionArn = (name: string) => `arn:aws:lambda:ap-northeast-2:111122223333:function:${name}`;
const task = (name: string, part: object = {}) => ({ Type: 'Task', Resource: functionArn(name), ...part });
const end = { End: true };
const ask = (part: object = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Parameters: {
    FunctionName: functionArn('ask'),
    Payload: { 'token.$': '$$.Task.Token', 'again.$': '$$.Task.Token' },
  },
  ...part,
});
const retry = (...ErrorEquals: string[]) => ({ Retry: [{ ErrorEquals, MaxAttempts: 2 }] });

const failWith = (errorType: string): FunctionOutcome => ({ error: { errorType, errorMessage: 'played' } });

/** A machine whose functions are played: by what they answer, as far as it isn't an empty object. */
function play(
  states: Record<string, object>,
  answers: Record<string, (input: unknown, call: number) => FunctionOutcome | Promise<FunctionOutcome>> = {},
  part: object = {},
) {
  const calls: { name: string; input: unknown }[] = [];
  const events: ServiceEvent[] = [];
  const machines = new StateMachines({
    retryMilliseconds: 0,
    onStatusChange: (event) => events.push(event),
    invoke: async (arn, input) => {
      const name = arn.split(':').at(-1) ?? '';
      calls.push({ name, input });
      const count = calls.filter((call) => call.name === name).length;
      return answers[name]?.(input, count) ?? { result: {} };
    },
  });
  const [StartAt] = Object.keys(states);
  // To validate them all takes a third of a second each.
  machines.add(machineArn, 'machine', JSON.stringify({ StartAt, States: states, ...part }), true);
  return {
    machines,
    calls,
    events,
    start: (input = '{}', name?: string) => machines.start(machineArn, input, name),
    inputsOf: (name: string) => calls.filter((call) => call.name === name).map(({ input }) => input),
  };
}

const types = ({ history }: Execution) => history.map(({ type }) => type);
/** The details of all events of a type. */
const detailsOf = ({ history }: Execution, type: string) =>
  history
    .filter((event) => event.type === type)
    .map((event) => Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1]);
const tokenOf = (input: unknown) => v.parse(v.object({ token: v.string() }), input).token;

/** An answer that comes when it is let go. */
function heldBack() {
  const { promise, resolve } = Promise.withResolvers<FunctionOutcome>();
  return { promise, letGo: () => resolve({ result: 'late' }) };
}

describe('a redrive', () => {
  const states = {
    One: task('one', { ResultPath: '$.one', Next: 'Two' }),
    Two: task('two', {
      Parameters: {
        'state.$': '$',
        'input.$': '$$.Execution.Input',
        'startedAt.$': '$$.Execution.StartTime',
        'redriveCount.$': '$$.Execution.RedriveCount',
        'retryCount.$': '$$.State.RetryCount',
        'enteredAt.$': '$$.State.EnteredTime',
      },
      ...retry('Busy'),
      ResultPath: '$.two',
      Next: 'Three',
    }),
    Three: task('three', end),
  };

  it('goes on with the state that failed, with its input, and with what the execution was started with', async () => {
    const { machines, start, inputsOf } = play(states, {
      one: () => ({ result: 1 }),
      // Twice busy, then broken; after the redrive busy as often again.
      two: (_input, call) =>
        call === 3 ? failWith('Broken') : call < 6 ? failWith('Busy') : { result: 'done' },
    });
    const execution = start('{"by":"test"}', 'night-1');
    await execution.ended;
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Broken', redriveCount: 0 });
    const { startDate, executionArn } = execution;

    expect(machines.redrive(executionArn)).toBe(execution);
    expect(execution).toMatchObject({ status: 'RUNNING', stopDate: undefined, error: undefined });
    await execution.ended;
    expect(execution).toMatchObject({ status: 'SUCCEEDED', name: 'night-1', executionArn, startDate });
    expect(execution.input).toBe('{"by":"test"}');
    expect(inputsOf('one')).toHaveLength(1);
    expect(inputsOf('three')).toEqual([{ by: 'test', one: 1, two: 'done' }]);
    const seen = {
      state: { by: 'test', one: 1 },
      input: { by: 'test' },
      startedAt: startDate.toISOString(),
      enteredAt: expect.stringMatching(/^\d{4}-.*Z$/),
    };
    expect(inputsOf('two')).toEqual(
      [0, 1].flatMap((redriveCount) =>
        [0, 1, 2].map((retryCount) => ({ ...seen, redriveCount, retryCount })),
      ),
    );
    const [first] = inputsOf('two');
    expect(inputsOf('two').at(-1)).toMatchObject({ enteredAt: Object(first).enteredAt });
  });

  it('appends to the history: the state is not entered again, and the new attempt follows on its entry', async () => {
    const { machines, start } = play(states, {
      two: (_, call) => (call === 1 ? failWith('Broken') : { result: 0 }),
    });
    const execution = start();
    await execution.ended;
    const before = [...execution.history];
    machines.redrive(execution.executionArn);
    await execution.ended;
    expect(execution.history.slice(0, before.length)).toEqual(before);
    expect(types(execution).slice(before.length - 1)).toEqual([
      'ExecutionFailed',
      'ExecutionRedriven',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'TaskStateEntered',
      'LambdaFunctionScheduled',
      'LambdaFunctionStarted',
      'LambdaFunctionSucceeded',
      'TaskStateExited',
      'ExecutionSucceeded',
    ]);
    expect(detailsOf(execution, 'ExecutionRedriven')).toEqual([{ redriveCount: 1 }]);
    const entered = before.findLast(({ type }) => type === 'TaskStateEntered');
    expect(execution.history[before.length + 1]?.previousEventId).toBe(entered?.id);
    expect(execution.history.map(({ id }) => id)).toEqual(execution.history.map((_, index) => index + 1));
  });

  it('counts, as often as there is one, and gives each run an end of its own', async () => {
    const { machines, start, inputsOf } = play(states, {
      two: (_, call) => (call < 3 ? failWith('Broken') : { result: 0 }),
    });
    const execution = start();
    const ends = [execution.ended];
    await execution.ended;
    for (const count of [1, 2]) {
      machines.redrive(execution.executionArn);
      ends.push(execution.ended);
      await execution.ended;
      expect(execution.redriveCount).toBe(count);
    }
    expect(new Set(ends).size).toBe(3);
    expect(inputsOf('two').map((input) => Object(input).redriveCount)).toEqual([0, 1, 2]);
    expect(execution.status).toBe('SUCCEEDED');
  });

  it('goes on after an abort and after a time-out, wherever that was', async () => {
    const { machines, start, inputsOf } = play({
      Pause: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'One' },
      One: task('one', end),
    });
    for (const stop of ['abort', 'timeOut'] as const) {
      const execution = start('{"seconds":1}');
      await until(() => types(execution).includes('WaitStateEntered'));
      execution[stop]();
      await execution.ended;
      machines.redrive(execution.executionArn);
      await execution.ended;
      expect(execution.status).toBe('SUCCEEDED');
    }
    expect(inputsOf('one')).toEqual([{ seconds: 1 }, { seconds: 1 }]);
  });

  it('goes on in a Choice that has found no way', async () => {
    const { machines, start } = play({
      Which: { Type: 'Choice', Choices: [{ Variable: '$.way', IsPresent: true, Next: 'One' }] },
      One: task('one', end),
    });
    const execution = start();
    await execution.ended;
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
    machines.redrive(execution.executionArn);
    await execution.ended;
    expect(types(execution)).toEqual([
      'ExecutionStarted',
      'ChoiceStateEntered',
      'ExecutionFailed',
      'ExecutionRedriven',
      'ExecutionFailed',
    ]);
  });

  it('gives the machine its whole time again', async () => {
    const { machines, start } = play(
      { One: task('one', end) },
      { one: (_, call) => (call === 1 ? new Promise(() => undefined) : { result: 0 }) },
      { TimeoutSeconds: 1 },
    );
    const execution = start();
    await execution.ended;
    expect(execution.status).toBe('TIMED_OUT');
    expect(types(execution).at(-1)).toBe('ExecutionTimedOut');
    machines.redrive(execution.executionArn);
    await execution.ended;
    expect(execution.status).toBe('SUCCEEDED');
  });

  it('is refused while the execution runs and when it has succeeded', async () => {
    const { promise, letGo } = heldBack();
    const { machines, start } = play({ One: task('one', end) }, { one: () => promise });
    const execution = start();
    const refused = (status: string) =>
      expect(() => machines.redrive(execution.executionArn)).toThrow(
        expect.objectContaining({
          name: 'ExecutionNotRedrivable',
          message: `Execution is ${status} and cannot be redriven`,
        }),
      );
    refused('RUNNING');
    letGo();
    await execution.ended;
    refused('SUCCEEDED');
    expect(execution.redriveCount).toBe(0);
  });
});

describe('a task that waits for an answer', () => {
  const waiting = (execution: Execution) => until(() => types(execution).includes('TaskSubmitted'));

  it('goes on with what it is answered', async () => {
    const { machines, start, inputsOf } = play({
      Ask: ask({ TimeoutSeconds: 60, ResultPath: '$.answer', Next: 'One' }),
      One: task('one', end),
    });
    const execution = start('{"a":1}');
    await waiting(execution);
    const [input] = inputsOf('ask');
    expect(input).toEqual({ token: tokenOf(input), again: tokenOf(input) });
    machines.heartbeatTask(tokenOf(input));
    machines.succeedTask(tokenOf(input), '{"yes":true}');
    await execution.ended;
    expect(inputsOf('one')).toEqual([{ a: 1, answer: { yes: true } }]);
    expect(types(execution).slice(0, 7)).toEqual([
      'ExecutionStarted',
      'TaskStateEntered',
      'TaskScheduled',
      'TaskStarted',
      'TaskSubmitted',
      'TaskSucceeded',
      'TaskStateExited',
    ]);
    const who = { resourceType: 'lambda', resource: 'invoke.waitForTaskToken' };
    expect(detailsOf(execution, 'TaskScheduled')).toEqual([
      {
        ...who,
        region: 'ap-northeast-2',
        timeoutInSeconds: 60,
        parameters: JSON.stringify({ FunctionName: functionArn('ask'), Payload: input }),
      },
    ]);
    expect(detailsOf(execution, 'TaskStarted')).toEqual([who]);
    expect(detailsOf(execution, 'TaskSubmitted')).toMatchObject([
      { ...who, output: '{"ExecutedVersion":"$LATEST","Payload":{},"StatusCode":200}' },
    ]);
    expect(detailsOf(execution, 'TaskSucceeded')).toMatchObject([{ ...who, output: '{"yes":true}' }]);
  });

  it('takes one answer, whatever it is', async () => {
    const { machines, start, inputsOf } = play({ Ask: ask(end) });
    const execution = start();
    await waiting(execution);
    const token = tokenOf(inputsOf('ask')[0]);
    expect(() => machines.succeedTask(token, 'no JSON')).toThrow(
      expect.objectContaining({ name: 'InvalidOutput' }),
    );
    machines.succeedTask(token, '1');
    for (const again of [
      () => machines.succeedTask(token, '2'),
      () => machines.failTask(token),
      () => machines.heartbeatTask(token),
    ])
      expect(again).toThrow(expect.objectContaining({ name: 'TaskTimedOut' }));
    await execution.ended;
    expect(execution.output).toBe('1');
  });

  it('fails with the error that it is answered, which Catch sees', async () => {
    const { machines, start, inputsOf } = play({
      Ask: ask({ Catch: [{ ErrorEquals: ['Refused'], ResultPath: '$.error', Next: 'One' }], Next: 'One' }),
      One: task('one', end),
    });
    const execution = start('{"a":1}');
    await waiting(execution);
    machines.failTask(tokenOf(inputsOf('ask')[0]), 'Refused', 'not tonight');
    await execution.ended;
    expect(detailsOf(execution, 'TaskFailed')).toMatchObject([{ error: 'Refused', cause: 'not tonight' }]);
    expect(inputsOf('one')).toEqual([{ a: 1, error: { Error: 'Refused', Cause: 'not tonight' } }]);
  });

  it('fails with the error of its function, is called again in a retry, and gets another token each time', async () => {
    const { machines, start, inputsOf } = play(
      { Ask: ask({ ...retry('Busy'), ...end }) },
      { ask: (_, call) => (call === 1 ? failWith('Busy') : { result: null }) },
    );
    const execution = start();
    await waiting(execution);
    const [first, second] = inputsOf('ask').map(tokenOf);
    expect(first).not.toBe(second);
    expect(() => machines.succeedTask(first ?? '', '1')).toThrow(
      expect.objectContaining({ name: 'TaskTimedOut' }),
    );
    machines.succeedTask(second ?? '', '2');
    await execution.ended;
    expect(execution.output).toBe('2');
    expect(detailsOf(execution, 'TaskFailed')).toMatchObject([
      { error: 'Busy', cause: '{"errorType":"Busy","errorMessage":"played"}' },
    ]);
  });

  it('takes an answer that is faster than the end of its function', async () => {
    const { promise, letGo } = heldBack();
    const { machines, start } = play(
      { Ask: ask(end) },
      {
        ask: (input) => {
          machines.succeedTask(tokenOf(input), '"fast"');
          return promise;
        },
      },
    );
    const execution = start();
    await execution.ended;
    const before = types(execution);
    letGo();
    await promise;
    expect(execution.output).toBe('"fast"');
    expect(types(execution)).toEqual(before);
  });

  it('times out, which Catch sees, and an answer comes too late then', async () => {
    const { machines, start, inputsOf } = play({
      Ask: ask({
        TimeoutSeconds: 1,
        Catch: [
          // That is any error but a time-out.
          { ErrorEquals: ['States.TaskFailed'], Next: 'Other' },
          { ErrorEquals: ['States.Timeout'], ResultPath: null, Next: 'One' },
        ],
        ...end,
      }),
      Other: { Type: 'Fail' },
      One: task('one', end),
    });
    const execution = start();
    await execution.ended;
    expect(inputsOf('one')).toEqual([{}]);
    expect(detailsOf(execution, 'TaskTimedOut')).toEqual([
      { resourceType: 'lambda', resource: 'invoke.waitForTaskToken', error: 'States.Timeout' },
    ]);
    expect(() => machines.succeedTask(tokenOf(inputsOf('ask')[0]), '1')).toThrow(
      expect.objectContaining({ name: 'TaskTimedOut' }),
    );
  });

  it('is closed by an abort, and has a fresh token after the redrive', async () => {
    const { machines, start, inputsOf } = play({ Ask: ask(end) });
    const execution = start();
    await waiting(execution);
    execution.abort();
    await execution.ended;
    const [first] = inputsOf('ask').map(tokenOf);
    expect(() => machines.failTask(first ?? '')).toThrow(expect.objectContaining({ name: 'TaskTimedOut' }));
    machines.redrive(execution.executionArn);
    await until(() => inputsOf('ask').length === 2);
    machines.succeedTask(inputsOf('ask').map(tokenOf)[1] ?? '', '2');
    await execution.ended;
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: '2' });
  });
});

describe('a function that takes too long', () => {
  it('times its task out, which Retry sees, and what it answers later is ignored', async () => {
    const { promise, letGo } = heldBack();
    const { start, inputsOf } = play(
      {
        One: task('one', {
          Parameters: { 'retryCount.$': '$$.State.RetryCount' },
          TimeoutSeconds: 1,
          ...retry('States.Timeout'),
          ...end,
        }),
      },
      { one: (_, call) => (call === 1 ? promise : { result: 'in time' }) },
    );
    const execution = start();
    await until(() => inputsOf('one').length === 2);
    letGo();
    await execution.ended;
    await new Promise((resolve) => setImmediate(resolve));
    expect(execution.output).toBe('"in time"');
    expect(inputsOf('one')).toEqual([{ retryCount: 0 }, { retryCount: 1 }]);
    expect(detailsOf(execution, 'LambdaFunctionTimedOut')).toEqual([{ error: 'States.Timeout' }]);
    expect(types(execution).filter((type) => type === 'LambdaFunctionSucceeded')).toHaveLength(1);
  });

  it('ends the execution as failed, without a cause', async () => {
    const { start } = play(
      { One: task('one', { TimeoutSeconds: 1, ...end }) },
      { one: () => heldBack().promise },
    );
    const execution = start();
    await execution.ended;
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout', cause: undefined });
  });
});

describe('an execution that is stopped', () => {
  it('records nothing more, and neither retries nor catches', async () => {
    const { promise, letGo } = heldBack();
    const { start, calls } = play(
      {
        One: task('one', {
          ...retry('States.ALL'),
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Two' }],
          Next: 'Two',
        }),
        Two: task('two', end),
      },
      { one: () => promise },
    );
    for (const stop of ['abort', 'timeOut'] as const) {
      const execution = start();
      await until(() => types(execution).includes('LambdaFunctionStarted'));
      execution[stop]();
      // The second comes too late.
      execution.abort();
      await execution.ended;
      const before = types(execution);
      expect(before.at(-1)).toBe({ abort: 'ExecutionAborted', timeOut: 'ExecutionTimedOut' }[stop]);
      if (stop === 'timeOut') letGo();
      await new Promise((resolve) => setImmediate(resolve));
      expect(types(execution)).toEqual(before);
    }
    expect(calls.map(({ name }) => name)).toEqual(['one', 'one']);
  });

  it('is aborted with its machines, and nobody is told', async () => {
    const { machines, start, events } = play({ Ask: ask(end) });
    const all = [start(), start()];
    const before = events.length;
    await machines.stop();
    expect(all.map(({ status }) => status)).toEqual(['ABORTED', 'ABORTED']);
    expect(events).toHaveLength(before);
  });
});

describe('status events', () => {
  it('tell of each change, as EventBridge delivers it', async () => {
    const { machines, start, events } = play(
      { One: task('one', end) },
      { one: (_, call) => (call === 1 ? failWith('Broken') : { result: 'fine' }) },
    );
    const execution = start('{"a":1}');
    await execution.ended;
    machines.redrive(execution.executionArn);
    await execution.ended;
    const { executionArn, name, startDate, redriveDate, stopDate } = execution;
    const common = {
      executionArn,
      stateMachineArn: machineArn,
      name,
      startDate: startDate.getTime(),
      input: '{"a":1}',
      inputDetails: { included: true },
    };
    expect(events[0]).toMatchObject({
      version: '0',
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      account: '111122223333',
      region: 'ap-northeast-2',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      resources: [executionArn],
    });
    expect(new Set(events.map(({ id }) => id)).size).toBe(4);
    expect(events.map(({ detail }) => detail)).toMatchObject([
      { ...common, status: 'RUNNING', stopDate: null, output: null, outputDetails: null, error: null },
      {
        ...common,
        status: 'FAILED',
        error: 'Broken',
        cause: '{"errorType":"Broken","errorMessage":"played"}',
        stopDate: expect.any(Number),
        redriveCount: 0,
        redriveStatus: 'REDRIVABLE',
      },
      {
        ...common,
        status: 'RUNNING',
        stopDate: null,
        error: null,
        redriveCount: 1,
        redriveDate: redriveDate?.getTime(),
      },
      {
        ...common,
        status: 'SUCCEEDED',
        stopDate: stopDate?.getTime(),
        output: '"fine"',
        outputDetails: { included: true },
        redriveStatus: 'NOT_REDRIVABLE',
      },
    ]);
  });

  it('tell a time-out from an abort', async () => {
    const { start, events } = play({ Ask: ask(end) });
    for (const stop of ['abort', 'timeOut'] as const) {
      const execution = start();
      execution[stop]();
      await execution.ended;
    }
    expect(events.map(({ detail }) => detail.status)).toEqual(['RUNNING', 'ABORTED', 'RUNNING', 'TIMED_OUT']);
  });
});

describe('a definition', () => {
  it('is told by the context object where it is', async () => {
    const where = {
      Parameters: { 'state.$': '$$.State', 'machine.$': '$$.StateMachine.Name', 'id.$': '$$.Execution.Id' },
    };
    const { start, inputsOf } = play(
      {
        Pass: { Type: 'Pass', ...where, ResultPath: '$.pass', Next: 'One' },
        One: task('one', { ...where, ...end, ...retry('Busy') }),
      },
      { one: (_, call) => (call === 1 ? failWith('Busy') : { result: 0 }) },
    );
    const execution = start();
    await execution.ended;
    const common = { machine: 'machine', id: execution.executionArn };
    expect(detailsOf(execution, 'PassStateExited')).toMatchObject([
      { output: expect.stringContaining('"Name":"Pass"') },
    ]);
    const EnteredTime = expect.stringMatching(/Z$/);
    expect(inputsOf('one')).toEqual(
      [0, 1].map((RetryCount) => ({ ...common, state: { Name: 'One', EnteredTime, RetryCount } })),
    );
  });

  it.each([
    [{ IsNull: false }, null],
    [{ IsPresent: false }, 1],
    [{ IsString: false }, 'text'],
    [{ IsNumeric: false }, 1],
    [{ IsBoolean: false }, true],
  ])('can test for what something is not: %j', async (test, other) => {
    const { start } = play({
      Which: { Type: 'Choice', Choices: [{ Variable: '$.value', ...test, Next: 'Not' }], Default: 'Is' },
      Not: { Type: 'Succeed' },
      Is: { Type: 'Succeed' },
    });
    const ways: (string | undefined)[] = [];
    for (const value of [other, 'IsPresent' in test ? undefined : []]) {
      const execution = start(JSON.stringify({ value }));
      await execution.ended;
      ways.push(types(execution).at(-3) === 'SucceedStateEntered' ? nameOfLast(execution) : undefined);
    }
    expect(ways).toEqual(['Is', 'Not']);
  });
  const nameOfLast = (execution: Execution) =>
    v.parse(v.object({ name: v.string() }), detailsOf(execution, 'SucceedStateEntered')[0]).name;

  it.each([
    ['a kind of state', { Type: 'Parallel', Branches: [], End: true }],
    ['a resource', { Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true }],
    ['a heartbeat', ask({ HeartbeatSeconds: 10, TimeoutSeconds: 60, End: true })],
    ['the whole context object', { Type: 'Pass', Parameters: { 'all.$': '$$' }, End: true }],
  ])('is refused for %s that the sandbox does not know', (_what, state) => {
    expect(() => play({ State: state })).toThrow(/the sandbox does not know|Invalid type/);
  });

  it('is refused if it is not valid', () => {
    const machines = new StateMachines({ invoke: async () => ({ result: {} }) });
    const definition = { StartAt: 'One', States: { One: task('one', { Next: 'Nowhere' }) } };
    expect(() => machines.add(machineArn, 'machine', JSON.stringify(definition))).toThrow('Nowhere');
  });
});

describe('fifty executions at once', () => {
  it('do not get into each other’s way', async () => {
    const { start, calls, machines } = play(
      {
        One: task('one', {
          Parameters: { 'me.$': '$$.Execution.Input.me' },
          ResultPath: '$.one',
          Next: 'Ask',
        }),
        Ask: ask({ ResultPath: '$.answer', ...end }),
      },
      {
        one: async (input) => {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
          return { result: input };
        },
        ask: (input) => {
          setTimeout(
            () => machines.succeedTask(tokenOf(input), JSON.stringify(tokenOf(input))),
            Math.random() * 20,
          );
          return { result: null };
        },
      },
    );
    const all = Array.from({ length: 50 }, (_, me) => start(JSON.stringify({ me }), `run-${me}`));
    await Promise.all(all.map(({ ended }) => ended));
    expect(new Set(calls.filter(({ name }) => name === 'ask').map(({ input }) => tokenOf(input))).size).toBe(
      50,
    );
    for (const [me, execution] of all.entries()) {
      expect(JSON.parse(execution.output ?? '')).toMatchObject({ me, one: { me } });
      expect(types(execution)).toEqual(types(all[0] ?? execution));
    }
  });
});

describe('the API', () => {
  let aws: TestAws;
  beforeEach(async () => {
    aws = await openAws();
    aws.addFunction('one', 'if (event.fail) throw Object.assign(new Error("no"), { name: event.fail });', {});
    aws.addFunction('ask', '', {});
    const states = {
      One: task('one', { ResultPath: null, Next: 'Ask' }),
      Ask: ask(end),
    };
    aws.machines.add(machineArn, 'machine', JSON.stringify({ StartAt: 'One', States: states }), true);
  });
  afterEach(() => aws.close());
  const start = async (input: object) => {
    const { executionArn } = await aws.sfn.send(
      new StartExecutionCommand({ stateMachineArn: machineArn, input: JSON.stringify(input) }),
    );
    return aws.machines.find(executionArn ?? '');
  };
  const describeIt = ({ executionArn }: Execution, part: object = {}) =>
    aws.sfn.send(new DescribeExecutionCommand({ executionArn, ...part }));

  it('runs, describes, answers and redrives executions', async () => {
    const failed = await start({ fail: 'Broken' });
    await failed.ended;
    const running = await start({});
    await until(() => types(running).includes('TaskSubmitted'));
    const { executions } = await aws.sfn.send(
      new ListExecutionsCommand({ stateMachineArn: machineArn, statusFilter: 'RUNNING' }),
    );
    expect(executions?.map(({ name }) => name)).toEqual([running.name]);

    expect(await describeIt(failed)).toMatchObject({
      status: 'FAILED',
      error: 'Broken',
      input: '{"fail":"Broken"}',
      redriveCount: 0,
      redriveStatus: 'REDRIVABLE',
    });
    const metadata = await describeIt(failed, { includedData: 'METADATA_ONLY' });
    expect(metadata).toMatchObject({ status: 'FAILED', redriveStatus: 'REDRIVABLE' });
    for (const key of ['input', 'output', 'error', 'cause']) expect(metadata).not.toHaveProperty(key);

    const { redriveDate } = await aws.sfn.send(
      new RedriveExecutionCommand({ executionArn: failed.executionArn }),
    );
    expect(await describeIt(failed)).toMatchObject({ redriveCount: 1, redriveDate });
    await expect(
      aws.sfn.send(new RedriveExecutionCommand({ executionArn: running.executionArn })),
    ).rejects.toMatchObject({ name: 'ExecutionNotRedrivable' });

    const { events = [] } = await aws.sfn.send(
      new GetExecutionHistoryCommand({ executionArn: running.executionArn }),
    );
    const [scheduled] = events.flatMap(({ taskScheduledEventDetails: one }) => (one ? [one] : []));
    const taskToken = v.parse(
      v.pipe(v.string(), v.parseJson(), v.object({ Payload: v.object({ token: v.string() }) })),
      scheduled?.parameters,
    ).Payload.token;
    await aws.sfn.send(new SendTaskHeartbeatCommand({ taskToken }));
    await aws.sfn.send(new SendTaskSuccessCommand({ taskToken, output: '"yes"' }));
    await running.ended;
    expect(await describeIt(running)).toMatchObject({
      status: 'SUCCEEDED',
      output: '"yes"',
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    });
    await expect(
      aws.sfn.send(new SendTaskSuccessCommand({ taskToken, output: '"again"' })),
    ).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });

  it('stops executions with an error and a cause, and leaves data out of the history when told to', async () => {
    const execution = await start({ secret: 'canary' });
    const { executionArn } = execution;
    await until(() => types(execution).includes('TaskSubmitted'));
    await aws.sfn.send(new StopExecutionCommand({ executionArn, error: 'Stopped', cause: 'by a person' }));
    expect(await describeIt(execution)).toMatchObject({
      status: 'ABORTED',
      error: 'Stopped',
      cause: 'by a person',
      stopDate: expect.any(Date),
    });
    const { events } = await aws.sfn.send(
      new GetExecutionHistoryCommand({ executionArn, includeExecutionData: false, reverseOrder: true }),
    );
    expect(events?.[0]).toMatchObject({
      type: 'ExecutionAborted',
      executionAbortedEventDetails: { error: 'Stopped', cause: 'by a person' },
    });
    expect(JSON.stringify(events)).not.toContain('canary');
    expect(events?.some(({ stateEnteredEventDetails: one }) => one?.name === 'Ask')).toBe(true);
  });
});
