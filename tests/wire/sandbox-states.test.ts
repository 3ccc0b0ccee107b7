/** Step Functions as the sandbox has it: time-outs, stops, definitions with their context object, and many executions at once. */
import * as v from 'valibot';
import type { Execution } from '../../sandbox/services/execution.ts';
import { StateMachines } from '../../sandbox/services/states.ts';
import {
  ask,
  detailsOf,
  end,
  failWith,
  heldBack,
  machineArn,
  play,
  retry,
  task,
  tokenOf,
  types,
} from '../support/played-machine.ts';
import { until } from '../support/until.ts';

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
