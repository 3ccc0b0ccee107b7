/** Redrives, as the sandbox has them. */
import { detailsOf, end, failWith, heldBack, play, retry, task, types } from '../support/played-machine.ts';
import { until } from '../support/until.ts';

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
