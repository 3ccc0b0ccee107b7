/** The API of Step Functions and the events that tell of its executions, as the sandbox has them. */
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
import type { Execution } from '../../sandbox/services/execution.ts';
import { openAws, type TestAws } from '../support/aws.ts';
import { ask, end, failWith, machineArn, play, task, types } from '../support/played-machine.ts';
import { until } from '../support/until.ts';

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
