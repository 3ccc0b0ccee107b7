/** Tasks that wait for an answer, as the sandbox has them. */
import type { Execution } from '../../sandbox/services/execution.ts';
import {
  ask,
  detailsOf,
  end,
  failWith,
  functionArn,
  heldBack,
  play,
  retry,
  task,
  tokenOf,
  types,
} from '../support/played-machine.ts';
import { until } from '../support/until.ts';

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
